"""A document as sentences and everything between them, so that its layout survives translation byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# Where no sentence goes on: line breaks of every kind, also written as \n, what aligns or parts columns, boxes to tick; "✓ to save" goes on.
MARK = r"(?<!\S)(?:[|•·☐-☒□■▢●○◯⬜⬛]|[✓-✘»](?=\ufe0f?\s+[^\sa-z]))\ufe0f?(?!\S)"
LINE_BREAK = re.compile(rf"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|\t+| {{4,}}|{MARK}|(?<!:)(?:\\[nrt])+(?=[A-Z\s]|\Z)")
# What stands in front of a line's first sentence: indentation, quote marks of e-mails, list bullets, tick boxes, heading marks.
BULLET = r"(?:[-*+•‣◦▪●○■□·–—]|#{1,6}|\(?\d{1,3}[.)]|\(?(?:[a-z]|[IVX]+)[.)]|\(?[A-Z]\))[ \t]+"
LINE_START = re.compile(rf"\s*(?:>+[ \t]*)*(?:{BULLET}(?:\[[ xX]\][ \t]+)?)?\s*")
# A possible sentence end: marks, closing quotes, brackets and footnote numbers, space. Without the lookbehind dots take quadratic time.
SENTENCE_END = re.compile(r"""(?<![.!?…])([.!?…]+)((?:["'”’»)\]]|\[\d{1,3}\])*)(\s+)(?=\S)""")
OPENERS = "\"'“‘«([¿¡-–—"

LOOK = 40   # characters looked at on either side of a possible end; longer than any word in the lists below
WORD_BEFORE = re.compile(r"[^\s\"“«(\[]*\Z")
WORD_AFTER = re.compile(r"[A-Z][\w'’]*(?=[\s,;:]|\Z)")   # not the next of several initials
INITIALS = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")        # J, U.S, p.m
NUMBER = re.compile(r"[\d#]|[IVXLC]{2,}\b|[A-Z]-?\d")    # 5, #5, IV, B12

NEVER_END = frozenset(
    "mr mrs ms messrs dr prof rev hon gen sen rep gov pres capt cpt col cmdr maj sgt lt ste e.g i.e cf viz vs approx est ca esp incl".split()
)
# Abbreviations where a number follows, else words that end a sentence like any other: "No. 5", "He said no."
BEFORE_NUMBER = frozenset(
    "no nos nr vol vols fig figs eq sec sect art ch chap p pp para op tel ext max min jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
MAY_END = frozenset("inc ltd co corp bros jr sr st mt ave blvd rd dept univ ed eds al ph.d".split())   # as initials may: before STARTERS
# Words that are hardly ever part of a name: Mr. Will Smith, but "in the U.S. The".
STARTERS = frozenset("""the a an this that these those he she it we they you i in on at but and so then there if when what why how his her our my its
    their your it's i'm i've he's she's we're they're that's there's don't no not yes for from with to as by after before since during
    until without because although while however also who where which one some many most all each every both please do does did is are
    was were""".split())


@dataclass(frozen=True)
class Document:
    """Sentences, and what stands before, between and after them: one gap more than there are sentences."""

    gaps: list[str]
    sentences: list[str]

    @classmethod
    def parse(cls, text: str, is_one: Callable[[str], bool] = lambda _: False) -> Document:
        """The document in a text. A line break or a tab ends a sentence; a line of which `is_one` says so is a single sentence."""
        spans = list(sentence_spans(text, is_one))
        edges = [0, *(edge for span in spans for edge in span), len(text)]
        gaps = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
        return cls(gaps, [text[start:end] for start, end in spans])

    def rebuild(self, translations: Sequence[str]) -> str:
        """The text with each sentence replaced; with the sentences themselves, the text as it was."""
        return "".join(gap + translation for gap, translation in zip(self.gaps, [*translations, ""], strict=True))


def sentence_spans(text: str, is_one: Callable[[str], bool] = lambda _: False) -> Iterator[tuple[int, int]]:
    """Where each sentence of a text begins and ends; `is_one` is asked of every line, and of what follows its bullet, in one piece."""
    start = 0
    for line_break in LINE_BREAK.finditer(text):
        if line_break.start() > start:
            yield from line_spans(text, start, line_break.start(), is_one)
        start = line_break.end()
    yield from line_spans(text, start, len(text), is_one)


def line_spans(text: str, start: int, end: int, is_one: Callable[[str], bool] = lambda _: False) -> Iterator[tuple[int, int]]:
    """Where each sentence of the line text[start:end] begins and ends, the space around it left out."""
    end = start + len(text[start:end].rstrip())
    begin = end - len(text[start:end].lstrip())
    prefix = LINE_START.match(text, start, end)
    start = prefix.end() if prefix else start
    for first in (begin, start):
        if first < end and is_one(text[first:end]):
            yield first, end
            return
    for match in SENTENCE_END.finditer(text, start, end):
        if ends_sentence(text, start, match):
            yield start, match.end(2)
            start = match.end()
    if start < end:
        yield start, end


def ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether what looks like the end of the sentence that began at `start` is one; in doubt it goes on."""
    following = text[match.end() : match.end() + LOOK].lstrip(OPENERS)
    if following[:1].islower():
        return False   # "No!" he said; and so on ... it went
    if match[1] != ".":
        return True
    before = WORD_BEFORE.search(text[max(start, match.start() - LOOK) : match.start()])
    word = before[0].strip("'‘’.-–—").lower() if before else ""
    if word in NEVER_END:
        return False
    if word in BEFORE_NUMBER:
        return not NUMBER.match(following)
    if word in MAY_END or (INITIALS.fullmatch(word) and word != "i"):
        after = WORD_AFTER.match(following)
        return after is not None and after[0].lower().replace("’", "'") in STARTERS
    return True
