"""CSV and TSV: the cells of some columns, or of all, are translated; the head, other cells, quoting and line ends stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from mt.errors import DataError
from mt.extras.formats import Options, Translate, splice
from mt.extras.formats.units import translate_tagged

HINT = re.compile(r'"?sep=([^\r\n])"?[ \t]*(?:\r\n|[\r\n]|\Z)', re.IGNORECASE)   # a line for Excel
LOOK = 50   # rows looked at for what separates cells
QUOTED = re.compile(r'"((?:[^"]|"")*+)"')

Cell = tuple[int, int]


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The table with its cells translated; the first row is its head, and `fields` are names of its columns or numbers from 1."""
    hint = HINT.match(content)
    start = hint.end() if hint else 0
    by_itself = "\t" if options.format == "tsv" else max(",;\t|", key=lambda mark: fit(content, mark, start))
    delimiter = hint[1] if hint else by_itself
    rows = list(cells(content, delimiter, start))
    if not rows:
        return content
    columns = chosen([value(content[slice(*cell)]).strip() for cell in rows[0]], options.fields)
    spans = [cell for row in rows[1:] for number, cell in enumerate(row) if columns is None or number in columns]
    raw = [content[slice(*span)] for span in spans]
    results = translate_tagged(list(map(value, raw)), translate)
    return splice(content, spans, [written(result, cell, delimiter) for result, cell in zip(results, raw, strict=True)])


def fit(content: str, delimiter: str, start: int) -> tuple[bool, int]:
    """How well this separates cells: whether it makes as many of them in each of the first rows, more than one, and how many in the head."""
    rows = islice(cells(content, delimiter, start), LOOK)
    sizes = [len(row) for row in rows if row != [(row[0][0], row[0][0])]]   # not of blank lines
    return len(set(sizes)) == 1 < sizes[0], sizes[0] if sizes else 0


def cells(content: str, delimiter: str, start: int) -> Iterator[list[Cell]]:
    """The rows of a table, from `start` on, each as where its cells stand, quotes included; the csv module would forget that.

    A quoted cell may have several lines; not with tabs, since files of that kind often have quotes that are just text.
    """
    mark = re.escape(delimiter)
    inside = r'[^"\t\r\n]' if delimiter == "\t" else '[^"]'
    quoted = rf'"(?:{inside}|"")*+"(?={mark}|[\r\n]|\Z)'
    cell = re.compile(rf"(?: *(?={quoted}))?(?P<cell>{quoted}|[^{mark}\r\n]*)(?P<end>{mark}|\r\n|[\r\n]|\Z)")
    row: list[Cell] = []
    while start < len(content) or row:
        match = cell.match(content, start)
        assert match, "the second branch matches anything"
        row.append(match.span("cell"))
        start = match.end()
        if match["end"] != delimiter:
            yield row
            row = []


def chosen(head: list[str], fields: tuple[str, ...]) -> set[int] | None:
    """The numbers, from 0, of the columns to translate; None for all. Raises DataError for one the table has not."""
    numbers = set()
    for field in fields:
        if field in head:
            numbers.add(head.index(field))
        elif field.isdecimal() and 0 < int(field) <= len(head):
            numbers.add(int(field) - 1)
        else:
            raise DataError(f"the table has no column {field!r}", fix=f"its columns are {', '.join(head)}")
    return numbers if fields else None


def value(cell: str) -> str:
    """What a cell says."""
    match = QUOTED.fullmatch(cell)
    return match[1].replace('""', '"') if match else cell


def written(text: str, cell: str, delimiter: str) -> str:
    """A cell that says `text`, quoted if the one in its place was, or if what is new in it asks for that."""
    if text == value(cell):
        return cell
    needs_quotes = delimiter != "\t" and any(mark in text and mark not in cell for mark in (delimiter, '"', "\n", "\r"))
    return '"' + text.replace('"', '""') + '"' if QUOTED.fullmatch(cell) or needs_quotes else text
