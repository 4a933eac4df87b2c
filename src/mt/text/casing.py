"""TEXT LIKE THIS Or Like This, in the small letters that the network has learned from."""

from __future__ import annotations

import re
from collections.abc import Callable

from mt.text.tokenizer import Tokenizer

WORD = re.compile(r"(?<!\w)((?![A-Z]\.)[^\W\d_]+(?:['’][^\W\d_]+)*)(?!\w)")   # initials are none
COMMON = -16.0        # log-probability of a word that the vocabulary has whole, or almost
SURER = 0.5, 5.0      # by how much a word must be likelier without its capital: a common one, and others, which may be names
EVERYWHERE = -7.0     # log-probability of the, of, is: with a capital they are in no name, but in titles
MOST = 0.8            # of a title's words with a capital want none; at least 3 (The White House is no title)


def has_letters(text: str) -> bool:
    """Whether there is anything to translate."""
    return any(map(str.isalpha, text))


def is_shouted(text: str) -> bool:
    """WHETHER IT IS WRITTEN LIKE THIS: at least two words, so that NASA is none."""
    return text.isupper() and sum(map(has_letters, text.split())) > 1


def sentence_case(text: str, tokenizer: Tokenizer, written: Callable[[str], str | None]) -> str:
    """The sentence as it would stand in running text: words in capitals are spelled letter by letter and translated far worse.

    `written` says how running text writes a word, or None; what the tokenizer finds likelier decides then.
    """
    parts = WORD.split(text)   # what stands between the words, and the words
    words = parts[3::2]   # but the first
    if is_shouted(text):
        usual = [written(word) or max(word.lower(), word.capitalize(), key=tokenizer.log_probability) for word in parts[1::2]]
        parts[1::2] = [*(word[:1].upper() + word[1:] for word in usual[:1]), *usual[1:]]
    else:
        small = small_in_title(words, tokenizer, written)
        parts[3::2] = [word.lower() if word in small else word for word in words]
    return "".join(parts)


def small_in_title(words: list[str], tokenizer: Tokenizer, written: Callable[[str], str | None]) -> set[str]:
    """The words of a title that running text has in small letters: Weather, but not London. None where it is no title."""
    capitals = {word for word in words if word[0].isupper() and (word in ("I", "A") or not word.isupper())}   # IT is no pronoun
    if len(capitals) < 2 or any(word.islower() and len(word) > 4 for word in words):
        return set()
    likely = {word: tokenizer.log_probability(word.lower()) for word in capitals}
    usual = {word: written(word) for word in capitals}
    small = {
        word for word in capitals
        if (known.islower() if (known := usual[word]) else likely[word] > tokenizer.log_probability(word) + SURER[likely[word] < COMMON])
    }   # fmt: skip
    return small if any(likely[word] > EVERYWHERE for word in small) or len(small) >= max(3, MOST * len(capitals)) else set()
