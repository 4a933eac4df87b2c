"""Laws of written_out: what chats shorten is said in full, and nothing else is."""

from __future__ import annotations

import pytest

from mt.text.informal import written_out


@pytest.mark.parametrize(
    ("typed", "full"),
    [
        ("Are you gonna eat?", "Are you going to eat?"), ("Wanna come?", "Want to come?"), ("dunno, tbh", "I don't know, to be honest"),
        ("I dunno what u mean", "I don't know what you mean"), ("We gotta go, he's gotta stay", "We have to go, he's got to stay"),
        ("r u ok? thx, see ya", "are you ok? thanks, see you"), ("Call me ASAP w/o delay.", "Call me as soon as possible without delay."),
        ("Tell 'em 'bout ur day", "Tell them about your day"), ("C'mon, y'all", "Come on, you all"),
    ],
)   # fmt: skip
def test_what_is_short_is_said_in_full(typed: str, full: str):
    text, found = written_out(typed)
    assert text == full
    assert found
    assert all(word in typed and meant in full for word, meant in found.items())


@pytest.mark.parametrize(
    "text",
    [
        "The letter u, the U.S., U and R", "Set u = v and r = 2", "the city of Ur", "btw.example and @pls, #asap, %u, $u", "https://a.org/thx?u=r",
        "W/m²",
        "kindand gonnas", "He said 'ya' and left.", "",
    ],
)
def test_all_else_stays(text: str):
    assert written_out(text) == (text, {})
