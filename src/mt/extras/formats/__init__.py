"""Files of other kinds than plain text: their text is translated, and every other byte stays as it is.

A format is one file here with one function, `translate_file(content, translate, options)`: str to str, or bytes to bytes for
docx. It finds what is text, has it translated, and puts it back in the place it was cut from. Where text has bold words and
links inside, `units` keeps them.
"""

from __future__ import annotations

import importlib
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.errors import UsageError
from mt.run import decoded
from mt.text.casing import has_letters

Translate = Callable[[list[str]], list[str]]   # as many texts back, in the same order; a text may have several sentences

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

    `translate` is called with all the file's texts at once, and then perhaps with a few more, for those whose markup found no
    place; never with the same text twice. DataError: the content is not of this format. ExtraError: a package is missing.
    """
    if options.format not in FORMATS:
        raise UsageError(f"there is no format {options.format!r}", fix=f"give one of {', '.join(FORMATS)}")
    leaf = importlib.import_module(f"{__name__}.{FORMATS[options.format][0]}")
    if options.format == "docx":
        result: bytes = leaf.translate_file(content, once(translate), options)
        return result
    text, mark, encoding = decoded(content)
    return mark + str(leaf.translate_file(text, once(translate), options)).encode(encoding, "replace")


def once(translate: Translate) -> Translate:
    """The same, but a text that was asked for before is remembered."""
    known: dict[str, str] = {}

    def remembering(texts: list[str]) -> list[str]:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, translate(new) if new else [], strict=True))
        return [known[text] for text in texts]

    return remembering


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


def splice(text: str, spans: Sequence[tuple[int, int]], replacements: Sequence[str]) -> str:
    """The text with each span, in order, replaced."""
    parts, end = [], 0
    for (start, stop), replacement in zip(spans, replacements, strict=True):
        parts += [text[end:start], replacement]
        end = stop
    return "".join([*parts, text[end:]])


def relined(parts: Sequence[str], lines: Sequence[str], space: str = " ") -> str:
    """Text, markup, text, …, text as one, broken where its source is; in one line where it has too few spaces.

    `lines` are the source's line, break, line, …; `space` is a pattern of the one space, not in markup, that may become a break.
    """
    text = "".join(parts)
    places = [match.start() for match in re.finditer(space, "".join(part.replace(" ", "_") if i % 2 else part for i, part in enumerate(parts)))]
    breaks = lines[1::2]
    if not breaks or len(places) < len(breaks):
        return text
    scale = len(text) / (sum(map(len, lines[::2])) + len(breaks))
    broken, end, length, first = [], 0, 0, 0
    for i, line_break in enumerate(breaks):
        length += len(lines[2 * i])
        goal = (length + i) * scale
        near = bisect_left(places, goal, first, len(places) - (len(breaks) - i))   # there must be one left for each other break
        near -= near > first and goal - places[near - 1] < places[near] - goal
        broken += [text[end : places[near]], line_break]
        end, first = places[near] + 1, near + 1
    return "".join([*broken, text[end:]])
