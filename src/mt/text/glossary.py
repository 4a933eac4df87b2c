"""A glossary: terms that must be translated as its owner says, or not at all.

    dashboard<TAB>tableau de bord
    Acme Cloud                        alone: stays as it is
    # a comment
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mt.errors import DataError
from mt.run import read_text
from mt.text.casing import is_shouted
from mt.text.literals import Literal, literals
from mt.text.normalize import in_one_line
from mt.text.typography import plain


@dataclass(frozen=True)
class Glossary:
    """Terms and their translations. A term with capitals is found only as it is written, another one in any case."""

    entries: dict[str, str]

    @classmethod
    def load(cls, path: Path) -> Glossary:
        """The glossary in a UTF-8 file of lines TERM<TAB>TRANSLATION or TERM; raises DataError for another kind of line."""
        entries: dict[str, str] = {}
        for number, line in enumerate(unicodedata.normalize("NFC", read_text(path)).splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            first, *rest = (column.strip() for column in line.split("\t"))
            term = " ".join(first.split())
            target = re.sub(" +", " ", in_one_line(rest[0])) if rest and rest[0] else term   # its no-break spaces stay
            if not term or len(rest) > 1 or not any(map(str.isalnum, term)):
                raise DataError(f"{path}, line {number}: {line!r} is no glossary entry", fix="write TERM, a tab and its translation, or TERM alone")
            if entries.setdefault(term, target) != target:
                raise DataError(f"{path}, line {number}: {term!r} already has the translation {entries[term]!r}", fix="keep one of the two")
        return cls(entries)

    def find(self, text: str) -> list[Literal]:
        """The terms in a text, in order, the longest where several begin at one place; none inside a URL or the like."""
        hard = [literal for literal in literals(text) if literal.kind != "number"]
        found = []
        for match in self.pattern.finditer(text) if self.entries else ():
            if any(literal.start <= match.start() < literal.end for literal in hard):
                continue
            term = " ".join(match[0].split())
            target = self.entries.get(term) or self.uncased[term.lower()]
            if term[:1].isupper() and term not in self.entries and not any(map(str.isalnum, text[: match.start()])):
                target = target[:1].upper() + target[1:]   # a term in small letters that begins a sentence
            found.append(Literal("term", match[0], match.start(), target.upper() if is_shouted(text) else target))
        return found

    @cached_property
    def uncased(self) -> dict[str, str]:
        """The entries without capitals."""
        return {term: target for term, target in self.entries.items() if term == term.lower()}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds a term, its words with any space between them; by first letters, since of thousands of terms few can begin at a place."""
        begun: dict[str, list[str]] = {}
        for term in sorted(self.entries, key=len, reverse=True):
            words = r"\s+".join(map(re.escape, term.split()))
            begun.setdefault(term[0].lower(), []).append(f"(?i:{words})" if term in self.uncased else words)
        choices = (f"(?=(?i:{re.escape(first)}))(?:{'|'.join(words)})" for first, words in begun.items())
        return re.compile(rf"(?<!\w)(?:{'|'.join(choices)})(?!\w)")

    def check(self, source: str, translation: str) -> list[Check]:
        """Whether each term of a source is in its translation as it should be, apart from capitals, typography and a French plural."""
        said = plain(translation).casefold() if self.entries else ""
        checks, left = [], dict[str, int]()
        for literal in self.find(source):
            target = plain(literal.target).casefold()
            left[target] = left.get(target, len(re.findall(rf"(?<!\w){re.escape(target)}(?:e?s|x|e)?(?!\w)", said))) - 1
            checks.append(Check(literal.text, literal.target, left[target] >= 0))
        return checks


@dataclass(frozen=True)
class Check:
    """One place where a term stands in a source, and whether its translation has it."""

    term: str
    target: str
    kept: bool
