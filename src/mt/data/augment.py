"""Pairs as people really type them: capitals, no full stop, no capital, a typing mistake; source and target stay in step."""

from __future__ import annotations

import random
from collections.abc import Callable

Change = Callable[[str, str, random.Random], tuple[str, str]]

FINAL = ".!?…;: \u00a0\u202f"


def upper_case(src: str, tgt: str, rng: random.Random) -> tuple[str, str]:
    """BOTH SIDES IN CAPITALS."""
    return src.upper(), tgt.upper()


def title_case(src: str, tgt: str, rng: random.Random) -> tuple[str, str]:
    """An English Headline Has Capitals; its French has one."""
    return " ".join(word[:1].upper() + word[1:] for word in src.rstrip(FINAL).split(" ")), tgt.rstrip(FINAL)


def no_final_punctuation(src: str, tgt: str, rng: random.Random) -> tuple[str, str]:
    """Neither side ends in a full stop, question or exclamation mark."""
    return src.rstrip(FINAL), tgt.rstrip(FINAL)


def question_without_mark(src: str, tgt: str, rng: random.Random) -> tuple[str, str]:
    """A source question without its mark, lower-cased; the target stays a question."""
    return lower_start(src, tgt, rng)[0].rstrip(FINAL) if src.endswith("?") else src, tgt


def lower_start(src: str, tgt: str, rng: random.Random) -> tuple[str, str]:
    """neither side begins with a capital, unless the word is I or written in capitals."""
    if src[:1].isupper() and tgt[:1].isupper() and not src.split(" ")[0].rstrip(",").isupper():
        return src[:1].lower() + src[1:], tgt[:1].lower() + tgt[1:]
    return src, tgt


def typing_mistake(src: str, tgt: str, rng: random.Random) -> tuple[str, str]:
    """Two letters of the source change places, or one is missing or doubled; the target is as it should be."""
    places = [i for i in range(1, len(src) - 1) if src[i - 1 : i + 2].isalpha()]
    if not places:
        return src, tgt
    i = rng.choice(places)
    typed = rng.choice([src[i + 1] + src[i], src[i + 1], src[i] + src[i] + src[i + 1]])
    return src[:i] + typed + src[i + 2 :], tgt


CHANGES: tuple[Change, ...] = (upper_case, title_case, no_final_punctuation, no_final_punctuation, question_without_mark, lower_start, typing_mistake)


def augment(src: str, tgt: str, rate: float, rng: random.Random) -> tuple[str, str]:
    """The pair, at `rate` changed in one of these ways; a change that would leave a side empty is not made."""
    if rng.random() >= rate:
        return src, tgt
    changed = rng.choice(CHANGES)(src, tgt, rng)
    return changed if all(changed) else (src, tgt)
