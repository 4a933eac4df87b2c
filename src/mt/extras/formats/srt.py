"""Subtitles, SubRip or WebVTT: what is said is translated, cue by cue; numbers, timings, notes, styles and tags stay."""

from __future__ import annotations

import re
from itertools import pairwise

from mt.extras.formats import Options, Translate, relined, splice
from mt.extras.formats.units import Unit, translate_units

TIMING = r"[^\n]*\d\d:\d\d(?:[.,]\d{1,3})?[ \t]*-->[^\n]*"
CUE = re.compile(rf"^{TIMING}(?:\n|\Z)", re.MULTILINE)
# Up to a blank line, or to the next cue where the blank line is missing.
SAID = re.compile(rf"(?:(?!\s*$|[^\n]*-->|[ \t]*\d+[ \t]*\r?\n{TIMING})[^\n]*(?:\n|\Z))+", re.MULTILINE)
TAG = re.compile(r"(<[^<>\n]*>|\{\\[^{}\n]*\})")
SPEAKER = re.compile(r"\n(?=[ \t]*(?:<[^<>\n]*>)*[-–—]|<v[ .])")   # another one speaks
SPACE = re.compile(r"[ \t\r\n]+")


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The file with its cues translated; a cue keeps its number of lines, if it has words enough."""
    spans = [span for cue in CUE.finditer(content) for span in said(content, cue.end())]
    units: list[Unit] = [TAG.split(SPACE.sub(" ", content[start:end])) for start, end in spans]
    results = translate_units(units, translate)
    changed = [(span, new) for span, old, new in zip(spans, units, results, strict=True) if old != new]
    return splice(content, [span for span, _ in changed], [written(content[slice(*span)], new) for span, new in changed])


def said(content: str, start: int) -> list[tuple[int, int]]:
    """Where the text of the cue stands whose timing ends at `start`: as one, or a span for each who speaks."""
    match = SAID.match(content, start)
    if not match:
        return []
    text = match[0].rstrip()
    edges = [0, *(change.end() for change in SPEAKER.finditer(text)), len(text)]
    return [(start + first, start + first + len(text[first:last].rstrip())) for first, last in pairwise(edges)]


def written(source: str, unit: Unit) -> str:
    """What is said now, in as many lines as before, of about the same lengths."""
    return relined(unit, re.split(r"([ \t]*\r?\n[ \t]*)", source))
