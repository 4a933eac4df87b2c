"""French typography as a step of its own: no-break spaces, guillemets and curly apostrophes on, or off again."""

from __future__ import annotations

import re
from typing import Literal

from mt.text.fidelity import protect
from mt.text.literals import literals
from mt.text.normalize import (
    ANY_SPACE,
    BEFORE_COLON,
    BEFORE_HIGH,
    GUILLEMET_CLOSE,
    GUILLEMET_OPEN,
    NARROW_NO_BREAK,
    NO_BREAK,
    THOUSANDS,
    UNIT,
)

Style = Literal["fr", "plain", "keep"]

# "…" that opens after a space, a bracket or an apostrophe and closes before anything but a letter; it may run over a line's end.
QUOTED = re.compile(r"(?<![\w\"“”.,;:!?…)\]])\"(?=[^\s\"])((?:[^\"\n]|\n(?!\s*\n))*?)(?<![\s\"])\"(?![\w\"])")
INNER = 400   # characters back in which an open guillemet makes a quotation an inner one
APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_]|[«“\"])")
TO_PLAIN = str.maketrans({NO_BREAK: " ", NARROW_NO_BREAK: " ", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"'})


def apply(text: str, style: Style) -> str:
    """A French text, of any number of lines, in a style; URLs, code, placeholders and tags are left alone.

    `fr` has no-break spaces, « » and ’; `plain` ordinary spaces and straight quotes; `keep` is what the model wrote.
    Law: `apply(apply(text, "fr"), "plain") == apply(text, "plain")`. A text in which that would not hold stays as it is.
    """
    if style == "keep":
        return text
    if style == "plain":
        return around_literals(text, plain)
    dressed = around_literals(text, french)
    return dressed if around_literals(dressed, plain) == around_literals(text, plain) else text
