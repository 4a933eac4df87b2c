"""Rules that keep bad pairs out of training, one predicate each; test sets that are given never pass through here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from mt.data.sources import Pair

MAX_CHARACTERS = 1000
NUMBER = re.compile(r"\d{3,}")
LONG_ENOUGH = 20   # characters from which lengths can be compared
UNTRANSLATED = 3   # words up to which a name may stand unchanged in French


@dataclass(frozen=True)
class Rule:
    """What a pair must not be."""

    name: str
    breaks: Callable[[Pair], bool]


def is_empty(pair: Pair) -> bool:
    """A side is missing."""
    return not pair.src or not pair.tgt


def is_too_long(pair: Pair) -> bool:
    """A side is rather a paragraph."""
    return max(len(pair.src), len(pair.tgt)) > MAX_CHARACTERS


def has_no_letters(pair: Pair) -> bool:
    """A side says nothing in words."""
    return not any(map(str.isalpha, pair.src)) or not any(map(str.isalpha, pair.tgt))


def is_untranslated(pair: Pair) -> bool:
    """Both sides are the same, and more than a name."""
    return pair.src == pair.tgt and len(pair.src.split()) > UNTRANSLATED


def is_mojibake(pair: Pair) -> bool:
    """UTF-8 was read as another encoding somewhere."""
    return any(mark in side for side in pair for mark in ("\ufffd", "Ã©", "Ã¨", "â€"))


def numbers_differ(pair: Pair) -> bool:
    """A number of three digits or more stands on one side only; separators are passed over."""
    src, tgt = (sorted(NUMBER.findall(re.sub(r"(?<=\d)[,.\s\u00a0\u202f](?=\d{3})", "", side))) for side in pair)
    return src != tgt


def lengths_differ(max_ratio: float) -> Callable[[Pair], bool]:
    """One side is several times as long as the other (characters)."""

    def breaks(pair: Pair) -> bool:
        shorter, longer = sorted((len(pair.src), len(pair.tgt)))
        return longer > LONG_ENOUGH and longer > max_ratio * shorter

    return breaks


def rules(max_length_ratio: float) -> list[Rule]:
    """All rules, the cheapest first."""
    return [
        Rule("empty side", is_empty),
        Rule("too long", is_too_long),
        Rule("no letters", has_no_letters),
        Rule("untranslated", is_untranslated),
        Rule("lengths differ", lengths_differ(max_length_ratio)),
        Rule("broken encoding", is_mojibake),
        Rule("numbers differ", numbers_differ),
    ]


def broken_rule(pair: Pair, applied: list[Rule]) -> str | None:
    """The name of the first rule the pair breaks, None for a good pair."""
    return next((rule.name for rule in applied if rule.breaks(pair)), None)
