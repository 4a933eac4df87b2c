"""HTML: the text of each block is translated, its inline tags with it; tags, attributes, comments, scripts and code stay.

A scanner of our own that only looks for where tags begin and end: parsers, html.parser too, mend pages or lose their place in bad ones.
"""

from __future__ import annotations

import html
import re

from mt.extras.formats import Options, Translate, Unit, splice, translate_units

TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[!?][^>]*>"
    r"|<(?P<raw>script|style|textarea)\b[^>]*>.*?(?:</(?P=raw)\s*>|\Z)"
    r"|<(?P<slash>/?)(?P<tag>[a-z][^\s/>]*)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*|[^>]*)>",
    re.DOTALL | re.IGNORECASE,
)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark math nobr q s samp small span strike strong sub sup svg "
    "time tt u var wbr".split()
)
UNTRANSLATED = frozenset("code kbd math pre samp svg template tt var".split())
EMPTY = frozenset("area base br col embed hr img input link meta source track wbr".split())
KEPT = re.compile(r"\btranslate\s*=\s*[\"']?no\b|\bclass\s*=\s*(?:\"[^\"]*\bnotranslate\b|'[^']*\bnotranslate\b|notranslate\b)", re.IGNORECASE)
SPACE = re.compile(r"[ \t\r\n\f]+")


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The page with its text translated. Whitespace inside a changed text becomes single spaces, as browsers show it."""
    found = blocks(content)
    units = [unit(content, block) for block in found]
    spans, texts = [], []
    for block, old, new in zip(found, units, translate_units(units, translate), strict=True):
        for span, before, after in zip(block, old[::2], new[::2], strict=True):
            if before != after:
                spans.append(span)
                texts.append(html.escape(after, quote=False))
    return splice(content, spans, texts)


def blocks(content: str) -> list[list[tuple[int, int]]]:
    """Where text stands: lists of spans that have nothing but inline markup between them."""
    found: list[list[tuple[int, int]]] = [[]]
    kept, depth, end = "", 0, 0   # the element that is not translated, and how many of its name are open
    for token in TAG.finditer(content):
        if not kept and token.start() > end:
            found[-1].append((end, token.start()))
        end = token.end()
        tag = (token["tag"] or token["raw"] or "").lower()
        if tag and tag not in INLINE:
            found.append([])
        if not token["tag"] or tag in EMPTY or token[0].endswith("/>"):
            continue
        if not kept and not token["slash"] and (tag in UNTRANSLATED or KEPT.search(token["attributes"])):
            kept, depth = tag, 1
        elif tag == kept:
            depth += -1 if token["slash"] else 1
            kept = kept if depth else ""
    if not kept and end < len(content):
        found[-1].append((end, len(content)))
    return [block for block in found if block]


def unit(content: str, block: list[tuple[int, int]]) -> Unit:
    """The texts of a block as one reads them, and the raw markup between them."""
    parts: Unit = []
    for i, (start, end) in enumerate(block):
        if i:
            parts.append(content[block[i - 1][1] : start])
        parts.append(html.unescape(SPACE.sub(" ", content[start:end])))
    return parts
