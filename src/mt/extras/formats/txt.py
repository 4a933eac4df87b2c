"""Plain text: line by line, or paragraph by paragraph where it was wrapped by hand."""

from __future__ import annotations

import re

from mt.extras.formats import Options, Translate, translate_texts

LINE_END = re.compile(r"(\r\n|[\n\r])")
PARAGRAPH_END = re.compile(r"((?:\r?\n[ \t]*){2,}|\Z)")


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The text translated, its line ends, blank lines and indentation kept; with `unwrap`, what `translate` gives for a paragraph."""
    parts = (PARAGRAPH_END if options.unwrap else LINE_END).split(content)
    parts[::2] = translate_texts(parts[::2], translate)
    return "".join(parts)
