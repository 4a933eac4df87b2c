"""French typography as a step of its own: no-break spaces, guillemets and curly apostrophes on, or off again."""

from __future__ import annotations

import re
from collections.abc import Callable

from mt.config import Style
from mt.text.literals import literals
from mt.text.normalize import ANY_SPACE, NARROW_NO_BREAK, NO_BREAK, no_break_spaces

# "…" that opens after a space, a bracket or an apostrophe and closes before anything but a letter; it may run over a line's end.
QUOTED = re.compile(r"(?<!\w\()(?<![\w\"“”.,;:!?…)\]])\"(?=[^\s\"])((?:[^\"\n]|\n(?!\s*\n))*?)(?<![\s\"])\"(?![\w\"])")
INNER = 400   # characters back in which an open guillemet makes a quotation an inner one
APOSTROPHE = re.compile(r"(?<=[^\W\d_])'(?=[^\W\d_]|[«“\"])")
QUOTE_MARKS = re.compile(f"«{ANY_SPACE}*|(?<!{ANY_SPACE}){ANY_SPACE}*»")
OPENING = re.compile(r"(?<![^\s(\[{'’])\"(?=\S)")
MASK = "\ua000"   # a letter of a script that `literals` keeps, so it is in no other part of a text
TO_PLAIN = str.maketrans({NO_BREAK: " ", NARROW_NO_BREAK: " ", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"'})


def apply(text: str, style: Style) -> str:
    """A French text, of any number of lines, in a style; URLs, code, placeholders and tags are left alone.

    `fr` has no-break spaces, « » and ’; `plain` ordinary spaces and straight quotes; `keep` changes nothing.
    Law: `apply(apply(text, "fr"), "plain") == apply(text, "plain")`. A paragraph in which that would not hold stays as it is.
    """
    if style == "keep":
        return text
    change = plain if style == "plain" else undoable_french
    return "".join(change(paragraph) for paragraph in re.split(r"(\n[^\S\n]*\n)", text))


def quoted_as(source: str, text: str) -> str:
    """A translation with the quotation marks of its source: " where those are straight, « » where they are “ ”."""
    if re.search(r'(?<!\d)"', source):
        return QUOTE_MARKS.sub('"', text)
    closing = r'(?<!\d)"' if '"' in source else '"'   # inches are none
    return re.sub(closing, f"{NO_BREAK}»", OPENING.sub(f"«{NO_BREAK}", text)) if re.search("[“”]", source) else text


def undoable_french(text: str) -> str:
    """A paragraph in French typography, or as it is where `plain` could not take that off again."""
    dressed = around_literals(text, french)
    return dressed if plain(dressed) == plain(text) else text


def plain(text: str) -> str:
    """What French typography would make of a paragraph, in characters that every keyboard has."""
    return around_literals(text, lambda part: QUOTE_MARKS.sub('"', french(part).translate(TO_PLAIN)))


def around_literals(text: str, change: Callable[[str], str]) -> str:
    """The text changed, all but what must survive translation, which the change sees as a letter."""
    parts, kept, end = [], [], 0
    for literal in literals(text):
        if literal.kind != "number":
            parts.append(text[end : literal.start])
            kept.append(literal.text)
            end = literal.end
    changed = change(MASK.join([*parts, text[end:]])).split(MASK)
    return "".join(part for pair in zip(changed, [*kept, ""], strict=True) for part in pair)


def french(text: str) -> str:
    """Guillemets, curly apostrophes and no-break spaces, line breaks and indentation kept."""
    return no_break_spaces(APOSTROPHE.sub("’", QUOTED.sub(quotation, text)))


def quotation(match: re.Match[str]) -> str:
    """What was quoted in guillemets, or in “ ” inside guillemets."""
    before = match.string[max(0, match.start() - INNER) : match.start()]
    return f"“{match[1]}”" if before.rfind("«") > before.rfind("»") else f"«{match[1]}»"
