"""Laws of formats: only text is translated, and every other byte stays."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mt.errors import DataError, UsageError
from mt.extras.formats import FORMATS, Options, format_of, relined, translate_file, translate_texts
from mt.extras.formats.units import Word, translate_units

TXT = "Dear Ann,\r\n\r\n  * one item\r\n\tAnother line.  \n\n\nBye!\rold Mac\u2028separator"
MD = """---
title: Kept as it is
---
A Title
=======

# Heading with `code_here` #

First line of a paragraph, *stressed*, with a [link text](https://a.example/Path "Tip")
and a second line; **bold** and ~~gone~~.\\
After a hard break.  
And another.

> A quotation
> of two lines, <b>inline</b> &amp; more

- [ ] an open task
  - nested item with ![Alt](Img.png)
1. numbered `Keep Me` item

| Name | Meaning |
|:-----|--------:|
| `Key` | a cell |
| other | x \\| y |

```python
print("Hello")  # Not This
```

    Indented Code

<div>
Raw Html
</div>

See [this][ref], [ref] and <https://Auto.example>. Footnote[^1] [sic] <kbd>Ctrl</kbd>.

> [!NOTE]
> An alert
> in lines

:::tip Keep
Inside it
:::

Term
: its definition

$$
Formula
$$

[ref]: https://Ref.example "Ref Title"
[^1]: Note text
"""
HTML = """<!DOCTYPE html>
<html lang="en"><head><title>A page</title><meta name="viewport" content="Not This"><meta name="Description" content="What it is">
<style>P { color: Red }</style><script>var a = "<b>Not</b>" && 1;</script></head>
<body class="Main"><!-- Not This -->
<h1>Big &amp; small</h1>
<p>Click <a href="/Go?x=1&amp;y=2" title='It is'>here</a>, then
   wait&nbsp;a <em>little</em> while.<br>Next line &lt;ok&gt; &copy;</p><p>3 < 4, AT&T</p>
<pre>Keep  This</pre><p>Run <code>ls -La</code> now</p>
<p translate="no">Brand</p><p class="x notranslate"><b>Brand</b> <p>Inner</p></p>
<ul><li>One<li>Two</ul><img alt="A &quot;picture&quot;" src=X.png><input value="Not"/><input type=submit value="Send">
<?php echo $a->b > "Not This"; ?><% Not This %><style-guide>Custom</style-guide>
<p>Unclosed & broken <b>bold
</body></html>
"""
SRT = """1
00:00:01,000 --> 00:00:03,500 X1:10
Hello there, <i>my friend</i>.
How are you today?

2
00:00:04,000 --> 00:00:05,000
- Who is it?
- It is me.

3
00:00:06,000 --> 00:00:07,000

5
00:00:07,000 --> 00:00:08,000
No blank line follows
4
00:00:08,000 --> 00:00:09,000
{\\an8}On top\
"""
VTT = """WEBVTT - A Title

NOTE
Not This

STYLE
::cue { color: Red }

intro
00:01.000 --> 00:04.000 align:start
<v Roger>Hello <c.Loud>there</c>

00:05.000 --> 00:06.000
Bye
"""
PO = r'''# Translators
msgid ""
msgstr ""
"Project-Id-Version: X 1.0\n"
"Language: \n"
"Plural-Forms: nplurals=INTEGER; plural=EXPRESSION;\n"

#. a Comment
#: a.c:1
#, c-format
msgid "Hello %s"
msgstr ""

msgctxt "Menu"
msgid "Open \"file\"\tnow"
msgstr ""

#, fuzzy
#| msgid "Old"
msgid "Done"
msgstr "Fini"

msgid ""
"First line\n"
"second line\n"
msgstr ""

msgid "One file"
msgid_plural "%d files"
msgstr[0] ""
msgstr[1] ""

#~ msgid "Gone"
#~ msgstr ""
'''
JSON = """{
  "Title" : "Hello \\u00e9 \\"you\\"", "n": 1.50, "ok": true,
  "items": [ {"text": "First", "id": "A1"}, {"text":"Second\\nline"} , "Loose" ],
  "empty": "", "Nested": {"body": {"text": "Deep"}}, "a\\\\": ["x", null]
}
"""
JSONL = '{"id": "A", "text": "One"}\r\n\r\n{"id": "B", "text": "Two \\ud83d\\ude00"}\r\n'
CSV = 'Id,Text,"Long, Note"\r\nA1,Hello,"He said ""Hi"", then left"\r\nB2,"Two\nlines",\r\n,,x"y\r\n"Last",no end,z'
TSV = 'Id\tText\nA1\tHello, you\nB2\t"quoted"\n'

SAMPLES = {"txt": TXT, "md": MD, "html": HTML, "srt": SRT, "vtt": VTT, "json": JSON, "jsonl": JSONL, "csv": CSV, "tsv": TSV}


def same(texts: list[str]) -> list[str]:
    return list(texts)


def upper(texts: list[str]) -> list[str]:
    return ["".join(part if i % 2 else part.upper() for i, part in enumerate(re.split(r"(<x\d+>|\{x\d+\})", text))) for text in texts]


def run(content: str, format: str, translate=upper, **options) -> str:
    return translate_file(content.encode(), translate, Options(format=format, **options)).decode()


def bare(text: str, format: str) -> str:
    """A document in small letters, without what a format may write in another way."""
    if format == "html":
        text = html.unescape(text)
    elif format == "json":
        text = json.dumps(json.loads(text), ensure_ascii=False)
    elif format in ("csv", "tsv"):
        text = text.replace('"', "")   # quotes that a cell needs, or does not
    elif format == "md":
        text = text.replace(">", "")   # lines wrapped anew begin elsewhere
    return "".join(text.lower().split())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("format", SAMPLES)
def test_a_translation_that_changes_nothing_gives_the_same_bytes(format: str, encoding: str):
    for text in (SAMPLES[format], SAMPLES[format].replace("\n", "\r\n"), "", "\n", " \n\n "):
        if format == "json" and not text.strip():
            continue
        content = text.encode(encoding)
        assert translate_file(content, same, Options(format=format)) == content


def test_an_element_without_text_keeps_the_space_on_both_sides():
    source = '<p>Click the <i class="icon"></i> button, page<b></b> two.</p>'
    assert run(source, "html", lambda texts: [re.sub(r"(<x\d>) ", r"\1", text) for text in texts]) == source


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("format", SAMPLES)
def test_capitals_change_only_letters_of_text(format: str, line_end: str):
    source = SAMPLES[format].replace("\n", line_end)
    result = run(source, format).replace("\\u00c9", "\\u00e9")
    assert result != source
    assert result.lower() == source.lower()


@pytest.mark.parametrize(
    ("format", "kept", "changed"),
    [
        ("txt", [], ["DEAR ANN", "* ONE ITEM", "OLD MAC"]),
        (
            "md",
            [
                "title: Kept as it is", "`code_here`", '](https://a.example/Path "Tip")', "<b>", "&amp;", "](Img.png)", "`Keep Me`", "`Key`",
                'print("Hello")  # Not This', "    Indented Code", "][ref]", "[ref]", "<https://Auto.example>", "[^1]",
                '[ref]: https://Ref.example "Ref Title"', "|:-----|--------:|", "- [ ] ", "<kbd>Ctrl</kbd>",
                ":::tip Keep\n", "> [!NOTE]\n", "$$\nFormula\n$$",
            ],
            [
                "A TITLE\n=", "# HEADING WITH", "*STRESSED*", "[LINK TEXT]", "**BOLD**", "> A QUOTATION", "> OF TWO",
                "- NESTED", "![ALT]", "| A CELL |", "X \\| Y",
                "~~.\\\nAFTER A HARD BREAK.  \nAND", "[^1] [SIC]", "[!NOTE]\n> AN ALERT\n> IN LINES", "Keep\nINSIDE IT\n:::",
                "TERM\n: ITS DEFINITION", "[^1]: NOTE TEXT", "<div>\nRAW HTML\n</div>",
            ],
        ),
        (
            "html",
            [
                "<!DOCTYPE html>", 'content="Not This"', "color: Red", '"<b>Not</b>" && 1', "<!-- Not This -->", '<body class="Main">', "&amp;",
                '<a href="/Go?x=1&amp;y=2"', "<pre>Keep  This</pre>", "<code>ls -La</code>", ">Brand</p>", "<b>Brand</b>", 'value="Not"',
                '<?php echo $a->b > "Not This"; ?><% Not This %>', "<html lang=",
            ],
            [
                "<title>A PAGE</title>", "BIG &amp; SMALL", ">HERE</a>, THEN\n   WAIT&nbsp;A <em>LITTLE</em>", "&lt;OK&gt; &copy;", "3 < 4, AT&T",
                "<li>ONE<li>TWO", "UNCLOSED & BROKEN <b>BOLD", "title='IT IS'", 'alt="A &quot;PICTURE&quot;"', 'content="WHAT IT IS"', ">CUSTOM<",
                '<input type=submit value="SEND">',
            ],
        ),
        (
            "srt",
            ["00:00:01,000 --> 00:00:03,500 X1:10\n", "<i>", "{\\an8}"],
            ["HELLO THERE, <i>MY FRIEND</i>.\n", "- WHO IS IT?\n- IT IS ME.", "FOLLOWS\n4\n00"],
        ),
        ("vtt", ["WEBVTT - A Title", "Not This", "color: Red", "intro\n", "align:start", "<v Roger>", "<c.Loud>"], [">HELLO <", ">THERE<", "BYE"]),
        ("json", ['"Title" : ', "\\u00C9", "1.50, ", '{"text": "FIRST", "id": "A1"}'], ["HELLO", '\\"YOU\\"', '"SECOND\\nLINE"', "DEEP"]),
        ("jsonl", ['{"id": "B", "text": "TWO \\ud83d\\ude00"}\r\n'], ['"ONE"']),
        ("csv", ['Id,Text,"Long, Note"\r\n'], ['A1,HELLO,"HE SAID ""HI"", THEN LEFT"', '"TWO\nLINES",', ',,X"Y', '"LAST",NO END,Z']),
        ("tsv", ["Id\tText\n"], ["HELLO, YOU", '\t"QUOTED"\n']),
    ],
)
def test_text_is_translated_and_the_rest_is_not(format: str, kept: list[str], changed: list[str]):
    result = run(SAMPLES[format], format)
    for part in (*kept, *changed):
        assert part.replace("\\u00C9", "\\u00c9") in result


def test_fields_choose_what_is_translated():
    items = json.loads(run(JSON, "json", fields=("items.text", "Nested")))["items"]
    assert items == [{"text": "FIRST", "id": "A1"}, {"text": "SECOND\nLINE"}, "Loose"]
    assert '"Deep"' in run(JSON, "json", fields=("Title",))
    assert '"DEEP"' in run(JSON, "json", fields=("Nested",))
    assert run(JSONL, "jsonl", fields=("text",)).count('"id": "A"') == 1
    rows = list(csv.reader(io.StringIO(run(CSV, "csv", fields=("Text", "3")), newline="")))
    assert rows[1] == ["A1", "HELLO", 'HE SAID "HI", THEN LEFT']
    assert rows[-1] == ["Last", "NO END", "Z"]
    with pytest.raises(DataError, match="no column 'text'") as problem:
        run(CSV, "csv", fields=("text",))
    assert "Text" in problem.value.fix


def test_json_is_spelled_as_it_was_and_a_field_that_is_nowhere_is_an_error():
    french = ['"\\u00e9/b"', '"é\\/b"', '"é/b"']
    assert [run(english, "json", lambda texts: ["é/b"]) for english in ('"\\u0041/b"', '"è\\/b"', '"x/b"')] == french
    with pytest.raises(DataError, match="no text under 'Body'") as problem:
        run(JSON, "json", fields=("Body", "items"))
    assert "items.text" in problem.value.fix


def test_quotes_of_a_tsv_are_text_where_they_do_not_surround_a_cell():
    source = 'a\tb\n"One" and "two"\t"open\n"closed"\tx"\n'
    assert run(source, "tsv") == source.replace("\n", "|", 1).upper().replace("A\tB|", "a\tb\n")


def test_a_cell_is_quoted_when_its_translation_needs_it():
    french = run("a,b\r\nx,Hello\r\n", "csv", lambda texts: [f'{text}, "oui"\nfin' for text in texts])
    assert list(csv.reader(io.StringIO(french, newline="")))[1] == ['x, "oui"\nfin', 'Hello, "oui"\nfin']


def test_space_in_front_of_a_quoted_cell_stays_there():
    french = run('id,text\n1, "Hello, you"\n2, "Good ""day"""\n', "csv")
    assert french == 'id,text\n1, "HELLO, YOU"\n2, "GOOD ""DAY"""\n'
    french = run("id,text,n\n1, Hello,5\n", "csv", lambda texts: ["Bonjour, toi" if text == "Hello" else text for text in texts])
    assert list(csv.reader(io.StringIO(french)))[1] == ["1", " Bonjour, toi", "5"]


@pytest.mark.parametrize(
    ("source", "asked", "french"),
    [
        ("_Open", "Open", "_Ouvrir"), ("&Quit", "Quit", "&Ouvrir"), ("E_xit", "Exit", "_Ouvrir"), ("Find &Next", "Find Next", "&Ouvrir"),
        ("<a target='_blank'>here</a>", "here", "<a target='_blank'>Ouvrir</a>"),
        ("file_name", "file_name", "Ouvrir"), ("R&D &amp; more", "R&D &amp; more", "Ouvrir"), ("__init__", "__init__", "Ouvrir"),
        *((same, same, "Ouvrir") for same in ("Deleted {_count} files", "See docs/_static/x.png", "of T_max")),
    ],
)
def test_the_key_of_a_menu_goes_to_its_first_letter(source: str, asked: str, french: str):
    seen: list[str] = []
    result = run(f'msgid "{source}"\nmsgstr ""\n', "po", lambda texts: seen.extend(texts) or ["Ouvrir" for _ in texts])
    assert (seen, result) == ([asked], f'msgid "{source}"\nmsgstr "{french}"\n')


def test_gettext_fills_what_is_empty_and_keeps_what_is_translated():
    result = run(PO, "po")
    for part in (
        'msgid "Hello %s"\nmsgstr "HELLO %S"\n',
        'msgstr "OPEN \\"FILE\\"\\tNOW"\n',
        'msgid "Done"\nmsgstr "Fini"\n',
        'msgstr ""\n"FIRST LINE\\n"\n"SECOND LINE\\n"\n',
        'msgstr[0] "ONE FILE"\nmsgstr[1] "%D FILES"\n',
        '#~ msgid "Gone"\n#~ msgstr ""\n',
        '"Language: fr\\n"',
        '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"',
    ):
        assert part in result
    sources = [line for line in PO.splitlines() if not line.startswith(("msgstr", '"Language', '"Plural'))]
    assert [line for line in result.splitlines() if line in sources] == sources
    assert run(result, "po") == result   # nothing is left to do
    assert run('msgid "a\\nb"\nmsgstr ""', "po") == 'msgid "a\\nb"\nmsgstr ""\n"A\\n"\n"B"'   # no line end at the end
    assert run(PO.replace("\n", "\r\n"), "po") == result.replace("\n", "\r\n")


def test_a_catalogue_names_the_encoding_it_is_written_in():
    for charset, written in (("CHARSET", "UTF-8"), ("ISO-8859-1", "UTF-8"), ("UTF-8", "UTF-8"), ("utf-8", "utf-8"), ("UTF-16", "UTF-8")):
        source = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset={charset}\\n"\n\nmsgid "charset=CHARSET"\nmsgstr "x"\n'
        assert run(source, "po") == source.replace(f"charset={charset}\\n", f"charset={written}\\n")


@pytest.mark.parametrize(
    ("source", "asked", "french"),
    [
        ('See <a href="x">this link</a>.', ["See this link.", "this link"], 'SEE <a href="x">THIS LINK</a>.'),
        ("Hi <0>{{name}}</0>, click <1>here</1>!", ["Hi {{name}}, click here!"], "HI <0>{{NAME}}</0>, CLICK <1>HERE</1>!"),
        ("One <br/>two", ["One", "two"], "ONE <br/>TWO"),
        ("<p>One <em>two</em>.</p><p>Three.<br>Four.</p>", ["Three.", "Four.", "One two.", "two"], "<p>ONE <em>TWO</em>.</p><p>THREE.<br>FOUR.</p>"),
        ("Run <code>Ls</code> now.", ["Run {x1} now."], "RUN <code>Ls</code> NOW."),
        *((same, [same], same.upper()) for same in ("Write to <email>, <Name>.", "One, two. If a < b and c > d.", "If a <b and c> d")),
    ],
)
def test_tags_in_strings_stay_around_their_words(source: str, asked: list[str], french: str):
    seen: list[str] = []
    for format, document in documents(source, "").items():
        assert run(document, format, lambda texts: seen.extend(texts) or upper(texts)) == documents(source, french)[format]
    assert [text for text in asked if text not in seen] == []


def documents(source: str, french: str) -> dict[str, str]:
    """A catalogue with a translation or none, and other files with that, or the source, as their only text."""
    said = french or source
    cell = said.replace('"', '""')
    return {"json": json.dumps([said]), "csv": f'a,b\n1,"{cell}"\n', "po": f"msgid {json.dumps(source)}\nmsgstr {json.dumps(french)}\n"}


def test_what_separates_cells_is_what_makes_as_many_of_them_in_each_row():
    source = "ID;Name (last, first);City, state, zip\r\n1;Smith, John;Austin, TX\r\n\r\n2;x;y\r\n"
    assert run(source, "csv", fields=("3",)) == source.replace("Austin, TX", "AUSTIN, TX").replace("x;y", "x;Y")
    assert run("a,b\n1,x,too many\n", "csv", fields=("b",)) == "a,b\n1,X,too many\n"   # else the head decides
    assert run("Hi, you\nOne; two\nMore\n", "csv", fields=("Hi",)) == "Hi, you\nONE; TWO\nMORE\n"


@pytest.mark.parametrize("line", ["sep=;\r\n", "SEP=;\n", '"sep=;"\n'])
def test_a_table_may_say_itself_what_separates_cells(line: str):
    source = f"{line}id;b,c,d\n1;Hello, you\n"
    assert run(source, "csv", fields=("b,c,d",)) == source.replace("Hello, you", "HELLO, YOU")


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("[^1]: One of all\n[^2]: Two of all\n", "[^1]: ONE OF ALL\n[^2]: TWO OF ALL\n"),
        ("import A, {B} from '@x/A';\nimport \"./c.css\"\n\nexport const answer = 42;\nexport default Page\n", None),
        ("import data from the old\nexport default settings now\n", "IMPORT DATA FROM THE OLD\nEXPORT DEFAULT SETTINGS NOW\n"),
        ('=== "Tab"\n\nText\n{: .note }\n', '=== "TAB"\n\nTEXT\n{: .note }\n'),
        ("See ![a *small* cat](Cat.png 'Tip') [![Build](B.svg)](C)", "SEE ![A *SMALL* CAT](Cat.png 'Tip') [![BUILD](B.svg)](C)"),
        ("![Name][]\n\n[name]: Address", None),
        ("Where $e = mc^2$ and \\(x\\) cost $5 or $6", "WHERE $e = mc^2$ AND \\(x\\) COST $5 OR $6"),
        ('!!! tip "tip"\n', '!!! tip "TIP"\n'),
        ("=== title ===\n\n    code\n", "=== TITLE ===\n\n    code\n"),
        ("A ==bold word== if x==y or a == b", "A ==BOLD WORD== IF X==Y OR A == B"),
        (
            "<p align='left'>\n <b>One</b> &amp; two\n</p>\n\n<summary>More</summary>\n\nText\n\n- Item\n\n  <p>In it</p>\n\n<!--\nNot\n\nthis -->\n",
            "<p align='left'>\n <b>ONE</b> &amp; TWO\n</p>\n\n<summary>MORE</summary>\n\nTEXT\n\n- ITEM\n\n  <p>IN IT</p>\n\n<!--\nNot\n\nthis -->\n",
        ),
        (
            "> <p>\n> Quoted\n> </p>\n\n<script>\nNot(this)\n\n</script>\n\n<img alt='A cat'>",
            "> <p>\n> Quoted\n> </p>\n\n<script>\nNot(this)\n\n</script>\n\n<img alt='A CAT'>",
        ),
    ],
)
def test_extensions_of_markdown_are_read(source: str, result: str | None):
    seen: list[str] = []
    assert run(source, "md", lambda texts: seen.extend(texts) or upper(texts)) == (result or source)
    assert not any("==b" in text or ("One" in text and "Two" in text) for text in seen)


ADMONITIONS = """\
!!! note inline end "{zero}"
    {one}

    {two}

    ```sh
    code
    !!! code
        code
    ```

    ??? tip
        {three}

        - {four}

    {five}

=== "{tab}"

    {six}

1.  {seven}

    !!! note

        {eight}

{nine}

    code

```
!!! code

    code
```
"""


def test_text_of_admonitions_and_tabs_is_no_code_and_their_code_is():
    words = ("zero", "tab", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    assert run(ADMONITIONS.format(**{word: word for word in words}), "md") == ADMONITIONS.format(**{word: word.upper() for word in words})


FRENCH = {
    "Click here now!": "Cliquez ici !", "here": "Ici", "Click <x1>here<x2> now!": "Cliquez <x1>là<x2> maintenant !", "Click": "Clic", "now!": "!",
}


def test_a_text_is_translated_without_its_markup_which_finds_its_words_again():
    seen: list[str] = []
    assert run('<p>Click <a href="x">here</a> now!</p>', "html", lambda texts: seen.extend(texts) or [FRENCH[text] for text in texts]) == (
        '<p>Cliquez <a href="x">ici</a> !</p>'
    )
    assert seen == ["Click here now!", "here"]


@pytest.mark.parametrize(
    ("unit", "french", "expected"),
    [
        (
            "The |<b>|green apple|</b>| and |<i>|pears|</i>|.",
            {"green apple": "la pomme verte", "pears": "poire"},
            "La |<b>|pomme verte|</b>| et les |<i>|poires|</i>|.",
        ),
        ("|<b>|Note|</b>|: it is red", {"Note": "Remarque"}, "|<b>|Remarque|</b>| : c'est rouge"),
        ("He wrote |<i>|a very long book|</i>| here", {"He wrote": "Il a écrit", "here": "ici"}, "Il a écrit |<i>|un très long livre|</i>| ici"),
        ("Run |`x`|, then |<b>|stop|</b>|.", {"stop": "arrêtez"}, "Lancez |`x`|, puis |<b>|arrêtez|</b>|."),
        ("See |<b>|a book (PDF)|</b>|, now.", {"a book (PDF)": "un livre (PDF)"}, "Voir |<b>|un livre (PDF)|</b>|, maintenant."),
    ],
)
def test_markup_goes_around_the_same_words_with_no_space_inside(unit: str, french: dict[str, str], expected: str):
    def translate(texts: list[str]) -> list[str]:
        whole = re.sub("<.>|</.>", "", expected.replace("|", "")).replace("`x`", "{x1}")
        return [french.get(text, whole) for text in texts]

    parts = [Word(part) if part == "`x`" else part for part in unit.split("|")]
    assert translate_units([parts], translate) == [expected.split("|")]


@pytest.mark.parametrize("alone", ["suivez", "là", "Bonjour"])   # not there, too short to be sure, before the other
def test_markup_whose_words_are_not_found_goes_where_as_many_words_are_before_it(alone: str):
    unit = ["Click ", "<b>", "here", "</b>", " and ", "<i>", "click", "</i>", " there"]
    french = {"here": "ici", "click": alone, "Click here and click there": "Bonjour, cliquez ici et cliquez là"}
    result = translate_units([unit], lambda texts: [french.get(text, text) for text in texts])
    assert result == [["Bonjour, ", "<b>", "cliquez", "</b>", " ici et ", "<i>", "cliquez", "</i>", " là"]]


@pytest.mark.parametrize(
    ("unit", "whole", "expected"),
    [
        ("I |<b>|love|</b>| you.", "Je t'aime.", "Je |<b>|t'aime|</b>|."),
        ("|<b>|Stop|</b>| now", "Arrêtez tout de suite", "|<b>|Arrêtez tout|</b>| de suite"),
        ("Go (|<i>|not|</i>|).", "Allez-y (pas).", "Allez-y (|<i>|pas|</i>|)."),
        ("One |<br>|two three", "Un deux trois", "Un |<br>|deux trois"),
        ("Pay |<b>|$1,234.50|</b>| now", "Payez 1\u202f234,50\u00a0$ maintenant", "Payez |<b>|1\u202f234,50\u00a0$|</b>| maintenant"),
        ("|<b>|3,000|</b>| people came to the show", "3 000 personnes sont venues au bal", "|<b>|3 000|</b>| personnes sont venues au bal"),
        ("Meet at |<b>|5:30 PM|</b>| on Monday", "Rencontre à 17\u00a0h\u00a030 lundi", "Rencontre |<b>|à 17\u00a0h\u00a030|</b>| lundi"),
        ("Press |<b>|Ctrl+C|</b>| now", "Faites Ctrl+C maintenant", "Faites |<b>|Ctrl+C|</b>| maintenant"),
        ("Now (|<i>|%d files|</i>|) gone", "Là (%d fichiers) partis", "Là (|<i>|%d fichiers|</i>|) partis"),
        ("Delete |<b>|{name}|</b>|?", "Supprimer {name}\u00a0?", "Supprimer |<b>|{name}|</b>|\u00a0?"),
    ],
)
def test_each_text_keeps_a_word_and_the_sentence_stays_whole(unit: str, whole: str, expected: str):
    said = "".join(unit.split("|")[::2])
    assert translate_units([unit.split("|")], lambda texts: [whole if text == said else "?" for text in texts]) == [expected.split("|")]


@pytest.mark.parametrize("broken", ["!", "..."])   # no word that could be bold
def test_markup_that_finds_no_place_is_never_lost(broken: str):
    def french(texts: list[str]) -> list[str]:
        return [broken if text == "Click here now!" else text.upper() for text in texts]

    assert translate_units([["Click ", "<b>", "here", "</b>", " now!"]], french) == [["CLICK ", "<b>", "HERE", "</b>", " NOW!"]]


@given(st.lists(st.text(st.sampled_from("ab .<x1>{}")), min_size=1, max_size=9), st.text(st.sampled_from("ab <x12>{} "), max_size=20), st.data())
def test_no_translation_damages_markup(parts: list[str], said: str, data: st.DataObject):
    unit = [part if i % 2 == 0 else data.draw(st.sampled_from(["<b>", "</b>", Word("`c`")])) for i, part in enumerate(parts[: len(parts) | 1])]
    unit = unit if len(unit) % 2 else unit[:-1]
    for translate in (same, upper, lambda texts: [said] * len(texts)):
        result = translate_units([unit], translate)[0]
        assert result[1::2] == unit[1::2]
        assert len(result) == len(unit)
    assert "".join(translate_units([unit], same)[0]) == "".join(unit)


def test_equal_texts_are_translated_once_and_texts_without_letters_not_at_all():
    seen: list[str] = []
    assert translate_texts([" a ", "1, 2", "a", "", " \n"], lambda texts: seen.extend(texts) or upper(texts)) == [" A ", "1, 2", "A", "", " \n"]
    assert seen == ["a"]


def test_wrapped_markdown_stays_wrapped_and_quoted():
    source = "> A quotation that goes on\n> over two lines of text.\n"
    result = run(source, "md", lambda texts: ["Une citation qui continue sur plus d'une ligne, et - même trois."])
    assert result == "> Une citation qui continue sur plus\n> d'une ligne, et - même trois.\n"
    result = run(source, "md", lambda texts: ["Une citation qui continue - et va à la ligne."])
    assert result == "> Une citation qui continue -\n> et va à la ligne.\n"   # a line that begins with a dash would be a list
    assert run(source, "md", lambda texts: ["Citation."]) == "> Citation.\n"


@given(st.lists(st.text(st.sampled_from("ab "), max_size=20), min_size=1, max_size=5), st.text(st.sampled_from("cd "), max_size=60))
def test_a_text_is_broken_as_often_as_its_source_where_it_can_be(lines: list[str], text: str):
    breaks = [f"<{i}>" for i in range(len(lines) - 1)]
    result = relined([text], [part for pair in zip(lines, [*breaks, ""], strict=True) for part in pair][:-1])
    assert re.sub(r"<\d>", " ", result) == text
    assert re.findall(r"<\d>", result) == (breaks if text.count(" ") >= len(breaks) else [])


def test_a_subtitle_keeps_its_number_of_lines_and_its_speakers():
    french = {"my friend": "mon ami", "Hello there, my friend.": "Bonjour, mon ami.", "How are you today?": "Comment vas-tu aujourd'hui ?"}
    result = run(SRT, "srt", lambda texts: [french.get(text, text) for text in texts])
    assert "3,500 X1:10\nBonjour, <i>mon ami</i>. Comment\nvas-tu aujourd'hui ?\n\n2\n" in result
    seen: list[str] = []
    run("00:01.000 --> 00:02.000\n<v Ann>Hello\nyou.\n<v Bob>- Bye.\n", "vtt", lambda texts: seen.extend(texts) or texts)
    assert seen == ["Hello you.", "- Bye."]


def test_text_without_markup_is_asked_for_as_a_whole():
    seen: list[str] = []
    assert run("<p>It was late. Nobody came.</p>", "html", lambda texts: seen.extend(texts) or upper(texts)) == "<p>IT WAS LATE. NOBODY CAME.</p>"
    assert seen == ["It was late. Nobody came."]   # a memory may have it


def test_each_sentence_of_a_text_is_found_again_on_its_own():
    seen: list[str] = []
    source = "<p>It was <b>very late.</b> <i>Nobody</i> came. Good night!</p>"
    assert run(source, "html", lambda texts: seen.extend(texts) or upper(texts)).lower() == source.lower()
    assert seen == ["It was very late.", "It was", "Nobody came.", "Nobody", "Good night!"]


def test_hard_wrapped_lines_can_be_joined_and_lists_stay():
    seen: list[str] = []
    text = "A sentence that was\nwrapped by hand. And\nanother.\n\n- an item\n- a second\n"
    joined = "A sentence that was wrapped by hand. And another.\n\n- an item\n- a second\n"
    assert run(text, "txt", lambda texts: seen.extend(texts) or texts, unwrap=True) == joined
    assert seen == ["A sentence that was wrapped by hand. And another.", "- an item", "- a second"]


@pytest.mark.parametrize("text", ["# Title\ntext", "Title\n=====\ntext", "> one\n> two\nthree", "text\n\nmore", "| a |\n| b |", "a\r\n\r\nb"])
def test_unwrapping_leaves_what_is_no_paragraph_alone(text: str):
    assert run(text, "txt", same, unwrap=True) == text


@given(text=st.text(st.sampled_from("aB.\t \n\r-*>#|1")))
def test_unwrapping_changes_only_space(text: str):
    assert "".join(run(text, "txt", same, unwrap=True).split()) == "".join(text.split())


UGLY = st.text(st.sampled_from("aB é\n\r\t\"'\\<>/&;=#*_`[]()!|-+.:,{}0>~$%😀\u2028"), max_size=60)


@pytest.mark.parametrize("format", ["txt", "md", "html", "srt", "vtt", "po", "csv", "tsv"])
@given(text=UGLY)
@example(text="é\\: ~~:")
@example(text="0:*a")
def test_no_input_breaks_a_format(format: str, text: str):
    if format in ("srt", "vtt"):
        text = f"1\n00:00:01.000 --> 00:00:02.000\n{text}"
    if format != "po":
        assert run(text, format, same) == text
        assert bare(run(text, format), format) == bare(text, format)
    else:
        run(text, format)


@given(st.recursive(st.none() | st.text() | st.floats(allow_nan=False), lambda each: st.lists(each) | st.dictionaries(st.text(), each), max_leaves=8))
def test_json_stays_json_and_other_values_stay(value):
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only, indent=1)
        if any("\ud800" <= character <= "\udfff" for character in text):
            continue
        assert run(text, "json", same) == text
        changed = json.loads(run(text, "json", lambda texts: [f"[{each}]" for each in texts]))
        assert strip(changed) == value


def strip(value):
    if isinstance(value, str):
        return re.sub(r"\A(\s*)\[(.*)\](\s*)\Z", r"\1\2\3", value, flags=re.DOTALL) if any(map(str.isalpha, value)) else value
    if isinstance(value, list):
        return [strip(each) for each in value]
    return {key: strip(each) for key, each in value.items()} if isinstance(value, dict) else value


@given(st.lists(st.lists(st.text(st.sampled_from('ab,"\n\r;é ')), min_size=2, max_size=2), min_size=1, max_size=4))
def test_tables_of_the_csv_module_are_read_alike(rows: list[list[str]]):
    content = io.StringIO(newline="")
    csv.writer(content).writerows([["Head", "Text"], *rows])
    result = translate_file(content.getvalue().encode(), upper, Options(format="csv")).decode()
    if list(csv.reader(io.StringIO(content.getvalue(), newline="")))[1:] == rows:
        assert list(csv.reader(io.StringIO(result, newline="")))[1:] == [[cell.upper() for cell in row] for row in rows]


@pytest.mark.parametrize(
    ("format", "content", "message"),
    [
        ("json", b'{"a": }', "line 1"),
        ("json", b'{"a": 1}\n{"b": 2}', "line 2"),
        ("jsonl", b'{"a": 1}\n{"b" 2}', "line 2"),
        ("json", b"", "line 1"),
        ("txt", b"caf\xe9", "line 1: not UTF-8"),
        ("docx", b"no zip", "not a Word"),
    ],
)
def test_content_of_another_kind_is_refused(format: str, content: bytes, message: str):
    if format == "docx":
        pytest.importorskip("docx")
    with pytest.raises(DataError, match=message):
        translate_file(content, same, Options(format=format))


def test_a_file_that_would_fill_the_memory_is_no_word_document():
    pytest.importorskip("docx")
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(word_document())) as old, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info, old.read(info))
        with new.open("word/media/image2.png", "w") as picture:
            for _ in range(101):
                picture.write(bytes(2**20))
    with pytest.raises(DataError, match="not a Word"):
        translate_file(output.getvalue(), same, Options(format="docx"))


def test_the_suffix_chooses_the_format():
    assert [format_of(Path(name)) for name in ("a.txt", "README", "b.MD", "c.vtt", "d.pot", "e.ndjson", "f.tsv", "g.docx")] == [
        "txt", "txt", "md", "vtt", "po", "jsonl", "tsv", "docx",
    ]
    with pytest.raises(UsageError, match=r"\.pdf"):
        format_of(Path("a.pdf"))
    with pytest.raises(UsageError, match="pdf"):
        translate_file(b"", same, Options(format="pdf"))
    assert set(SAMPLES) | {"po", "docx"} == set(FORMATS)


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8ffbf1e000583027f94ad5e6c0000000049454e44ae426082"
)


def word_document() -> bytes:
    """Runs that Word cut and runs that look different, a tab, a line break, a table, a head, and text nobody translates."""
    docx = pytest.importorskip("docx")
    document = docx.Document()
    paragraph = document.add_paragraph("Click ")
    paragraph.add_run("he").bold = True
    paragraph.add_run("re").bold = True
    paragraph.add_run(" now.\tAfter\nBelow")
    document.add_paragraph("12.50")
    document.add_table(1, 2).cell(0, 1).text = "In a cell"
    document.sections[0].header.paragraphs[0].text = "On top"
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def word_texts(content: bytes) -> list[str]:
    import docx

    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in document.paragraphs), *cells, document.sections[0].header.paragraphs[0].text]


def test_word_documents_that_do_not_change_are_the_same_bytes():
    content = word_document()
    assert translate_file(content, same, Options(format="docx")) == content


def test_word_documents_change_only_in_their_text():
    content = word_document()
    result = translate_file(content, upper, Options(format="docx"))
    assert word_texts(result) == ["CLICK HERE NOW.\tAFTER\nBELOW", "12.50", "", "IN A CELL", "ON TOP"]
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(io.BytesIO(result)) as after:
        assert before.namelist() == after.namelist()
        for name in before.namelist():
            if not re.search("document|header", name):
                assert before.read(name) == after.read(name)


def test_what_stands_in_a_word_paragraph_keeps_its_place():
    docx = pytest.importorskip("docx")
    document = docx.Document()
    paragraph = document.add_paragraph("Before the picture")
    paragraph.add_run().add_picture(io.BytesIO(PIXEL))
    paragraph.add_run(" and after it.")
    content = io.BytesIO()
    document.save(content)
    result = docx.Document(io.BytesIO(translate_file(content.getvalue(), upper, Options(format="docx"))))
    assert [run.text for run in result.paragraphs[0].runs] == ["BEFORE THE PICTURE", "", " AND AFTER IT."]


def word_paragraph(xml: str) -> bytes:
    """A document with one paragraph, of runs as Word writes them."""
    docx = pytest.importorskip("docx")
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    document = docx.Document()
    document.element.body.insert(0, parse_xml(f"<w:p {nsdecls('w')}>{xml}</w:p>"))
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("box", "asked"),
    [
        ('<w:sym w:font="Wingdings" w:char="F0A8"/>', ["Married", "Yes", "No"]),
        ('<w:sym w:font="Wingdings" w:char="F0E0"/>', ["Married Yes No"]),   # an arrow
        ('<w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox/></w:ffData></w:fldChar>', ["Married", "Yes", "No"]),
    ],
)
def test_boxes_to_tick_part_what_a_word_paragraph_says(box: str, asked: list[str]):
    seen: list[str] = []
    content = word_paragraph(f"<w:r><w:t>Married</w:t>{box}<w:t> Yes</w:t>{box}<w:t> No</w:t></w:r>")
    translate_file(content, lambda texts: seen.extend(texts) or texts, Options(format="docx"))
    assert seen[: len(asked)] == asked


def test_a_hyphen_of_word_is_part_of_its_word():
    docx = pytest.importorskip("docx")
    content = word_paragraph("<w:r><w:t>A non</w:t><w:noBreakHyphen/><w:t>profit</w:t></w:r><w:r><w:noBreakHyphen/></w:r><w:r><w:t>group</w:t></w:r>")
    assert translate_file(content, same, Options(format="docx")) == content
    seen: list[str] = []
    result = docx.Document(io.BytesIO(translate_file(content, lambda texts: seen.extend(texts) or ["Une non-partie"], Options(format="docx"))))
    assert seen == ["A non-profit-group"]
    assert result.paragraphs[0].text == "Une non-partie"


@given(st.binary(max_size=60), st.integers(0, 30000))
@settings(max_examples=20)
def test_a_damaged_word_document_is_refused_or_read(junk: bytes, place: int):
    import docx

    content = word_document()
    with suppress(DataError):
        result = translate_file(content[:place] + junk + content[place + len(junk) :], same, Options(format="docx"))
        assert docx.Document(io.BytesIO(result)).paragraphs   # what is read comes back as a document


def test_word_paragraphs_are_translated_as_sentences_and_keep_their_bold():
    import docx

    seen: list[str] = []

    def french(texts: list[str]) -> list[str]:
        seen.extend(texts)
        return [{"Click here now.": "Cliquez ici maintenant.", "here": "ici"}.get(text, text) for text in texts]

    result = translate_file(word_document(), french, Options(format="docx"))
    assert "Click here now." in seen
    paragraph = docx.Document(io.BytesIO(result)).paragraphs[0]
    assert [run.text for run in paragraph.runs if run.bold] == ["ici", ""]
    assert paragraph.text == "Cliquez ici maintenant.\tAfter\nBelow"
