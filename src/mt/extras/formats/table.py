"""CSV and TSV: the cells of some columns, or of all, are translated; the head, other cells, quoting and line ends stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mt.errors import DataError
from mt.extras.formats import Options, Translate, splice, translate_texts

Cell = tuple[int, int]


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The table with its cells translated; the first row is its head, and `fields` are names of its columns or numbers from 1."""
    delimiter = "\t" if options.format == "tsv" else sniffed(content)
    rows = list(cells(content, delimiter))
    if not rows:
        return content
    columns = chosen([value(content[slice(*cell)]) for cell in rows[0]], options.fields)
    spans = [cell for row in rows[1:] for number, cell in enumerate(row) if columns is None or number in columns]
    raw = [content[slice(*span)] for span in spans]
    results = translate_texts(list(map(value, raw)), translate)
    return splice(content, spans, [written(result, cell, delimiter) for result, cell in zip(results, raw, strict=True)])


def sniffed(content: str) -> str:
    """What stands between the cells: the mark of , ; tab | that the head has most of."""
    head = re.sub(r'"[^"]*"', "", re.split(r"[\r\n]", content, maxsplit=1)[0])
    return max(",;\t|", key=head.count)


def cells(content: str, delimiter: str) -> Iterator[list[Cell]]:
    """The rows of a table, each as where its cells stand, quotes included; the csv module would forget that."""
    mark = re.escape(delimiter)
    cell = re.compile(rf'(?:"(?:[^"]|"")*"(?={mark}|[\r\n]|\Z)|[^{mark}\r\n]*)({mark}|\r\n|[\r\n]|\Z)')
    row: list[Cell] = []
    start = 0
    while start < len(content) or row:
        match = cell.match(content, start)
        if match is None:   # cannot be: the second branch matches anything
            raise DataError("not a table", fix="check the file")
        row.append((start, match.start(1)))
        start = match.end()
        if match[1] != delimiter:
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
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def written(text: str, cell: str, delimiter: str) -> str:
    """A cell that says `text`, quoted if the one in its place was, or if it must be."""
    if text == value(cell):
        return cell
    is_quoted = value(cell) != cell or text.startswith('"') or any(mark in text for mark in (delimiter, "\n", "\r"))
    return '"' + text.replace('"', '""') + '"' if is_quoted else text
