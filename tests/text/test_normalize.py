"""Laws of normalisation."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.normalize import no_break_spaces, normalize


def french(text: str) -> str:
    return no_break_spaces(normalize(text))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  two   spaces ", "two spaces"),
        ("e\u0301te\u0301", "été"),
        ("it\u2019s \u201cquoted\u201d", "it's \"quoted\""),
        ("½ ™ ﬁ", "½ ™ fi"),                                     # compatibility characters are not taken apart, but for ligatures
        ("zero\u200bwidth\ufeff and soft\u00adhyphen", "zerowidth and softhyphen"),
        ("bell\x07 and \x00 null\x00word", "bell and null word"),
        ("tab\tand\u3000wide", "tab and wide"),
        ("👩\u200d🔬 ❤\ufe0f", "👩\u200d🔬 ❤\ufe0f"),           # what joins and colours emoji stays
        ("lone \ud800 surrogate", "lone surrogate"),
        ("20\u00a0°C", "20\u00a0°C"),
    ],
)
def test_normalises(text, normal):
    assert normalize(text) == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Quoi?", "Quoi\u202f?"),
        ("Oui !", "Oui\u202f!"),
        ("Vraiment\u00a0?!", "Vraiment\u202f?!"),
        ("(Quoi ?)", "(Quoi\u202f?)"),
        ("« Bonjour »", "«\u00a0Bonjour\u00a0»"),
        ("«Bonjour»", "«\u00a0Bonjour\u00a0»"),
        ("Note: ok", "Note\u00a0: ok"),
        ("à 10:30, voir http://a.b/c?d=e", "à 10:30, voir http://a.b/c?d=e"),
        ("100 000 km", "100\u202f000 km"),
        ("1 250,50 €", "1\u202f250,50\u00a0€"),
        ("50 %", "50\u00a0%"),
        ("std::vector; fin", "std::vector\u202f; fin"),
    ],
)
def test_sets_french_no_break_spaces(text, normal):
    assert french(text) == normal


@given(st.text())
def test_both_are_idempotent(text):
    assert normalize(normalize(text)) == normalize(text)
    assert french(french(text)) == french(text)


@given(st.text())
def test_result_is_one_line_of_nfc_without_controls(text):
    for result in (normalize(text), french(text)):
        assert len(result.splitlines()) <= 1
        assert unicodedata.is_normalized("NFC", result)
        assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in result)
