"""Laws of capitals: titles and shouting are read as running text, and nothing else is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.casing import sentence_case
from mt.text.tokenizer import Tokenizer

KNOWN = {
    **dict.fromkeys("the of in is are and".split(), -5.0),
    **dict.fromkeys("she likes there new garden times house mother teacher paints weather one I".split(), -9.0),
    **dict.fromkeys("She The New Times London Mary Tom York".split(), -10.0),
}


class Words(Tokenizer):
    """Knows some words as they are written here, and spells the others."""

    def __init__(self) -> None:
        pass

    def log_probability(self, text: str) -> float:
        return KNOWN.get(text, -4.0 * len(text) - text.isupper())


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("She Likes The Garden Of The Mother In London.", "She likes the garden of the mother in London."),
        ("Tom And Mary Are There", "Tom and Mary are there"),
        ("Teacher Paints the New House", "Teacher paints the new house"),
        ("THE WEATHER IN LONDON, THE NEW ONE", "The weather in London, the new one"),
        ("TOM IS IN LONDON (XX1)", "Tom is in London (XX1)"),
        ("She likes The Times.", "She likes The Times."),
        ("The New York Times", "The New York Times"),
        ("The New York Times and the London Times", "The New York Times and the London Times"),
        ("A. She Is There", "A. She is there"),
        ("Mary, Tom and J. York", "Mary, Tom and J. York"),
        ("He paints the teacher In London", "He paints the teacher In London"),
        ("NASA", "NASA"),
        ("She Paints A House", "She paints a house"),
        ("She Paints IN London And OR", "She paints IN London and OR"),
        ("", ""),
    ],
)
def test_titles_and_shouting_become_running_text(text: str, read: str):
    assert sentence_case(text, Words(), dict[str, str]().get) == read


WRITTEN = {"tom": "Tom", "nato": "NATO", "mosquito": "mosquito", "we": "we", "don't": "don't", "bakes": "bakes"}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Tom Is The Mosquito We Don't Bakes", "Tom is the mosquito we don't bakes"),
        ("There Are Mosquito, Nato And Turkey", "There are mosquito, Nato and Turkey"),   # not known: as the tokenizer finds likelier
        ("NATO AND TOM BAKES", "NATO and Tom bakes"),
        ("TOM, NATO", "Tom, NATO"),
        ("A. B.", "A. B."),
    ],
)
def test_what_running_text_writes_is_taken_from_there(text: str, read: str):
    assert sentence_case(text, Words(), lambda word: WRITTEN.get(word.lower())) == read


@given(text=st.text(st.sampled_from("aAbB éÉ'’.-1\n") | st.characters(exclude_categories=("Cs",))))
def test_nothing_but_capitals_changes(text: str):
    assert sentence_case(text, Words(), lambda word: WRITTEN.get(word.lower())).casefold() == text.casefold()
