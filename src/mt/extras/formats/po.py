"""gettext catalogues: empty msgstr are filled from msgid; everything else, and what is translated already, stays byte for byte.

A line scanner of our own: polib would wrap every long message anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mt.extras.formats import Options, Translate
from mt.extras.formats.units import translate_tagged
from mt.text.literals import literals

ROW = re.compile(r"[^\n]*\n|[^\n]+")   # unlike splitlines, which would cut messages at U+2028 and its like
LINE = re.compile(r'\s*(?:(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s*)?"(.*)"\s*')
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
MEANING = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", '"': '"', "\\": "\\"}
ESCAPED = {character: f"\\{letter}" for letter, character in MEANING.items()}
KEY = re.compile(r"(?<![\w&])(?:_(?!\w*_)|&(?!\w+;))(?=[^\W\d_])|(?<=\A[A-Z])_(?=[a-z]+\b)")   # of a menu: _Open, &Quit, E_xit
FIRST_LETTER = re.compile(r"(?=[^\W\d_])")
FRENCH_PLURAL = "nplurals=2; plural=(n > 1);"


@dataclass
class Entry:
    """What an entry says under each keyword, and on which lines."""

    values: dict[str, str] = field(default_factory=dict)
    lines: dict[str, tuple[int, int]] = field(default_factory=dict)

    def sources(self) -> dict[str, str]:
        """The keyword and the source of what is still to be translated."""
        empty = [keyword for keyword, value in self.values.items() if keyword.startswith("msgstr") and not value]
        singular, plural = self.values.get("msgid", ""), self.values.get("msgid_plural")
        return {keyword: singular if plural is None or keyword == "msgstr[0]" else plural for keyword in empty} if singular else {}


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The catalogue with its empty translations filled in, and with its language where the header leaves that open."""
    lines = ROW.findall(content)
    found = entries(lines)
    wanted = [(*entry.lines[keyword], keyword, source) for entry in found for keyword, source in entry.sources().items()]
    keys = [key_of(source) for *_, source in wanted]
    texts = [KEY.sub("", source) if key else source for key, (*_, source) in zip(keys, wanted, strict=True)]
    results = [FIRST_LETTER.sub(key, text, count=1) for key, text in zip(keys, translate_tagged(texts, translate), strict=True)]
    line_end = "\r\n" if "\r\n" in content else "\n"
    for (first, last, keyword, _), result in reversed(list(zip(wanted, results, strict=True))):
        end = lines[last][len(lines[last].rstrip("\r\n")) :]   # nothing at the end of some files
        lines[first : last + 1] = [line_end.join(written(keyword, result)) + end]
    if found and found[0].values.get("msgid") == "":
        first, last = found[0].lines.get("msgstr", (0, -1))
        lines[first : last + 1] = [in_french(line) for line in lines[first : last + 1]]
    return "".join(lines)


def key_of(source: str) -> str:
    """The mark of the key that calls a menu's label, as in _Open or Find &Next, which would hide the word from the network; else nothing."""
    marks = KEY.findall(source)
    is_label = len(marks) == 1 and all(literal.kind == "number" for literal in literals(KEY.sub("", source)))
    return marks[0] if is_label else ""


def entries(lines: list[str]) -> list[Entry]:
    """The entries of a catalogue, obsolete ones (#~) left out."""
    found: list[Entry] = []
    keyword = ""
    for number, line in enumerate(lines):
        match = LINE.fullmatch(line)
        if not match:
            keyword = ""
            continue
        if match[1]:
            begins = match[1] == "msgctxt" or (match[1] == "msgid" and (not found or "msgid" in found[-1].values))
            if begins or not found:
                found.append(Entry())
            keyword = match[1]
            found[-1].values[keyword], found[-1].lines[keyword] = "", (number, number)
        if keyword:
            found[-1].values[keyword] += ESCAPE.sub(lambda escape: MEANING.get(escape[1], escape[0]), match[2])
            found[-1].lines[keyword] = (found[-1].lines[keyword][0], number)
    return found


def written(keyword: str, text: str) -> list[str]:
    """A message as lines of a catalogue, one for each of its own."""
    rows = ["".join(ESCAPED.get(character, character) for character in row) for row in ROW.findall(text)]
    if len(rows) == 1:
        return [f'{keyword} "{rows[0]}"']
    return [f'{keyword} ""', *(f'"{row}"' for row in rows)]


def in_french(line: str) -> str:
    """A line of the header with the encoding of what is written, and what xgettext leaves open: the language and its plural forms."""
    line = re.sub(r'(?i)("Content-Type:.*charset=)(?!utf-?8\b)[^\s;\\"]+', r"\1UTF-8", line)
    return line.replace('"Language: \\n', '"Language: fr\\n').replace("nplurals=INTEGER; plural=EXPRESSION;", FRENCH_PLURAL)
