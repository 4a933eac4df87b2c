"""Plain text: line by line, those of a paragraph joined first where it was wrapped by hand."""

from __future__ import annotations

import re

from mt.extras.formats import Options, Translate, translate_texts
from mt.text.sentences import BULLET

LINE_END = re.compile(r"(\r\n|[\n\r])")
BLOCK_START = re.compile(rf"\s*(?:{BULLET}|[>|])")
HEADING = re.compile(r"\s*#{1,6}[ \t]")


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The text translated, its line ends, blank lines and indentation kept; with `unwrap`, each paragraph is one line."""
    parts = LINE_END.split(join_wrapped(content) if options.unwrap else content)
    parts[::2] = translate_texts(parts[::2], translate)
    return "".join(parts)


def join_wrapped(text: str) -> str:
    """The text with each paragraph on one line. Blank lines, list items, headings and quoted lines stay on lines of their own."""
    blocks: list[list[str]] = []
    for line in text.split("\n"):
        if blocks and continues(blocks[-1][-1], line):
            blocks[-1][-1] = blocks[-1][-1].rstrip(" \t\r")
            blocks[-1].append(line.lstrip(" \t"))
        else:
            blocks.append([line])
    return "\n".join(" ".join(block) for block in blocks)


def continues(previous: str, line: str) -> bool:
    """Whether `line` is more of the paragraph that `previous` belongs to; blank lines and rules belong to none."""
    if BLOCK_START.match(line) or HEADING.match(previous) or previous.lstrip().startswith((">", "|")):
        return False
    return any(map(str.isalnum, previous)) and any(map(str.isalnum, line))
