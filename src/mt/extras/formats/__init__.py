"""Files of other kinds than plain text: their text is translated, and every other byte stays as it is.

A format is one file here with one function, `translate_file(content, translate, options)`: str to str, or bytes to bytes for
docx. It finds what is text, has it translated, and puts it back in the place it was cut from.
"""

from __future__ import annotations

import codecs
import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.errors import DataError, UsageError

Translate = Callable[[list[str]], list[str]]   # as many texts back, in the same order; a text may have several sentences
Unit = list[str]                               # text, markup, text, …, text: what belongs to one paragraph

# Name on the command line: the file here that reads it, and the suffixes it is chosen by.
FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "txt": ("txt", (".txt", ".text", "")),
    "md": ("md", (".md", ".markdown")),
    "html": ("html", (".html", ".htm", ".xhtml")),
    "srt": ("srt", (".srt",)),
    "vtt": ("srt", (".vtt",)),
    "po": ("po", (".po", ".pot")),
    "json": ("json", (".json",)),
    "jsonl": ("json", (".jsonl", ".ndjson")),
    "csv": ("table", (".csv",)),
    "tsv": ("table", (".tsv", ".tab")),
    "docx": ("docx", (".docx",)),
}
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Options:
    """What a format may need to know."""

    format: str = "txt"
    fields: tuple[str, ...] = ()   # of JSON: keys or dotted paths; of a table: names or numbers of columns; none: all text
    unwrap: bool = False           # of txt: the lines of a paragraph are joined


def format_of(path: Path) -> str:
    """The name of the format that a file's suffix tells; raises UsageError for a suffix no format has."""
    for name, (_, suffixes) in FORMATS.items():
        if path.suffix.lower() in suffixes:
            return name
    raise UsageError(f"{path}: no format has the suffix {path.suffix}", fix=f"give --format one of {', '.join(FORMATS)}")


def translate_file(content: bytes, translate: Translate, options: Options) -> bytes:
    """The bytes of a file, its text translated; in the encoding they came in, which is UTF-8, or UTF-16 with a mark.

    `translate` is called with all the file's texts at once, and sometimes a second time with the parts of those that came
    back without their markup. DataError: the content is not of this format. ExtraError: an optional package is missing.
    """
    if options.format not in FORMATS:
        raise UsageError(f"there is no format {options.format!r}", fix=f"give one of {', '.join(FORMATS)}")
    leaf = importlib.import_module(f"{__name__}.{FORMATS[options.format][0]}")
    if options.format == "docx":
        result: bytes = leaf.translate_file(content, translate, options)
        return result
    mark, encoding = next((each for each in MARKS if content.startswith(each[0])), (b"", "utf-8"))
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"line {line}: not {encoding.upper()} text", fix="convert it: iconv -f latin1 -t utf-8") from error
    return mark + str(leaf.translate_file(text, translate, options)).encode(encoding, "replace")


def translate_texts(texts: Sequence[str], translate: Translate) -> list[str]:
    """Each text translated, equal ones once; the space around it stays, and one without a letter is as it was."""
    wanted = list(dict.fromkeys(text.strip() for text in texts if has_letters(text)))
    found = dict(zip(wanted, translate(wanted), strict=True)) if wanted else {}
    results = []
    for text in texts:
        core = text.strip()
        start = text.find(core)
        results.append(text[:start] + found.get(core, core) + text[start + len(core) :])
    return results


def translate_units(units: Sequence[Unit], translate: Translate) -> list[Unit]:
    """Each unit with its texts translated together, its markup standing in them as <x1>, <x2>, …

    Where those do not come back in order, or a text between them is gone, its texts are translated one by one: markup is
    never lost.
    """
    coded = [code(unit) for unit in units]
    whole = [decode(unit, result) for unit, result in zip(units, translate_texts(coded, translate), strict=True)]
    failed = [unit for unit, result in zip(units, whole, strict=True) if result is None]
    texts = iter(translate_texts([text for unit in failed for text in unit[::2]], translate))
    one_by_one = ([next(texts) if i % 2 == 0 else markup for i, markup in enumerate(unit)] for unit in failed)
    return [result if result is not None else next(one_by_one) for result in whole]


def core(unit: Unit) -> tuple[int, int]:
    """The first and the last of a unit's texts that have a letter; what is around them need not be seen."""
    spoken = [i for i in range(0, len(unit), 2) if has_letters(unit[i])]
    return (spoken[0], spoken[-1]) if spoken else (0, 0)


def code(unit: Unit) -> str:
    """A unit as one text; nothing where its own text looks like a code."""
    first, last = core(unit)
    if first != last and any(re.search(r"<x\d+>", text) for text in unit[::2]):
        return ""
    return "".join(part if i % 2 == 0 else f"<x{i // 2 + 1}>" for i, part in enumerate(unit[first : last + 1]))


def decode(unit: Unit, translation: str) -> Unit | None:
    """The unit that a coded translation stands for; None when a code or a text is missing."""
    first, last = core(unit)
    parts = re.split(r"<x(\d+)>", translation)
    count = (last - first) // 2
    if parts[1::2] != [str(i + 1) for i in range(count)]:
        return None
    if any(has_letters(old) and not has_letters(new) for old, new in zip(unit[first : last + 1 : 2], parts[::2], strict=True)):
        return None
    result = list(unit)
    result[first : last + 1 : 2] = parts[::2]
    return result


def splice(text: str, spans: Sequence[tuple[int, int]], replacements: Sequence[str]) -> str:
    """The text with each span, in order, replaced."""
    parts, end = [], 0
    for (start, stop), replacement in zip(spans, replacements, strict=True):
        parts += [text[end:start], replacement]
        end = stop
    return "".join([*parts, text[end:]])


def has_letters(text: str) -> bool:
    """Whether there is anything to translate."""
    return any(map(str.isalpha, text))
