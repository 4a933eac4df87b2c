"""Laws of mending: what was meant is found, what is right stays, and so does all that is no word."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.data.sources import Pair
from mt.data.spelling import LEAST, Spelling, as_lines, count_words, likelihood, one_letter_away

TIMES = {
    **{"the": 500_000, "to": 200_000, "not": 60_000, "they": 40_000, "said": 30_000, "don't": 20_000, "great": 9_000, "would": 9_000},
    **{"where": 8_000, "bought": 3_000, "station": 2_500, "train": 2_000, "received": 2_000, "beautiful": 1_500, "definitely": 900},
    **{"month": 8_000, "cat": 800, "bough": 5, "government": 60_000, "goverment": 4},
}
SPELLING = Spelling(as_lines(Counter(TIMES)))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("teh trian", "the train"),                      # two letters change places
        ("they siad", "they said"),
        ("beautifull staation", "beautiful station"),    # one is doubled
        ("dont", "don't"),                               # the apostrophe is missing
        ("recived", "received"),                         # a letter is missing
        ("grreat staction", "great station"),            # one too many
        ("definately", "definitely"),                    # a vowel for another
        ("goverment", "government"),                     # a mistake that the text has, too, though rarely
        ("Teh train", "The train"),                      # the first word, with its capital
        ("nto, \"siad\" (trian).", "not, \"said\" (train)."),
    ],
)
def test_a_mistyped_word_is_read_as_the_one_that_was_meant(typed: str, meant: str):
    assert SPELLING.mend(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        "the cat, bough",                                # rare words of the text
        "zylophones qwertz",                             # nothing like it is in the text
        "he met Siad; Monti left",                       # names
        "Monti",                                         # at the start, too: only a slip is mended in what may be a name
        "TEH",
        "th to ot",                                      # too short to tell
        "trian.py src/trian trian/ trian_1 trian() $trian {trian} trian=1 --trian trian@siad.com re-trian x.trian",
        "",
    ],
)
def test_what_is_no_mistake_or_no_word_stays(text: str):
    assert SPELLING.mend(text) == text
    assert SPELLING.mended([text]) == {}


def test_it_says_what_it_has_mended():
    assert SPELLING.mended(["Teh trian", "the siad trian"]) == {"Teh": "The", "trian": "train", "siad": "said"}


@given(st.text())
def test_any_text_can_be_mended_and_without_words_none_is(text: str):
    SPELLING.mend(text)
    assert Spelling().mend(text) == text


def test_a_likelier_mistake_wins_over_a_more_frequent_word():
    words = Spelling(as_lines(Counter(form=3_000, foam=50_000)))
    assert words.mend("fomr") == "form"   # not foam: one letter for another is far rarer than two that change places
    assert likelihood("fomr", "form", is_name=False) > likelihood("fomr", "foam", is_name=False)


@pytest.mark.parametrize("word", ["a", "word", "letters"])
def test_every_word_one_letter_away_is_tried(word: str):
    away = set(one_letter_away(word))
    assert {word[1:], word + "s", "x" + word, word[:-1] + "q"} <= away
    assert len(word) < 2 or word[1] + word[0] + word[2:] in away
    assert all(abs(len(other) - len(word)) <= 1 for other in away)


def test_words_are_counted_in_small_letters_and_rare_ones_left_out():
    counts = count_words([Pair("Don't go; go, GO!", "allez"), Pair("a cat", "un chat")])
    assert counts == Counter({"go": 3, "don't": 1, "a": 1, "cat": 1})
    assert as_lines(Counter(b=LEAST, a=LEAST, rare=LEAST - 1, often=9, **{"x" * 40: 9})) == f"often\t9\na\t{LEAST}\nb\t{LEAST}\n"
