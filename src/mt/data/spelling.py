"""The words of the training text: how often each stands there, with which capitals, and which of them a mistyped one was meant to be.

A word is read as the one that makes (times it stands in the text) x (how likely this is typed for it) the largest: the noisy
channel of Kernighan, Church and Gale (1990), for mistakes of one letter. In doubt a word stays: one that the text lacks may be right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from mt.errors import RunError
from mt.text.informal import written_out

if TYPE_CHECKING:
    from mt.data.sources import Pair

VOWELS = frozenset("aeiouy")
LETTERS = "abcdefghijklmnopqrstuvwxyz'"   # of which English words are made
CODE = r"[^\s\w.,;:!?'\"()-]"   # what stands beside names of files and in programs, such as / and =, not beside words
WORD = re.compile(rf"(?<![\w'.-])(?<!{CODE})(?:^[A-Z])?[a-z]+(?:'[a-z]+)*(?![\w'(-]|[.]\w|{CODE})")   # or the first word, with its capital
FRENCH = re.compile(r"(?<!\w)(?:le|les|des|du|une|dans|avec|vous|nous|que|qui|et|ne|pas|votre|notre|sont)(?!\w)")
ENOUGH = 10**7     # words that a text must have, for what it lacks to be rare; with less nothing is mended
LINE = re.compile("([A-Za-z']+)\t([0-9]+)(?:\t([a-z']+))?\n")   # of the file: a word as it is mostly written, how often, how else
SMALL = "-"        # before a word: as it stands in small letters
SELDOM = 20        # a name stands in small letters once in so many times, or less
LEAST = 3          # times a word must stand in the text to be kept
FREQUENT = 10      # a word that stands there more often is no mistake
WRITTEN_RIGHT = 0.1   # share of a rare word's times; the others are taken for mistakes of the text itself
UNSEEN = 1 / 60    # times the text has a word that it has not, or less than LEAST times
SHORTEST, LONGEST = 3, 24   # letters of words that are mended

# How likely it is that for a word this is typed:
APOSTROPHE = 1e-2  # its apostrophe is missing
SLIP = 3e-4        # two of its letters change places, one is doubled, or one of two is missing
MISSING = 1e-4     # another letter is missing
EXTRA = 2e-5       # another is too many
VOWEL = 2e-5       # one vowel stands for another
OTHER = 5e-6       # any letter for another
RARELY = 0.1       # times these four: in the first letter, and once more in short words, which are often right though the text lacks them
SHORT = 5          # letters of these, at the most


def count_words(pairs: Iterable[Pair]) -> Counter[str]:
    """How often each word stands in the English of the pairs, and how often as Word, as WORD and as -word, in small letters.

    In titles, and at the beginning of sentences, there is no telling these three.
    """
    forms, told = Counter[str](), Counter[str]()
    for pair in pairs:
        words = re.findall("[A-Za-z]+(?:'[A-Za-z]+)*", pair.src)
        forms.update(words)
        is_title = 2 * sum(map(str.islower, words)) < len(words)
        told.update(() if is_title else words[1:])
    counts = Counter[str]()
    for form, times in forms.items():
        counts[form.lower()] += times
        counts[SMALL + form if form.islower() else form] += told[form]
    return +counts


def as_lines(counts: Counter[str]) -> str:
    """Word, a tab, how often: the most frequent first, without those that are too rare or too long.

    As it is mostly written, in small letters, with a capital or in capitals; after another tab in small letters, where it is that as well.
    """
    rows = sorted((-times, word) for word, times in counts.items() if word.islower() and word[0] != SMALL and times >= LEAST and len(word) <= LONGEST)
    return "".join(f"{mostly(word, counts)}\t{-times}{also_small(word, counts)}\n" for times, word in rows)


def mostly(word: str, counts: Counter[str]) -> str:
    """Word or WORD where that is how it is mostly written."""
    form = max((word.upper(), word.capitalize()), key=counts.__getitem__)
    return form if counts[form] > counts[SMALL + word] else word


def also_small(word: str, counts: Counter[str]) -> str:
    """A tab and the word, where it is mostly written otherwise, but in small letters, too."""
    return f"\t{word}" if counts[mostly(word, counts)] < SELDOM * counts[SMALL + word] and mostly(word, counts) != word else ""


class Spelling:
    """Mends mistyped words; without the words of a large text it mends none."""

    def __init__(self, lines: str = "") -> None:
        self.lines = f"\n{lines}"
        self.meant = lru_cache(1 << 16)(self.find_meant)
        self.written = lru_cache(1 << 16)(self.find_written)

    @classmethod
    def load(cls, path: Path) -> Spelling:
        """From the file of a model folder, if it has one; raises RunError where it is damaged."""
        try:
            lines = path.read_bytes().decode() if path.is_file() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"cannot read {path}: {error}", fix="copy the folder again, or remove the file") from error
        if lines.count("\t") < lines.count("\n") or "\r" in lines or (lines and not lines.endswith("\n")):
            raise RunError(f"{path} is damaged", fix="copy the folder again, or remove the file")
        return cls(lines)

    @property
    def listed(self) -> Counter[str]:
        """What `count_words` might have said of the lines, for all that they tell."""
        found = LINE.findall(self.lines)
        forms = {SMALL + word if word.islower() else word: SELDOM for word, _, _ in found} | {SMALL + small: 2 for _, _, small in found if small}
        return Counter({word.lower(): int(times) for word, times, _ in found} | (forms if self.has_capitals else {}))

    @cached_property
    def in_small_letters(self) -> str:
        """The lines, to look words up."""
        return self.lines.lower()

    @cached_property
    def has_capitals(self) -> bool:
        """Whether the lines tell names, as those of earlier models do not."""
        return re.search("\n[A-Z]", self.lines) is not None

    @cached_property
    def counts(self) -> dict[str, int]:
        """How often each word stands in the text, or nothing where that is too small; only a rare word asks for it."""
        listed = {word.lower(): int(times) for word, times, _ in LINE.findall(self.lines)}
        return listed if sum(listed.values()) >= ENOUGH else {}

    def times(self, word: str) -> float:
        """How often the text has a word: looked up, or searched while nothing has asked for all of them, which takes 30 ms."""
        if "counts" in vars(self):
            return self.counts.get(word, UNSEEN)
        line = self.find_line(word)
        return int(line[2]) if line else UNSEEN

    def find_line(self, word: str) -> re.Match[str] | None:
        """The line of a word in small letters."""
        return LINE.match(self.lines, self.in_small_letters.find(f"\n{word}\t") + 1)

    def find_written(self, word: str) -> str | None:
        """A word with the capitals that it has in running text; None where that is not known, or differs."""
        line = self.find_line(word.lower()) if self.has_capitals and len(word) > 1 else None
        return line[1] if line and not line[3] else None

    def mend(self, sentence: str) -> tuple[str, dict[str, str]]:
        """A normalised sentence with the words that were meant, and those that were typed, with what was meant.

        Of words with a capital, which are mostly names, only the first of a sentence may be mended. What is no word stays, and so does
        what is French already.
        """
        if self.lines == "\n" or len(set(FRENCH.findall(sentence.lower()))) > 1:
            return sentence, {}
        sentence, informal = written_out(sentence)
        mended = {word: self.meant(word) for word in WORD.findall(sentence)}
        text = WORD.sub(lambda match: mended[match[0]], sentence)
        return text, informal | {word: meant for word, meant in mended.items() if meant != word}

    def find_meant(self, word: str) -> str:
        """The word that was meant; the word itself where it is too frequent for a mistake, or nothing is likelier.

        Only slips and apostrophes are mended in what may be right: a name, a word of three letters, a form of a frequent word.
        """
        typed = word.lower()
        best, most = typed, self.times(typed)
        if most > FREQUENT or not SHORTEST <= len(typed) <= LONGEST or not self.counts:
            return word
        most = max(most * WRITTEN_RIGHT, UNSEEN) if word == typed else LEAST   # a name that the text lacks is likelier than a word
        may_be_wrong = word == typed and len(typed) > SHORTEST and all(self.times(stem) <= FREQUENT for stem in stems(typed))
        for other in one_letter_away(typed):
            if other in self.counts and not VOWELS.isdisjoint(other):   # str and css are abbreviations, as srt may be
                how = mistake(typed, other)
                likely = self.counts[other] * how
                if how < SLIP:
                    likely *= RARELY ** ((typed[0] != other[0]) + (len(typed) <= SHORT)) * may_be_wrong
                if likely > most:
                    best, most = other, likely
        best = best if best == typed else self.written(best) or best
        return word if best == typed else best[:1].upper() + best[1:] if word != typed else best


def stems(word: str) -> list[str]:
    """What may be a word with an ending or a beginning less: newts, statins, tweeters, nonlinear, rewire."""
    shorter = [word.removesuffix(ending) for ending in ("s", "er", "ers") if word.endswith(ending)]
    return shorter + [word.removeprefix(beginning) for beginning in ("re", "non") if word.startswith(beginning)]


def one_letter_away(word: str) -> Iterator[str]:
    """What one letter taken, added, changed or moved by one makes of a word."""
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        yield from (before + letter + after for letter in LETTERS)
        if after:
            yield before + after[1:]
            yield before + after[1:2] + after[0] + after[2:]
            yield from (before + letter + after[1:] for letter in LETTERS)


def mistake(typed: str, meant: str) -> float:
    """How likely it is that one word is typed for another, one letter away."""
    same = next((i for i, (one, other) in enumerate(zip(typed, meant, strict=False)) if one != other), min(len(typed), len(meant)))
    if len(typed) == len(meant):
        swapped = typed[same : same + 2] == meant[same : same + 2][::-1]
        return SLIP if swapped else VOWEL if VOWELS.issuperset((typed[same], meant[same])) else OTHER
    longer = max(typed, meant, key=len)
    if longer is meant and meant[same] == "'":
        return APOSTROPHE
    doubled = same > 0 and longer[same] == longer[same - 1]
    return SLIP if doubled else MISSING if longer is meant else EXTRA
