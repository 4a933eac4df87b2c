"""Laws of elision: what French drops is dropped, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.elision import elide


@pytest.mark.parametrize(
    ("said", "french"),
    [
        ("des cadeaux de entrepreneurs", "des cadeaux d'entrepreneurs"),
        ("La expression de Obama", "L'expression d'Obama"),
        ("Lorsque elle se est levée", "Lorsqu'elle s'est levée"),
        ("je ne aime que elle, puisque il le est", "je n'aime qu'elle, puisqu'il l'est"),
        ("jusque à la OMC", "jusqu'à l'OMC"),
        ("ce que a dit celui qui ne a rien vu", "ce qu'a dit celui qui n'a rien vu"),
        ("Que il me écoute et te aide", "Qu'il m'écoute et t'aide"),
    ],
)
def test_elides(said: str, french: str):
    assert elide(said) == french


@pytest.mark.parametrize(
    "text",
    [
        "Puis-je avoir le onze ou le huit ?", "le ou les", "de oui en non", "la une du journal", "Le un est de un à dix", "la A6 et le a", "Me André",
        "le IXe siècle", "la pièce de Ionesco", "Donne-le à ta mère", "de l'eau", "que \"elle\"", "la haine, le héros", "l'île", "table à écrire",
        "la énième fois", "le UKIP",
    ],
)
def test_what_stands_apart_stays_apart(text: str):
    assert elide(text) == text


@given(st.text(st.sampled_from("lLaAdDeE unqQ'-\u00a0jJh,")))
def test_elides_once_and_for_all(text: str):
    assert elide(elide(text)) == elide(text)
