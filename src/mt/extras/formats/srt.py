"""Subtitles, SubRip or WebVTT: what is said is translated, cue by cue; numbers, timings, notes, styles and tags stay."""

from __future__ import annotations

import re

from mt.extras.formats import Options, Translate, Unit, splice, translate_units

TIMING = re.compile(r"^[^\n]*\d\d:\d\d[.,]\d{3}[ \t]*-->[^\n]*(?:\n|\Z)", re.MULTILINE)
SAID = re.compile(r"(?:(?!\s*$|[^\n]*-->)[^\n]*(?:\n|\Z))+", re.MULTILINE)   # up to a blank line
TAG = re.compile(r"(<[^<>\n]*>|\{\\[^{}\n]*\})")
SPEAKER = re.compile(r"(?m)^\s*(?:<[^>]*>)*[-–—]")      # two people speak: a line each
WORD = re.compile(r"(?:<[^<>]*>|\{\\[^{}]*\}|[^\s<{]|[<{])+")


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The file with its cues translated; a cue keeps its number of lines."""
    spans = [span for timing in TIMING.finditer(content) for span in said(content, timing.end())]
    texts = [content[start:end] for start, end in spans]
    units: list[Unit] = [TAG.split(re.sub(r"\s+", " ", text)) for text in texts]
    results = ["".join(unit) for unit in translate_units(units, translate)]
    return splice(content, spans, [rewrapped(text, result) for text, result in zip(texts, results, strict=True)])


def said(content: str, start: int) -> list[tuple[int, int]]:
    """Where the text of the cue stands whose timing ends at `start`: as one, or a line each where two people speak."""
    match = SAID.match(content, start)
    if not match:
        return []
    text = match[0].rstrip()
    if not SPEAKER.search(text):
        return [(start, start + len(text))]
    return [(start + line.start(), start + line.end()) for line in re.finditer(r"[^\r\n]+", text)]


def rewrapped(source: str, result: str) -> str:
    """The translation in as many lines as its source, of about the same length; the source itself where they are the same."""
    if re.sub(r"\s+", " ", source) == result:
        return source
    lines = re.split(r"(\r?\n)", source)
    count, words = len(lines[::2]), WORD.findall(result)
    if count == 1 or len(words) < count:
        return result
    rows, goal = [[words[0]]], len(result) / count
    for i, word in enumerate(words[1:], 1):
        missing = count - len(rows)
        is_full = sum(map(len, rows[-1])) + len(rows[-1]) + len(word) / 2 > goal
        if missing and (is_full or len(words) - i == missing):
            rows.append([])
        rows[-1].append(word)
    return lines[1].join(" ".join(row) for row in rows)
