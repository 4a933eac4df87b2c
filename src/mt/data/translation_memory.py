"""Text whose French is known already: short text that a model brings along, and what a translator has kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mt.errors import DataError, RunError, UsageError
from mt.run import read_text
from mt.text.normalize import NO_BREAK, in_one_line, no_break_spaces, normalize, with_plain_spaces

LABEL = re.compile(r"(.*\w) ?(:|…|\.\.\.)")   # Name: and Save as...
ACRONYM = 3   # letters of the longest word in capitals that is taken for one


@dataclass(frozen=True)
class TranslationMemory:
    """English, normalised, and its French, and what gives that the spaces it is to have."""

    entries: dict[str, str]
    spaced: Callable[[str], str] = str

    @classmethod
    def of_model(cls, phrases: Path) -> TranslationMemory:
        """That of a model folder's file, if it has one; raises RunError where a line is no English, a tab and French."""
        try:
            lines = read_text(phrases).splitlines() if phrases.is_file() else []
            entries = dict(line.split("\t") for line in lines)
        except (DataError, ValueError) as error:
            raise RunError(f"{phrases} is damaged: {error}", fix="write English, a tab, French on each line, or remove the file") from error
        curly = {english for english in entries if not english.isascii()}   # quotes, for the most part; to normalise all would take its time
        return cls(entries | {normalize(english): entries[english] for english in curly}, no_break_spaces)

    @classmethod
    def of_user(cls, source: str) -> TranslationMemory:
        """That of a file as mt prepare takes it, the last of several translations; raises what reading it raises."""
        from mt.data.sources import parse_source, read_source

        wanted = parse_source(source)
        if wanted.name != source or not wanted.files:
            raise UsageError(f"{source} is no file", fix="give a .tsv, .tmx or .jsonl file, or a.en,a.fr")
        pairs = ((normalize(with_plain_spaces(src)), in_one_line(tgt)) for src, tgt in read_source(wanted))
        return cls({english: french for english, french in pairs if english and french})

    def find(self, english: str) -> str | None:
        """The French of a normalised text, or of a label with its colon or dots; None where it is not known.

        As it stands there, where it is written alike; where only the capitals differ, with those of the text.
        """
        label = LABEL.fullmatch(english)
        is_label = label is not None and (label[2] == ":" or " " in label[1])   # "Well..." is none
        candidates = [(english, ""), *([(label[1], label[2].replace(":", f"{NO_BREAK}:"))] if label and is_label else [])]
        for find in (self.entries.get, self.in_other_capitals):
            for text, end in candidates:
                if french := find(text):
                    return self.spaced(french) + end
        return None

    def in_other_capitals(self, english: str) -> str | None:
        """The French of a text that stands here with other capitals: Polish is not polish, but Opening Hours are opening hours."""
        first_swapped = self.entries.get(english[:1].swapcase() + english[1:])
        if first_swapped:
            return first_swapped[:1].upper() + first_swapped[1:] if english[:1].isupper() else first_swapped
        is_name = " " not in english and not (english.isupper() and len(english) > ACRONYM)
        found = None if is_name else self.in_small_letters.get(english.lower())
        return found and (found.upper() if english.isupper() else found[:1].upper() + found[1:] if english[:1].isupper() else found)

    @cached_property
    def in_small_letters(self) -> dict[str, str]:
        """The French by English in small letters; of several the last."""
        return {english.lower(): french for english, french in self.entries.items()}
