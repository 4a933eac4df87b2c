"""Laws of finding what must survive translation."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.literals import LITERAL, PLAIN, literals, without


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("See https://example.com/a?b=c&d=e#f.", {"url": ["https://example.com/a?b=c&d=e#f"]}),
        ("(see http://x.org/wiki/Mt_(tool))", {"url": ["http://x.org/wiki/Mt_(tool)"]}),
        ("Is it www.example.fr? Or example.co.uk/x, or example.dev:8080!", {"url": ["www.example.fr", "example.co.uk/x", "example.dev:8080"]}),
        ('<a href="http://a.b">', {"tag": ['<a href="http://a.b">']}),
        ("Write to Ann.Lee+news@mail.example.com.", {"email": ["Ann.Lee+news@mail.example.com"]}),
        ("Thanks @ann_lee and #Monday, :tada:", {"handle": ["@ann_lee", "#Monday", ":tada:"]}),
        ("Hi {name}, {{ user.email }} {0} {n:>5}", {"placeholder": ["{name}", "{{ user.email }}", "{0}", "{n:>5}"]}),
        ("${HOME} $PATH #{x} {}", {"placeholder": ["${HOME}", "$PATH", "#{x}", "{}"]}),
        ("%s of %d, %1$s, %(name)s", {"placeholder": ["%s", "%1$s", "%(name)s"], "count": ["%d"]}),
        ("%-5.2f, %@, 5 %d%%", {"placeholder": ["%-5.2f", "%@", "%d", "%%"], "number": ["5"]}),
        ("{count} or {{ n }} in %(num_days)s on %d/%m, $total", {"count": ["{count}", "{{ n }}", "%(num_days)s", "$total"], "placeholder": ["%d"]}),
        ("%s new files, {0} days: %s likes {1} and {name} hours", {"count": ["%s", "{0}"], "placeholder": ["%s", "{1}", "{name}"]}),
        ("100% done, 100 % sure, 5% discount", {"number": ["100%", "100 %", "5%"]}),
        ("[[Main Page]] and %APPDATA% and <%= x %> &nbsp;&#39;", {"placeholder": ["[[Main Page]]", "%APPDATA%", "<%= x %>", "&nbsp;", "&#39;"]}),
        ("a < b and c > d, x<5", {"number": ["5"]}),
        ("<b>Bold</b><br/> <!-- note -->", {"tag": ["<b>", "</b>", "<br/>", "<!-- note -->"]}),
        ("Run `ls -la` or ``a ` b``", {"code": ["`ls -la`", "``a ` b``"]}),
        ("user_name, __init__, print(), os.path.join(), --dry-run", {"code": ["user_name", "__init__", "print()", "os.path.join()", "--dry-run"]}),
        ("wait -- what--really", {}),
        ("/etc/hosts ~/notes ./run.sh and/or 24/7", {"code": ["/etc/hosts", "~/notes", "./run.sh"], "number": ["24/7"]}),
        ("C:\\Temp\\a.txt, README.md, main.py.", {"code": ["C:\\Temp\\a.txt", "README.md", "main.py"]}),
        ("e.g. this, i.e. that, U.S. and etc.", {}),
        ("👍 Great 👩\u200d💻🎉 work ❤\ufe0f 🇫🇷 1️⃣ → ok ✅", {"emoji": ["👍", "👩\u200d💻🎉", "❤\ufe0f", "🇫🇷", "1️⃣", "→", "✅"]}),
        ("He said Привет, мир and 東京タワー。 to שלום עולם", {"script": ["Привет, мир", "東京タワー。", "שלום עולם"]}),
        ("déjà vu, naïve, Łódź, İstanbul, Tiếng Việt, weiß", {"script": ["Łódź", "İstanbul", "Tiếng Việt", "weiß"]}),
        ("5 μm, 3 Ω and 50 μl of it", {"script": ["μm", "Ω", "μl"], "number": ["5", "3", "50"]}),
        ("x² + y₁ = ½, 6 × 7, a × b", {"script": ["x²", "y₁"], "emoji": ["½", "×"], "number": ["6 × 7"]}),
        ("**Bold** ~~gone~~ 2 ** 3", {"tag": ["**", "**", "~~", "~~"], "number": ["2", "3"]}),
        ("Name: ______ ..... end...", {"emoji": ["______", "....."]}),
        ("Hi [FIRST_NAME], [sic] {n, plural, one {# day}}", {"placeholder": ["[FIRST_NAME]", "{n, plural, one {# day}}"]}),
        ('print("hello world") file(s) range(10)', {"code": ['print("hello world")'], "number": ["10"]}),
        ("WHERE id = :user_id AND day > :day, see :p and :tada:", {"placeholder": [":user_id", ":day"], "handle": [":tada:"]}),
        ("Dear «FirstName» «last_name», «yes» «Yes» «YES» « No »", {"placeholder": ["«FirstName»", "«last_name»"]}),
        ("Set on|off or a|b|c | d", {"code": ["on|off", "a|b|c"]}),
        ("```python", {"code": ["```python"]}),
        ("\x1b[31mred\x1b[0m \ufeffmark", {"tag": ["\x1b[31m", "\x1b[0m"]}),
        (f"the key {'QWxh' * 12}=", {"code": ["QWxh" * 12 + "="]}),
        ("It raised $2.5M, 4K, 30k, £3bn, 55 x 40 x 20 cm", {"number": ["$2.5M", "4K", "30k", "£3bn", "55 x 40 x 20"]}),
        ("an M8x1.25 bolt at 5 p.m., or 6 p.m.", {"number": ["M8x1.25", "5 p.m.", "6 p.m"]}),
        ("It costs $1,250.50, €20, 15 €, US$5 or £3.", {"number": ["$1,250.50", "€20", "15 €", "US$5", "£3"]}),
        ("at 10:30 pm, 3pm, 7 a.m., 14:05", {"number": ["10:30 pm", "3pm", "7 a.m.", "14:05"]}),
        ("12/25/2023, 2024-05-01, 3-4, 16:9, 24/7, 4x4", {"number": ["12/25/2023", "2024-05-01", "3-4", "16:9", "24/7", "4x4"]}),
        ("MP3, COVID-19, v2.0.1, B12, H2O, A4", {"number": ["MP3", "COVID-19", "v2.0.1", "B12", "H2O", "A4"]}),
        ("the 1990s, 5km, 1st, 22nd, 3rd, 4th", {"number": ["1990", "5", "1st", "22nd", "3rd", "4th"]}),
        ("call +1 (555) 010-2233 or 06 12 34 56 78", {"number": ["+1 (555) 010-2233", "06 12 34 56 78"]}),
        ("ISBN 978-3-16-148410-0, 192.168.0.1:8080", {"number": ["978-3-16-148410-0", "192.168.0.1:8080"]}),
        ("-5 °C, −3, 5-3, (-2), +7%", {"number": ["-5 °C", "−3", "5-3", "-2", "+7%"]}),
        ("Press Ctrl+^ for x^2, or (a ^ b)!", {"code": ["Ctrl+^", "x^2", "^"]}),
        ("Run `ls`, then press ` to go.", {"emoji": ["`"], "code": ["`ls`"]}),
        ("one two three", {}),
    ],
)
def test_finds_what_must_survive(text: str, found: dict[str, list[str]]):
    kinds: dict[str, list[str]] = {}
    for literal in literals(text):
        kinds.setdefault(literal.kind, []).append(literal.text)
    assert kinds == found


UGLY = st.text(st.sampled_from("aB1 ._-/:@#%$€{}<>()[]`'\"\\&;,!?\n\u202féж東😀❤\ufe0f\u200d"), max_size=40)


@given(st.one_of(st.text(), UGLY))
def test_literals_stand_where_they_say_in_order_and_apart(text: str):
    end = 0
    for literal in literals(text):
        assert literal.text
        assert literal.start >= end
        end = literal.end
        assert text[literal.start : end] == literal.text
    assert without(text).count(" ") >= text.count(" ") - sum(each.text.count(" ") for each in literals(text))


UNITS = "a|a.|a_|_|@|a@|{|%|1|1,|1 |<a|`|``` |/a|é|ж |😀|--a|http://|)|&a|1-1:|::a|$|0"


@pytest.mark.parametrize("unit", UNITS.split("|"))
def test_long_input_takes_linear_time(unit: str):
    started = time.perf_counter()
    literals(unit * (20_000 // len(unit)))
    assert time.perf_counter() - started < 2   # quadratic would be minutes


@given(st.text(st.sampled_from("aZéœŁ0_ .,;:!?…'’-\u00a0\u202f@#/*(<"), max_size=12))
def test_nothing_must_survive_in_what_is_taken_for_plain(text: str):
    assert not PLAIN.fullmatch(text) or not re.search(LITERAL, text)


def test_most_sentences_are_plain():
    for text in ("Where is the train station?", "Où se trouve la gare\u00a0?", "Well, it's a well-known café: Élise's, in fact...", "No"):
        assert PLAIN.fullmatch(text), text
    for text in ("It costs $5.", "See example.com", "a  b", "(so)", "", "Łódź", "wait ...."):
        assert not PLAIN.fullmatch(text), text
