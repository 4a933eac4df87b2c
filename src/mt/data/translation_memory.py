"""Sentences whose French is known already: those of the model's own phrasebook, and those that a translator has kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mt.errors import RunError
from mt.run import read_text
from mt.text.normalize import normalize
from mt.text.sentences import Document

LABEL = re.compile(r"(.*\w) ?(:|…|\.\.\.)")   # Name: and Save as...
MARKS = len('"..."')   # that may be typed about an entry


@dataclass(frozen=True)
class TranslationMemory:
    """English sentences, normalised, and their French."""

    entries: dict[str, str]

    @classmethod
    def load(cls, phrases: Path, source: str | None = None) -> TranslationMemory:
        """From the file of a model folder, if it has one, and a SOURCE of the user's, which goes first.

        Raises RunError where the file is damaged, and what reading a SOURCE raises.
        """
        lines = read_text(phrases) if phrases.is_file() else ""
        columns = lines.replace("\n", "\t").split("\t")
        if lines.count("\t") != lines.count("\n") or columns[-1]:
            raise RunError(f"{phrases} is damaged", fix="copy the folder again, or remove the file")
        entries = dict(zip(columns[:-1:2], columns[1::2], strict=True))   # normalised when it was made
        if source is not None:
            from mt.data.sources import parse_source, read_source

            entries |= {normalize(src): tgt for pair in read_source(parse_source(source)) for src, tgt in sentences(*pair) if tgt}
        return cls(entries)

    @cached_property
    def longest(self) -> int:
        """Letters of the longest sentence that may be found; what is longer need not be looked up."""
        return max(map(len, self.entries), default=0) + MARKS

    @cached_property
    def uncased(self) -> dict[str, str]:
        """The entries of several words in small letters: Polish is not polish, but Opening Hours are opening hours."""
        return {english.lower(): french for english, french in self.entries.items() if " " in english}

    def find(self, sentence: str) -> str | None:
        """The French of a normalised sentence, or of a label with its colon or dots, whatever capitals it has; None where it is not known."""
        label = LABEL.fullmatch(sentence)
        if label and (french := self.known(label[1])) and (label[2] == ":" or " " in label[1]):   # "Well..." is no label
            return french + " " * (label[2] == ":") + label[2]
        return self.known(sentence)

    def known(self, sentence: str) -> str | None:
        """The French of a sentence with just these marks."""
        other_case = sentence[:1].swapcase() + sentence[1:]
        return self.entries.get(sentence) or self.entries.get(other_case) or (self.uncased.get(sentence.lower()) if " " in sentence else None)


def sentences(src: str, tgt: str) -> Iterable[tuple[str, str]]:
    """A pair sentence by sentence, as text is looked up; whole where its sides have not as many."""
    english, french = Document.parse(src).sentences, Document.parse(tgt).sentences
    return zip(english, french, strict=True) if len(english) == len(french) else [(src, tgt.strip())]
