"""Laws of mending: what was meant is found, what is right stays, and so does all that is no word."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mt.data.sources import Pair
from mt.data.spelling import APOSTROPHE, EXTRA, LEAST, MISSING, OTHER, SLIP, UNSEEN, VOWEL, Spelling, as_lines, count_words, mistake, one_letter_away
from mt.errors import RunError
from mt.text.informal import written_out

TIMES = {
    **{"the": 20_000_000, "to": 200_000, "not": 60_000, "they": 40_000, "said": 30_000, "don't": 20_000, "great": 9_000, "would": 9_000},
    **{"where": 8_000, "bought": 3_000, "station": 5_000, "train": 2_000, "received": 2_000, "beautiful": 1_500, "definitely": 1_900},
    **{"month": 8_000, "cat": 800, "bough": 5, "government": 60_000, "goverment": 4, "nail": 1_500, "wasn't": 3_000},
    **{"tell": 7_000, "str": 3_000, "tuesday": 2_000, "Tuesday": 1_500, "new": 8_000, "hit": 3_000},
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
        ("wasnt", "wasn't"),
        ("Teh train", "The train"),                      # the first word, with its capital
        ("on tuesady", "on Tuesday"),                    # a name
        ("I wanna siad", "I want to said"),               # as in a chat
        ("nto, \"siad\" (trian).", "not, \"said\" (train)."),
    ],
)
def test_a_mistyped_word_is_read_as_the_one_that_was_meant(typed: str, meant: str):
    assert SPELLING.mend(typed)[0] == meant


@pytest.mark.parametrize(
    "text",
    [
        "the cat, bough",                                # rare words of the text
        "zylophones qwertz",                             # nothing like it is in the text
        "he met Siad; Monti left",                       # names
        "Monti", "Nial left",                            # at the start, too, where nothing much more frequent is near
        "TEH",
        "nous n'avons pas le trian de votre teh",        # French already
        "srt", "telly newt news hitters hip",                   # short words that the text lacks, and forms of frequent ones, may be right
        "th to ot",                                      # too short to tell
        "trian.py src/trian trian/ trian_1 trian() $trian {trian} trian=1 --trian trian@siad.com re-trian x.trian",
        "",
    ],
)
def test_what_is_no_mistake_or_no_word_stays(text: str):
    assert SPELLING.mend(text) == (text, {})


def test_two_words_that_are_french_too_make_no_french():
    assert SPELLING.mend("et teh et") == ("et the et", {"teh": "the"})


def test_it_says_what_it_has_mended():
    assert SPELLING.mend("Teh siad trian trian") == ("The said train train", {"Teh": "The", "siad": "said", "trian": "train"})


@given(st.text() | st.lists(st.sampled_from(["teh", "Teh", "siad", "the", "-", "'", "trian", ".", "x", "1", "recived"])).map(" ".join))
def test_only_the_words_it_names_are_changed_and_without_many_words_none_is(text: str):
    assume(not written_out(text)[1])   # u and thx are several words, or none that is looked up here
    result, mended = SPELLING.mend(text)
    was, now = re.split(r"(\W)", text), re.split(r"(\W)", result)
    assert {old: new for old, new in zip(was, now, strict=True) if old != new} == mended
    assert Spelling().mend(text) == Spelling("the\t99999\nsaid\t9999\n").mend(text) == (text, {})


@pytest.mark.parametrize("content", [b"the 5\n", b"the\t5\ncat\t", b"the\n5\n", b"the\t5\r\n", b"\xff\t5\n"])
def test_a_damaged_file_is_an_error(tmp_path: Path, content: bytes):
    path = tmp_path / "words.tsv"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"words\.tsv") as raised:
        Spelling.load(path)
    assert raised.value.fix


def test_a_likelier_mistake_wins_over_a_more_frequent_word():
    words = Spelling(as_lines(Counter(the=20_000_000, form=3_000, foam=50_000)))
    assert words.mend("fomr")[0] == "form"   # not foam: one letter for another is far rarer than two that change places


def test_each_kind_of_mistake_is_known():
    known = {
        APOSTROPHE: [("thats", "that's"), ("dont", "don't")],
        SLIP: [("fomr", "form"), ("forrm", "form"), ("leter", "letter"), ("oen", "one")],
        MISSING: [("fom", "form"), ("orm", "form")],
        EXTRA: [("forkm", "form"), ("week's", "weeks")],
        VOWEL: [("farm", "form")],
        OTHER: [("fork", "form")],
    }
    assert [(pair, mistake(*pair)) for pairs in known.values() for pair in pairs] == [(pair, each) for each, pairs in known.items() for pair in pairs]


@pytest.mark.parametrize("word", ["a", "word", "letters"])
def test_every_word_one_letter_away_is_tried(word: str):
    away = set(one_letter_away(word))
    assert {word[1:], word + "s", "x" + word, word[:-1] + "q"} <= away
    assert len(word) < 2 or word[1] + word[0] + word[2:] in away
    assert all(abs(len(other) - len(word)) <= 1 for other in away)


def test_words_are_counted_with_their_capitals_but_not_those_of_titles_and_beginnings():
    counts = count_words([Pair("Don't go; go, GO!", "allez"), Pair("a Cat is", "un chat"), Pair("The Cat Is", "le chat")])
    assert counts == Counter({"go": 3, "-go": 2, "GO": 1, "don't": 1, "a": 1, "cat": 2, "Cat": 1, "is": 2, "-is": 1, "the": 1})


def test_lines_tell_names_and_what_is_a_name_and_a_word():
    names = {"tom": 99, "Tom": 60, "-tom": 2, "nato": 10, "NATO": 5, "Nato": 4}
    counts = Counter({**names, "turkey": 50, "Turkey": 30, "-turkey": 20, "cat": 9, "-cat": 9})
    lines = "Tom\t99\nTurkey\t50\tturkey\nNATO\t10\ncat\t9\n"
    assert as_lines(counts) == as_lines(Spelling(lines).listed) == as_lines(counts | Spelling(lines).listed) == lines
    words = Spelling(lines)
    assert [words.written(word) for word in ("TOM", "Turkey", "nato", "Cat", "dog", "a")] == ["Tom", None, "NATO", "cat", None, None]
    assert [words.times(word) for word in ("tom", "turkey", "nato", "cat", "to")] == [99, 50, 10, 9, UNSEEN]
    assert Spelling("tom\t99\ncat\t9\n").written("Cat") is None   # of an earlier model, whose words tell no names


def test_rare_words_and_long_ones_are_left_out():
    assert as_lines(Counter(b=LEAST, a=LEAST, rare=LEAST - 1, often=9, **{"x" * 40: 9})) == f"often\t9\na\t{LEAST}\nb\t{LEAST}\n"
