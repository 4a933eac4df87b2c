"""Laws of cleaning: each rule removes what it names and nothing good."""

from __future__ import annotations

import pytest

from mt.data.clean import broken_rule, rules
from mt.data.sources import Pair

GOOD = [
    Pair("Hello.", "Bonjour."),
    Pair("Paris", "Paris"),
    Pair("It costs 1,250 dollars in 2024.", "Cela coûte 1\u202f250 dollars en 2024."),
    Pair("OK", "D'accord, entendu"),
]
BAD = [
    ("empty side", Pair("", "Bonjour.")),
    ("too long", Pair("word " * 300, "mot " * 300)),
    ("no letters", Pair("12.5", "12,5")),
    ("untranslated", Pair("This was never translated.", "This was never translated.")),
    ("lengths differ", Pair("Yes.", "Oui, mais il faudrait tout de même que nous en parlions.")),
    ("broken encoding", Pair("The summer.", "L'Ã©tÃ©.")),
    ("numbers differ", Pair("In 1998 it rained.", "En 1989 il a plu.")),
]


@pytest.mark.parametrize("pair", GOOD)
def test_good_pairs_pass(pair: Pair):
    assert broken_rule(pair, rules(3.0)) is None


@pytest.mark.parametrize(("rule", "pair"), BAD)
def test_each_rule_removes_what_it_names(rule: str, pair: Pair):
    assert broken_rule(pair, rules(3.0)) == rule
