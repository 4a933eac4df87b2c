"""Markdown: paragraphs, headings, list items, table cells, HTML and what is said of pictures are translated; code, addresses and marks stay.

markdown-it finds which lines are what; the text is cut from those lines and put back into them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from mt.errors import ExtraError
from mt.extras.formats import Options, Translate, html, relined, splice
from mt.extras.formats.units import Unit, Word, translate_units

if TYPE_CHECKING:
    from markdown_it.token import Token

ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")   # markdown-it, too, takes a lone \r for a line end
FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\r?\n.*?^(?:\1|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
# Lines that extensions of Markdown read: admonitions, alerts, tabs, templates, attributes, code of MDX.
DIRECTIVE = re.compile(
    r":::|!!!|\?\?\?|===[!+]? [\"']|\{[%#:]|\[![A-Z]+\]\s*\Z|import (?:[\w*{][^\"']* from )?([\"'])[^\"']+\1;?\Z"
    r"|export (?:(?:const|let|var) [^=]+=|\{.*\}|\* from |default (?:[\w.]+;?\Z|function\b|class\b|\(|\{)|(?:async )?function \w+\()"
)
ADMONITION = re.compile(r"(?:!!!|\?\?\?\+?|===[!+]?(?= [\"'])) (?:[^\"]*\"([^\"]+)\"\Z)?")   # and its title; what belongs to it is indented
FENCE = re.compile(r"`{3,}|~{3,}")
INDENT = 4   # columns
BEGINS = re.compile(r": |\[\^[^\[\]]+\]:")   # a line with the text of a definition, or of a footnote
BLOCK_MARK = r"[-+*>#=|~`:<]|\d+[.)]"   # must not begin a line of a paragraph
BREAKABLE = rf"(?<! ) (?! |{BLOCK_MARK})"
MARKUP = re.compile(
    r"(?P<word>(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)|\$\$.+?\$\$"         # code, formula
    r"|(?<![\\$\w])\$(?=[^\s$])[^$\n]{0,200}?(?<=[^\s\\])\$(?![\w$])|\\\(.{1,200}?\\\)"
    r"|<(?P<tag>code|kbd|samp|var)\b[^<>]*>.*?</(?P=tag)>"
    r"|!\[[^\]]*\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\])"              # image
    r"|\[\^[^\[\]]+\](?!:)|<?https?://[^\s<>)]+>?|<[^\s<>@]+@[^\s<>@]+>|\\[!-/:-@\[-`{-~]|&\#?\w+;)" # footnote, address, escape, entity
    r"|\A(?:\[[ xX]\]|\[\^[^\[\]]+\]:|:) +"                                    # task, text of a footnote, definition
    r"|\](?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\[\]]+\])"                     # end of a link
    r"|\[(?=[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\](?:\(|\[[^\]]))"                # start of one
    r"|\[(?P<label>[^\[\]]+)\](?:\[\])?"                                       # perhaps a link by its own text
    r"|<[a-zA-Z/!][^<>]*>|(?:\*{1,3}|~~)(?=\S)|(?<=\S)(?:\*{1,3}|~~)|(?<!\w)_{1,3}(?=\w)|(?<=\S)_{1,3}(?!\w)"
    r"|(?<![\w=])==(?=[^\s=](?:[^=]*[^\s=])?==(?![\w=]))|(?<=[^\s=])==(?![\w=])"
)
PICTURE = re.compile(r"(!\[)([^\]]+)(\](?!\[\]).*)", re.DOTALL)   # what is said of it in the middle, unless it is the name of its address, too

Line = tuple[int, int]


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The document with its text translated; a paragraph keeps its number of lines, if it has words enough."""
    tokens, labels = parsed(content)
    starts = [0, *(row.end() for row in ROW.finditer(content))]
    paragraphs = list(found(content, tokens, starts))
    units = [unit(content, lines, labels) for lines in paragraphs]
    pictures = {picture[0]: picture for each in units for part in each[1::2] if (picture := PICTURE.fullmatch(part))}
    done = translate_units([*units, *(unit(picture[2], [(0, len(picture[2]))], labels) for picture in pictures.values())], translate)
    spoken = {text: picture[1] + "".join(said) + picture[3] for (text, picture), said in zip(pictures.items(), done[len(units) :], strict=True)}
    results = [[spoken.get(part, part) for part in each] for each in done[: len(units)]]
    changed = [(lines, new) for lines, old, new in zip(paragraphs, units, results, strict=True) if old != new]
    edits = [((lines[0][0], lines[-1][1]), written(content, lines, new)) for lines, new in changed]
    pages = list(html_blocks(content, tokens, starts))
    edits = sorted([*edits, *zip(pages, html.translate_pages([content[slice(*page)] for page in pages], translate), strict=True)])
    return splice(content, [span for span, _ in edits], [text for _, text in edits])


def parsed(content: str) -> tuple[list[Token], set[str]]:
    """The blocks of a document, and the labels by which its links may name their addresses."""
    try:
        from markdown_it import MarkdownIt
    except ImportError as error:
        raise ExtraError("Markdown files need the package markdown-it-py", fix="pip install 'mt[formats]'") from error
    front = FRONT_MATTER.match(content)
    hidden = re.sub(r"[^\r\n]", " ", front[0]) + content[front.end() :] if front else content
    environment: dict[str, Any] = {}
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse("".join(outdented(ROW.findall(hidden))), environment)
    return tokens, {label.casefold() for label in environment.get("references", {})}


def html_blocks(content: str, tokens: list[Token], starts: list[int]) -> Iterator[Line]:
    """Where the HTML between paragraphs stands; not that in quotations, whose marks are in its midst. `starts` are those of the rows."""
    for token in tokens:
        if token.type == "html_block" and token.map is not None:
            start, end = starts[token.map[0]], starts[token.map[1]]
            if content[start:end].split() == token.content.split():
                yield start, end


def found(content: str, tokens: list[Token], starts: list[int]) -> Iterator[list[Line]]:
    """The paragraphs, headings and cells of a document: where each of their lines of text stands, up to a hard break."""
    cursor = 0   # cells of one row are looked for one after the other
    for token in tokens:
        lines: list[Line] = []
        for row, text in text_lines(token):
            line = place(content, text, start=max(cursor, starts[row]), end=starts[row + 1])
            if lines and (line is None or BEGINS.match(text)):
                yield lines
                lines = []
            if line is None:
                continue
            cursor = line[1]
            rest = content[cursor : starts[row + 1]]
            is_broken = text.endswith("\\") or rest.startswith("  ") or ADMONITION.match(text)
            lines.append((line[0], cursor - text.endswith("\\")))
            if is_broken:
                yield lines
                lines = []
        if lines:
            yield lines


def outdented(rows: list[str]) -> Iterator[str]:
    """The rows of a document, those of admonitions and tabs as far left as if there were none: as they stand, they would be code."""
    columns: list[int] = []   # where the text of each admonition stands that is open
    fence = ""
    for row in rows:
        text = row.lstrip(" ")
        column = len(row) - len(text)
        while columns and column < columns[-1] and text.strip():
            columns.pop()
            fence = ""
        yield row[INDENT * len(columns) :] if text.strip() else row
        if mark := FENCE.match(text):
            fence = "" if fence and mark[0].startswith(fence) else fence or mark[0]
        elif not fence and ADMONITION.match(text):
            columns.append(column + INDENT)


def text_lines(token: Token) -> list[tuple[int, str]]:
    """The lines of text a token holds, each with the number of the row it stands in."""
    if token.type != "inline" or token.map is None:
        return []
    return [(token.map[0] + i, line.strip()) for i, line in enumerate(token.content.split("\n"))]


def place(content: str, text: str, *, start: int, end: int) -> Line | None:
    """Where a line of text stands; None if there is none, or it is not what a reader sees.

    None also where markdown-it has changed it (a tab, say): better left than damaged.
    """
    if (titled := ADMONITION.match(text)) and titled[1]:
        at = content.rfind(titled[1], start, end)
        return (at, at + len(titled[1])) if at >= 0 else None
    if DIRECTIVE.match(text) or not text:
        return None
    for spelling in (text, text.replace("|", "\\|")):   # as cells of tables have it
        at = content.find(spelling, start, end)
        if at >= 0:
            return at, at + len(spelling)
    return None


def unit(content: str, lines: list[Line], labels: Container[str]) -> Unit:
    """The text of lines as one, and the inline markup in it."""
    text = " ".join(content[start:end] for start, end in lines)
    parts: Unit = []
    end = 0
    for match in MARKUP.finditer(text):
        if match["label"] and " ".join(match["label"].split()).casefold() not in labels:
            continue   # only brackets
        parts += [text[end : match.start()], Word(match[0]) if match["word"] or match["label"] else match[0]]
        end = match.end()
    return [*parts, text[end:]]


def written(content: str, lines: list[Line], unit: Unit) -> str:
    """A unit in the lines of its source, with what stood between them: line ends, indentation, > marks."""
    edges = [edge for line in lines for edge in line]
    return relined(unit, [content[start:end] for start, end in pairwise(edges)], BREAKABLE)
