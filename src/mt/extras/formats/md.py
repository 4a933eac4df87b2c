"""Markdown: paragraphs, headings, list items and table cells are translated; code, links' addresses and all marks stay.

markdown-it finds which lines are what; the text is cut from those lines and put back into them.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mt.errors import ExtraError
from mt.extras.formats import Options, Translate, Unit, splice, translate_units

if TYPE_CHECKING:
    from markdown_it.token import Token

FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
HARD_BREAK = re.compile(r"  +|\\")
LINE_END = re.compile(r"\r\n|[\n\r]")   # as markdown-it counts lines
MARKUP = re.compile(
    r"((?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"                             # code
    r"|!\[[^\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])"              # image
    r"|\[(?:[ xX]|![A-Z]+|\^[^\]]+)\]"                                         # task, alert, footnote
    r"|\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]+\])"                       # end of a link
    r"|\[(?=[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\](?:\(|\[[^\]]))"                  # start of one
    r"|\[[^\[\]]+\](?:\[\])?"                                                  # perhaps a link by its own text
    r"|<[a-zA-Z/!][^<>]*>|https?://[^\s<>)]+"
    r"|\\[!-/:-@\[-`{-~]|&\#?\w+;"
    r"|(?:\*{1,3}|~~)(?=\S)|(?<=\S)(?:\*{1,3}|~~)|(?<!\w)_{1,3}(?=\w)|(?<=\S)_{1,3}(?!\w))"
)
BLOCK_MARK = re.compile(r"[-+*>#=|~`]|\d+[.)]")   # must not begin a line of a paragraph

Line = tuple[int, int]


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The document with its text translated; a paragraph of several lines is wrapped again at its own width."""
    paragraphs = list(found(content))
    units = [unit(content, lines) for lines in paragraphs]
    results = translate_units(units, translate)
    spans = [(lines[0][0], lines[-1][1]) for lines in paragraphs]
    written = [
        content[start:end] if old == new else wrapped(content, lines, "".join(new))
        for (start, end), lines, old, new in zip(spans, paragraphs, units, results, strict=True)
    ]
    return splice(content, spans, written)


def found(content: str) -> Iterator[list[Line]]:
    """The paragraphs, headings and cells of a document: where each of their lines of text stands, up to a hard break."""
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise ExtraError("Markdown files need the package markdown-it-py", fix="pip install 'mt[formats]'") from error
    starts = [0, *(line_end.end() for line_end in LINE_END.finditer(content)), len(content)]
    front = FRONT_MATTER.match(content)
    hidden = "\n" * len(LINE_END.findall(front[0])) + content[front.end() :] if front else content
    cursor = 0   # cells of one row are looked for one after the other
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(hidden):
        lines: list[Line] = []
        for row, text in text_lines(token):
            start = content.find(text, max(cursor, starts[row]), starts[row + 1]) if text else -1
            if start < 0:
                continue   # markdown-it has changed it, a tab or an escaped | perhaps: better left than damaged
            cursor = start + len(text)
            lines.append((start, cursor))
            if HARD_BREAK.match(content, cursor, starts[row + 1]):
                yield lines
                lines = []
        if lines:
            yield lines


def text_lines(token: Token) -> list[tuple[int, str]]:
    """The lines of text a token holds, each with the number of the row it stands in."""
    if token.type != "inline" or token.map is None:
        return []
    return [(token.map[0] + i, line.strip().removesuffix("\\")) for i, line in enumerate(token.content.split("\n"))]


def unit(content: str, lines: list[Line]) -> Unit:
    """The text of lines as one, and the inline markup in it."""
    text = " ".join(content[start:end] for start, end in lines)
    parts, end = [], 0
    for match in MARKUP.finditer(text):
        parts += [text[end : match.start()], match[0]]
        end = match.end()
    return [*parts, text[end:]]


def wrapped(content: str, lines: list[Line], text: str) -> str:
    """The text in lines as wide as the source's, each with what stands in front of the source's second line."""
    if len(lines) == 1:
        return text
    between = content[lines[0][1] : lines[1][0]]   # line end and > marks
    width = max(end - start for start, end in lines)
    rows = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
    return text if any(BLOCK_MARK.match(row) for row in rows[1:]) else between.join(rows)
