"""Laws of typography: French at will, and back."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mt.text.normalize import no_break_spaces, normalize
from mt.text.typography import apply, quoted_as


@pytest.mark.parametrize(
    ("text", "french", "plain"),
    [
        ("Quoi ?", "Quoi\u202f?", "Quoi ?"),
        ("Quoi?", "Quoi\u202f?", "Quoi ?"),
        ("Note: ok", "Note\u00a0: ok", "Note : ok"),
        ("L'eau qu'aujourd'hui", "L’eau qu’aujourd’hui", "L'eau qu'aujourd'hui"),
        ('Il dit "oui".', "Il dit «\u00a0oui\u00a0».", 'Il dit "oui".'),
        ('"Oui", dit-il, "non"', "«\u00a0Oui\u00a0», dit-il, «\u00a0non\u00a0»", '"Oui", dit-il, "non"'),
        ('l\'"eau"', "l’«\u00a0eau\u00a0»", 'l\'"eau"'),
        ("«Oui»", "«\u00a0Oui\u00a0»", '"Oui"'),
        ('« Il dit "oui" »', "«\u00a0Il dit “oui”\u00a0»", '"Il dit "oui""'),
        ('un écran de 5" et de 7"', 'un écran de 5" et de 7"', 'un écran de 5" et de 7"'),
        ('print("oui") ?', 'print("oui")\u202f?', 'print("oui") ?'),
        ("1 250,50 € et 50 %", "1\u202f250,50\u00a0€ et 50\u00a0%", "1 250,50 € et 50 %"),
        ("voir https://a.example/?q=l'eau: ici!", "voir https://a.example/?q=l'eau\u00a0: ici\u202f!", "voir https://a.example/?q=l'eau : ici !"),
        ("`a ? b : \"c\"` ?", "`a ? b : \"c\"`\u202f?", "`a ? b : \"c\"` ?"),
        ('<a title="l\'eau">l\'eau</a>', '<a title="l\'eau">l’eau</a>', '<a title="l\'eau">l\'eau</a>'),
        ("{nom} ? Bravo 😀 !", "{nom}\u202f? Bravo 😀\u202f!", "{nom} ? Bravo 😀 !"),
        ("  - Quoi ?\r\n\n\t\"Oui\"  \n", "  - Quoi\u202f?\r\n\n\t«\u00a0Oui\u00a0»  \n", "  - Quoi ?\r\n\n\t\"Oui\"  \n"),
        ('"Deux\nlignes"', "«\u00a0Deux\nlignes\u00a0»", '"Deux\nlignes"'),
        ('"Deux\n\nparagraphes"', '"Deux\n\nparagraphes"', '"Deux\n\nparagraphes"'),
        ("à 10:30", "à 10:30", "à 10:30"),
        ("", "", ""),
    ],
)
def test_dresses_and_undresses(text: str, french: str, plain: str):
    assert apply(text, "fr") == french
    assert apply(text, "plain") == plain
    assert apply(french, "plain") == plain
    assert apply(text, "keep") == text


@pytest.mark.parametrize(
    ("source", "text", "quoted"),
    [
        ('He said "yes".', "Il a dit «\u00a0oui\u00a0».", 'Il a dit "oui".'),
        ('He said "yes".', 'Il a dit « oui ».', 'Il a dit "oui".'),
        ("He said “yes”.", 'Il a dit "oui".', "Il a dit «\u00a0oui\u00a0»."),
        ("He said 'yes'.", "Il a dit «\u00a0oui\u00a0».", "Il a dit «\u00a0oui\u00a0»."),
        ('a 5" disc', 'un disque de 5"', 'un disque de 5"'),
        ("“Yes. And no.", '"Oui. Et non.', "«\u00a0Oui. Et non."),      # it goes on in the next sentence
        ("No,” he said.", 'Non", dit-il.', "Non\u00a0», dit-il."),
        ("A “6 789 012” 6 789 012", 'Un "6 789 012" 6 789 012', "Un «\u00a06 789 012\u00a0» 6 789 012"),
        ('A 27" “screen”', 'Un "écran" 27"', 'Un «\u00a0écran\u00a0» 27"'),
        ("A 27\" 'screen'", 'Un «\u00a0écran\u00a0» 27"', 'Un «\u00a0écran\u00a0» 27"'),
        ('6\'2" tall “giant”', "un «\u00a0géant\u00a0»", "un «\u00a0géant\u00a0»"),
        ('"', "«" + 50_000 * " ", '"'),
    ],
)
def test_quotation_marks_are_those_of_the_source(source: str, text: str, quoted: str):
    assert quoted_as(source, text) == quoted


UGLY = st.text(st.sampled_from("ab1 \n\u00a0\u202f'’\"«»“”?!:;.,%€{}`<>😀/()é0"), max_size=40)


@given(st.one_of(st.text(), UGLY))
@example('« a "b" c »')
def test_plain_takes_off_what_french_put_on(text: str):
    assert apply(apply(text, "fr"), "plain") == apply(text, "plain")


@given(UGLY)
def test_lines_stay_lines(text: str):
    for style in ("fr", "plain"):
        assert apply(text, style).count("\n") == text.count("\n")


@given(st.lists(st.sampled_from(["mot", "l'eau", '"oui"', "?", "!", ":", ";", "5 %", "1 000", "é", ".", ",", "{x}"]), min_size=1).map(" ".join))
def test_ordinary_text_is_dressed_in_full(text: str):
    dressed = apply(text, "fr")
    assert "'" not in dressed
    assert '"oui"' not in dressed
    assert apply(dressed, "fr") == dressed
    assert no_break_spaces(normalize(dressed)).replace("'", "’") == dressed


@pytest.mark.parametrize("unit", ['"', '"a ', "« ", "?", "'", '"\n', " ", "a ?"])
def test_long_text_takes_linear_time(unit: str):
    started = time.perf_counter()
    apply(unit * (50_000 // len(unit)), "fr")
    assert time.perf_counter() - started < 5   # quadratic would be minutes
