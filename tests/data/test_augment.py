"""Laws of augmentation: both sides stay in step, and the rate is kept."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.data.augment import CHANGES, augment, lower_start, question_without_mark, title_case, typing_mistake, upper_case

RNG = random.Random(1)


def test_changes_are_what_they_are_called():
    pair = ("Where is the cat?", "Où est le chat\u202f?")
    assert upper_case(*pair, RNG) == ("WHERE IS THE CAT?", "OÙ EST LE CHAT\u202f?")
    assert title_case(*pair, RNG) == ("Where Is The Cat", "Où est le chat")
    assert lower_start(*pair, RNG) == ("where is the cat?", "où est le chat\u202f?")
    assert question_without_mark(*pair, RNG) == ("where is the cat", pair[1])


def test_i_keeps_its_capital():
    assert lower_start("I see.", "Je vois.", RNG) == ("I see.", "Je vois.")


@given(st.text(min_size=1), st.integers())
def test_a_typing_mistake_changes_little_and_only_the_source(text: str, seed: int):
    typed, tgt = typing_mistake(text, "cible", random.Random(seed))
    assert tgt == "cible"
    assert abs(len(typed) - len(text)) <= 1


@given(st.text(min_size=1), st.text(min_size=1), st.integers())
def test_no_side_is_ever_emptied(src: str, tgt: str, seed: int):
    assert all(augment(src, tgt, 1.0, random.Random(seed)))


@pytest.mark.parametrize("rate", [0.0, 0.3])
def test_the_rate_is_kept(rate: float):
    rng = random.Random(5)
    changed = sum(augment("Where is it?", "Où est-ce\u202f?", rate, rng) != ("Where is it?", "Où est-ce\u202f?") for _ in range(4000))
    assert changed / 4000 == pytest.approx(rate, abs=0.03)
    assert len(CHANGES) > 5
