"""A document as sentences and everything between them, so that its layout survives translation byte for byte."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What stands in front of a line's first sentence: indentation, quote marks of e-mails, list bullets, heading marks.
LINE_START = re.compile(r"\s*(?:>+[ \t]*)*(?:(?:[-*+•–—]|#{1,6}|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+)?\s*")
LINE_BREAK = re.compile(r"(\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])")
# A possible sentence end: a mark or several, closing quotes or brackets, then space.
END = re.compile(r"([.!?…]+)([\"'”’»)\]]*)(\s+)(?=\S)")

ABBREVIATIONS = frozenset(
    (
        "mr mrs ms dr prof rev gen sen rep gov capt col sgt lt st mt jr sr vs no nos vol fig figs eq sec ch pp ed eds approx est "
        "dept e.g i.e cf al etc viz inc ltd co corp univ ave blvd rd jan feb mar apr jun jul aug sep sept oct nov dec a.m p.m u.s "
        "u.k u.n ph.d b.a m.a"
    ).split()
)
MAY_END = frozenset(
    (
        "etc inc ltd co corp jr sr a.m p.m u.s u.k u.n ph.d b.a m.a al"
    ).split()
)   # end a sentence where a new one clearly begins
STARTERS = frozenset(
    (
        "the a an this that these those he she it we they you i in on at but and so then there if when what why how his her our "
        "my"
    ).split()
)


@dataclass(frozen=True)
class Document:
    """Sentences, and what stands before, between and after them: one `gap` more than there are sentences."""

    gaps: list[str]
    sentences: list[str]

    @classmethod
    def parse(cls, text: str, *, unwrap: bool = False) -> Document:
        """The document in a text. A line break ends a sentence.

        With `unwrap` the lines of a paragraph are joined first, for text that was wrapped by hand; its own line breaks
        are then gone from the rebuilt text, blank lines and list items stay.
        """
        gaps, sentences = [""], []
        for i, piece in enumerate(LINE_BREAK.split(join_wrapped(text) if unwrap else text)):
            if i % 2:
                gaps[-1] += piece
                continue
            start = LINE_START.match(piece)
            begin = start.end() if start else 0
            gaps[-1] += piece[:begin]
            for sentence, gap in split_line(piece[begin:]):
                sentences.append(sentence)
                gaps.append(gap)
        return cls(gaps, sentences)

    def rebuild(self, translations: Sequence[str]) -> str:
        """The text with each sentence replaced; with the sentences themselves, the text as it was."""
        parts = [self.gaps[0]]
        for translation, gap in zip(translations, self.gaps[1:], strict=True):
            parts += [translation, gap]
        return "".join(parts)


def split_line(line: str) -> list[tuple[str, str]]:
    """The sentences of a line, each with the space behind it."""
    parts, start = [], 0
    for match in END.finditer(line):
        if ends_sentence(line, start, match):
            parts.append((line[start : match.end(2)], match.group(3)))
            start = match.end()
    rest = line[start:]
    sentence = rest.rstrip()
    if sentence:
        parts.append((sentence, rest[len(sentence) :]))
    return parts


def ends_sentence(line: str, start: int, match: re.Match[str]) -> bool:
    """Whether what looks like the end of a sentence is one."""
    following = line[match.end() : match.end() + 40].lstrip("\"'“‘«([¿¡-–—")
    mark = match.group(1)
    if following[:1].islower():
        return False   # "No!" he said; e.g. this; and so on ... it went
    if mark != ".":
        return True
    word = line[max(start, match.start() - 40) : match.start()].rpartition(" ")[2].lstrip("\"'“‘«([").lower()
    next_word = re.match(r"[\w']*", following)
    begins_anew = next_word is not None and next_word.group().lower() in STARTERS and following[:1].isupper()
    if word in ABBREVIATIONS:
        return word in MAY_END and begins_anew
    if len(word) == 1 and word.isalpha() and word != "i":
        return begins_anew   # an initial: J. R. R. Tolkien
    return True


def join_wrapped(text: str) -> str:
    """The text with single line breaks inside paragraphs turned into spaces."""
    lines = text.split("\n")
    joined = [lines[0]]
    for line in lines[1:]:
        begins_block = not line.strip() or not joined[-1].strip() or LIST_ITEM.match(line)
        joined.append(line) if begins_block else joined.append(f"{joined.pop().rstrip()} {line.lstrip()}")
    return "\n".join(joined)


LIST_ITEM = re.compile(r"\s*(?:[-*+•]|#{1,6}|\d{1,3}[.)])\s")
