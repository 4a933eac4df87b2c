"""The words of the training text: how often each stands there, and which of them a mistyped one was meant to be.

A word is read as the one that makes (times it stands in the text) x (how likely this is typed for it) the largest: the noisy
channel of Kernighan, Church and Gale (1990), for mistakes of one letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mt.data.sources import Pair

VOWELS = frozenset("aeiouy")
LETTERS = "abcdefghijklmnopqrstuvwxyz'"
CODE = r"[^\s\w.,;:!?'\"()-]"   # what stands beside names of files and in programs, not beside words
WORD = re.compile(rf"(?<![\w'./-])(?<!{CODE})(?:^[A-Z])?[a-z]+(?:'[a-z]+)*(?![\w'(/-]|[.]\w|{CODE})")   # or the first word, with its capital
LEAST = 3          # times a word must stand in the text to be kept
LONGEST = 24       # letters; what is longer is no word
SHORTEST = 3       # letters of a word that may be mistyped
UNSEEN = 1 / 60    # times the text has a word that it has not, or less than LEAST times
FREQUENT = 10      # times, from which on a word is no mistake

# How likely it is that for a word this is typed:
SLIP = 3e-4        # two of its letters change places, one is doubled or one of two is missing, or an apostrophe
MISSING = 1e-4     # another letter is missing
EXTRA = 2e-5       # another is too many
VOWEL = 2e-5       # one vowel stands for another
OTHER = 5e-6       # any letter for another
RARELY = 0.1       # of these in the first letter, and in words of three; not of slips


def count_words(pairs: Iterable[Pair]) -> Counter[str]:
    """How often each word stands in the English of the pairs, in small letters."""
    return Counter(word for pair in pairs for word in re.findall("[a-z]+(?:'[a-z]+)*", pair.src.lower()))


def as_lines(counts: Counter[str]) -> str:
    """Word, a tab, how often: the most frequent first, without those that are too rare or too long."""
    rows = sorted((-times, word) for word, times in counts.items() if times >= LEAST and len(word) <= LONGEST)
    return "".join(f"{word}\t{-times}\n" for times, word in rows)


class Spelling:
    """Mends mistyped words; without the words of a text it mends none."""

    def __init__(self, lines: str = "") -> None:
        self.lines = f"\n{lines}"
        self.meant = lru_cache(1 << 16)(self.find_meant)

    @classmethod
    def load(cls, path: Path) -> Spelling:
        """From the file of a model folder, if it has one."""
        return cls(path.read_text(encoding="utf-8") if path.is_file() else "")

    @cached_property
    def counts(self) -> dict[str, int]:
        """All the words; only a rare word asks for them."""
        return {word: int(times) for word, times in (line.split("\t") for line in self.lines.splitlines() if line)}

    def times(self, word: str) -> float:
        """How often the text has a word: looked up, or searched while nothing has asked for all of them, which takes 30 ms."""
        if "counts" in vars(self):
            return self.counts.get(word, UNSEEN)
        place = self.lines.find(f"\n{word}\t")
        return UNSEEN if place < 0 else int(self.lines[place + len(word) + 2 : self.lines.index("\n", place + 1)])

    def mend(self, sentence: str) -> str:
        """A normalised sentence with the words that were meant. Names, which have a capital, stay, and so does what is no word."""
        return WORD.sub(lambda match: self.meant(match[0]), sentence)

    def mended(self, sentences: Iterable[str]) -> dict[str, str]:
        """The mistyped words of sentences, and what was meant."""
        return {word: self.meant(word) for sentence in sentences for word in WORD.findall(sentence) if self.meant(word) != word}

    def find_meant(self, word: str) -> str:
        """The word that was meant; the word itself where it is too frequent for a mistake, or nothing is likelier."""
        typed = word.lower()
        best, most = typed, self.times(typed)
        if most > FREQUENT or not SHORTEST <= len(typed) <= LONGEST:
            return word
        for other in one_letter_away(typed):
            if other in self.counts and (likely := self.counts[other] * likelihood(typed, other, is_name=not word.islower())) > most:
                best, most = other, likely
        return word if best == typed else best if word.islower() else best.capitalize()


def one_letter_away(word: str) -> Iterator[str]:
    """What one letter taken, added, changed or moved by one makes of a word."""
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        yield from (before + letter + after for letter in LETTERS)
        if after:
            yield before + after[1:]
            yield before + after[1:2] + after[0] + after[2:]
            yield from (before + letter + after[1:] for letter in LETTERS)


def likelihood(typed: str, meant: str, *, is_name: bool) -> float:
    """How likely it is that one word is typed for another, one letter away; what may be a name has only slips."""
    same = next((i for i, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), min(len(typed), len(meant)))
    letters = typed[same : same + 1], meant[same : same + 1]
    if len(typed) == len(meant):
        swapped = typed[same : same + 2] == meant[same : same + 2][::-1]
        likely = SLIP if swapped else VOWEL if VOWELS.issuperset(letters) else OTHER
    else:
        longer = max(typed, meant, key=len)
        doubled = same > 0 and longer[same] == longer[same - 1]
        likely = SLIP if doubled or letters[1] == "'" else MISSING if longer is meant else EXTRA
    return likely if likely == SLIP else 0 if is_name else likely * RARELY ** ((same == 0) + (len(typed) == SHORTEST))
