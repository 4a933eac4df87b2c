"""Laws of formats: only text is translated, and every other byte stays."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import DataError, UsageError
from mt.extras.formats import FORMATS, Options, format_of, translate_file, translate_texts, translate_units

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

See [this][ref], [ref] and <https://Auto.example>. Footnote[^1].

[ref]: https://Ref.example "Ref Title"
[^1]: Note text
"""
HTML = """<!DOCTYPE html>
<html lang="en"><head><title>A page</title><meta name="Description" content="Not This">
<style>P { color: Red }</style><script>var a = "<b>Not</b>" && 1;</script></head>
<body class="Main"><!-- Not This -->
<h1>Big &amp; small</h1>
<p>Click <a href="/Go?x=1&amp;y=2" title='It is'>here</a>, then
   wait&nbsp;a <em>little</em> while.<br>Next line &lt;ok&gt; 3 < 4</p>
<pre>Keep  This</pre><p>Run <code>ls -La</code> now</p>
<p translate="no">Brand</p><p class="x notranslate"><b>Brand</b> <p>Inner</p></p>
<ul><li>One<li>Two</ul><img alt="Not This" src=X.png><input value="Not"/>
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
    return [text.upper() for text in texts]


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


@pytest.mark.parametrize("format", SAMPLES)
def test_capitals_change_only_letters_of_text(format: str):
    result = run(SAMPLES[format], format)
    assert result != SAMPLES[format]
    assert bare(result, format) == bare(SAMPLES[format], format)
    if format not in ("md", "html"):   # which may wrap text anew
        assert result.count("\n") == SAMPLES[format].count("\n")


@pytest.mark.parametrize(
    ("format", "kept", "changed"),
    [
        ("txt", [], ["DEAR ANN", "* ONE ITEM", "OLD MAC"]),
        (
            "md",
            [
                "title: Kept as it is", "`code_here`", '](https://a.example/Path "Tip")', "<b>", "&amp;", "![Alt](Img.png)", "`Keep Me`", "`Key`",
                'print("Hello")  # Not This', "    Indented Code", "<div>\nRaw Html\n</div>", "][ref]", "[ref]", "<https://Auto.example>", "[^1]",
                '[ref]: https://Ref.example "Ref Title"', "|:-----|--------:|", "- [ ] ", "x \\| y",
            ],
            ["A TITLE\n=", "# HEADING WITH", "*STRESSED*", "[LINK TEXT]", "**BOLD**", "> A QUOTATION OF", "- NESTED", "| A CELL |"],
        ),
        (
            "html",
            [
                "<!DOCTYPE html>", 'content="Not This"', "color: Red", '"<b>Not</b>" && 1', "<!-- Not This -->",
                "<body class=\"Main\">", "&amp;", "<a href=\"/Go?x=1&amp;y=2\" title='It is'>",
                "<pre>Keep  This</pre>", "<code>ls -La</code>", ">Brand</p>", "<b>Brand</b>", "Not This",
            ],
            ["<title>A PAGE</title>", "BIG &amp; SMALL", ">HERE</a>", "<em>LITTLE</em>", "&lt;OK&gt; 3", "<li>ONE<li>TWO", "UNCLOSED"],
        ),
        ("srt", ["00:00:01,000 --> 00:00:03,500 X1:10\n", "<i>", "{\\an8}"], ["HELLO THERE, <i>MY FRIEND</i>.\n", "- WHO IS IT?\n- IT IS ME."]),
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


def test_a_cell_is_quoted_when_its_translation_needs_it():
    french = run("a,b\r\nx,Hello\r\n", "csv", lambda texts: [f'{text}, "oui"\nfin' for text in texts])
    assert list(csv.reader(io.StringIO(french, newline="")))[1] == ['x, "oui"\nfin', 'Hello, "oui"\nfin']


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
    assert run(PO.replace("\n", "\r\n"), "po") == result.replace("\n", "\r\n")


def test_texts_of_a_sentence_are_translated_together_and_markup_keeps_its_place():
    seen: list[str] = []

    def french(texts: list[str]) -> list[str]:
        seen.extend(texts)
        return [text.replace("Click", "Cliquez").replace("here", "ici").replace("now", "maintenant") for text in texts]

    assert run('<p>Click <a href="x">here</a> now!</p>', "html", french) == '<p>Cliquez <a href="x">ici</a> maintenant!</p>'
    assert seen == ["Click <x1>here<x2> now!"]


@pytest.mark.parametrize("broken", ["Cliquez ici", "Cliquez <x2>ici<x1> !", "<x1>ici<x2> !", "Cliquez <x1><x2> ici !", "<x1>a<x1>b<x2>c"])
def test_markup_that_does_not_come_back_is_never_lost(broken: str):
    def french(texts: list[str]) -> list[str]:
        return [broken if "<x1>" in text else text.upper() for text in texts]

    assert translate_units([["Click ", "<b>", "here", "</b>", " now!"]], french) == [["CLICK ", "<b>", "HERE", "</b>", " NOW!"]]


def test_equal_texts_are_translated_once_and_texts_without_letters_not_at_all():
    seen: list[str] = []
    assert translate_texts([" a ", "1, 2", "a", "", " \n"], lambda texts: seen.extend(texts) or upper(texts)) == [" A ", "1, 2", "A", "", " \n"]
    assert seen == ["a"]


def test_wrapped_markdown_stays_wrapped_and_quoted():
    source = "> A quotation that goes on\n> over two lines of text.\n"
    result = run(source, "md", lambda texts: ["Une citation qui continue sur deux lignes de texte, et même trois."])
    assert result == "> Une citation qui\n> continue sur deux lignes\n> de texte, et même trois.\n"


def test_a_subtitle_keeps_its_number_of_lines():
    result = run(SRT, "srt", lambda texts: ["Un deux trois quatre cinq six sept huit" if "friend" in text else text for text in texts])
    assert "3,500 X1:10\nUn deux trois quatre\ncinq six sept huit\n\n2\n" in result or "Hello there" in result


def test_unwrapped_text_goes_by_paragraphs():
    seen: list[str] = []
    run("One\ntwo.\n\nThree.\n", "txt", lambda texts: seen.extend(texts) or texts, unwrap=True)
    assert seen == ["One\ntwo.", "Three."]


UGLY = st.text(st.sampled_from("aB é\n\r\t\"'\\<>/&;=#*_`[]()!|-+.:,{}0>~$%😀\u2028"), max_size=60)


@pytest.mark.parametrize("format", ["txt", "md", "html", "srt", "vtt", "po", "csv", "tsv"])
@given(text=UGLY)
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


def test_the_suffix_chooses_the_format():
    assert [format_of(Path(name)) for name in ("a.txt", "README", "b.MD", "c.vtt", "d.pot", "e.ndjson", "f.tsv", "g.docx")] == [
        "txt", "txt", "md", "vtt", "po", "jsonl", "tsv", "docx",
    ]
    with pytest.raises(UsageError, match=r"\.pdf"):
        format_of(Path("a.pdf"))
    with pytest.raises(UsageError, match="pdf"):
        translate_file(b"", same, Options(format="pdf"))
    assert set(SAMPLES) | {"po", "docx"} == set(FORMATS)


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


def test_word_paragraphs_are_translated_as_sentences_and_keep_their_bold():
    import docx

    seen: list[str] = []

    def french(texts: list[str]) -> list[str]:
        seen.extend(texts)
        return ["Cliquez <x1>ici<x2> maintenant." if "Click" in text else text for text in texts]

    result = translate_file(word_document(), french, Options(format="docx"))
    assert "Click <x1>here<x2> now." in seen
    paragraph = docx.Document(io.BytesIO(result)).paragraphs[0]
    assert [run.text for run in paragraph.runs if run.bold] == ["ici", ""]
    assert paragraph.text == "Cliquez ici maintenant.\tAfter\nBelow"
