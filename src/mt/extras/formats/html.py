"""HTML: the text of each block is translated, its inline tags with it, and so is what attributes say; tags, scripts and code stay.

A scanner of our own that only looks for where tags begin and end: parsers, html.parser too, mend pages or lose their place in bad ones.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import chain, islice

from mt.extras.formats import Options, Translate, relined, splice
from mt.extras.formats.units import Unit, Word, translate_units

TAG = re.compile(
    r"<!--(?:-?>|.*?(?:-->|\Z))|<!\[CDATA\[.*?(?:\]\]>|\Z)|<(?:\?php|\?=|%).*?(?:[?%]>|\Z)|<[!?][^>]*>"
    r"|<(?P<raw>script|style|textarea)(?=[\s/>])[^>]*>.*?(?:</(?P=raw)\s*>|\Z)"
    r"|<(?P<slash>/?)(?P<tag>[a-z][^\s/<>]*)(?P<attributes>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+|[^<>]*)>"
    r"|<[a-z/!?][^<>]*",   # broken off: browsers take it for a tag, too
    re.DOTALL | re.IGNORECASE,
)
ATTRIBUTE = re.compile(r"(?P<name>[^\s=\"'/]+)(?:\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|[^\s\"']+))?")
SPOKEN = frozenset("alt title placeholder aria-label".split())
BUTTON = re.compile(r"\btype\s*=\s*[\"']?(?:submit|reset|button)\b", re.IGNORECASE)   # its label is its value
DESCRIBES = re.compile(r"(?:name|property)\s*=\s*[\"']?(?:(?:og:|twitter:)?(?:title|description))\b", re.IGNORECASE)
INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark math nobr q s samp small span strike strong sub sup svg "
    "time tt u var wbr".split()
)
UNTRANSLATED = frozenset("code kbd math pre samp svg tt var".split())
EMPTY = frozenset("area base br col embed hr img input link meta source track wbr".split())
KEPT = re.compile(r"\btranslate\s*=\s*[\"']?no\b|\bclass\s*=\s*(?:\"[^\"]*\bnotranslate\b|'[^']*\bnotranslate\b|notranslate\b)", re.IGNORECASE)
WORD = re.compile(r"<(?:code|kbd|math|samp|svg|tt|var|img)\b|\bnotranslate\b|\btranslate\s*=", re.IGNORECASE)
SPACE = re.compile(r"[ \t\r\n\f]+")
LINE_BREAK = re.compile(r"([ \t\f]*[\r\n][ \t\r\n\f]*)")
ENTITY = re.compile(r"&#?\w+;?")

Span = tuple[int, int]


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The page with its text translated; whitespace in it becomes single spaces, as browsers show it, but line breaks stay."""
    return translate_pages([content], translate)[0]


def translate_pages(pages: list[str], translate: Translate) -> list[str]:
    """Several pages, or pieces of pages."""
    found = [[*blocks(page), *([span] for span in attributes(page))] for page in pages]
    units = [[unit(page, block) for block in each] for page, each in zip(pages, found, strict=True)]
    done = iter(translate_units([*chain(*units)], translate))
    return [rewritten(page, each, old, [*islice(done, len(old))]) for page, each, old in zip(pages, found, units, strict=True)]


def rewritten(content: str, found: list[list[Span]], units: list[Unit], done: list[Unit]) -> str:
    """A page with what has changed of its units; `found` says where their texts stand."""
    edits = [
        (span, written(content[slice(*span)], after, content[span[0] - 1 : span[0]]))
        for block, old, new in zip(found, units, done, strict=True)
        for span, before, after in zip(block, old[::2], new[::2], strict=True)
        if before != after
    ]
    edits.sort()
    return splice(content, [span for span, _ in edits], [text for _, text in edits])


def tokens(content: str) -> Iterator[tuple[re.Match[str], bool]]:
    """Each tag, comment or script, and whether what follows it must stay as it is."""
    kept, depth = "", 0   # the element that is not translated, and how many of its name are open
    for token in TAG.finditer(content):
        tag = (token["tag"] or "").lower()
        if tag and tag not in EMPTY and not token[0].endswith("/>"):
            if not kept and not token["slash"] and (tag in UNTRANSLATED or KEPT.search(token["attributes"])):
                kept, depth = tag, 1
            elif tag == kept:
                depth += -1 if token["slash"] else 1
                kept = kept if depth else ""
        yield token, kept != ""


def blocks(content: str) -> list[list[Span]]:
    """Where text stands: lists of spans that have nothing but inline markup between them."""
    found: list[list[Span]] = [[]]
    is_kept, end = False, 0
    for token, is_kept_after in tokens(content):
        if not is_kept and token.start() > end:
            found[-1].append((end, token.start()))
        tag = (token["tag"] or token["raw"] or "").lower()
        if tag and tag not in INLINE:
            found.append([])
        is_kept, end = is_kept_after, token.end()
    if not is_kept and end < len(content):
        found[-1].append((end, len(content)))
    return [block for block in found if block]


def attributes(content: str) -> Iterator[Span]:
    """Where the values of attributes stand that people read or hear."""
    for token, is_kept in tokens(content):
        if is_kept or not token["attributes"]:
            continue
        tag, names = token["tag"].lower(), SPOKEN
        if tag == "meta" and DESCRIBES.search(token["attributes"]):
            names = frozenset({"content"})
        elif tag == "input" and BUTTON.search(token["attributes"]):
            names = SPOKEN | {"value"}
        for attribute in ATTRIBUTE.finditer(content, *token.span("attributes")):
            if attribute["name"].lower() in names and (attribute["double"] or attribute["single"]):
                yield attribute.span("double" if attribute["double"] else "single")


def unit(content: str, block: list[Span]) -> Unit:
    """The texts of a block as one reads them, and the raw markup between them."""
    parts: Unit = []
    for i, (start, end) in enumerate(block):
        if i:
            markup = content[block[i - 1][1] : start]
            parts.append(Word(markup) if WORD.search(markup) else markup)
        parts.append(html.unescape(SPACE.sub(" ", content[start:end])))
    return parts


def written(raw: str, text: str, before: str) -> str:
    """Text as HTML, with the line breaks and entities of the raw text it takes the place of; `before` is the character before that."""
    used = {html.unescape(entity): entity for entity in ENTITY.findall(raw)}
    if re.search(r"<[a-zA-Z/!?%]", text):
        used.setdefault("<", "&lt;")
    if html.unescape(text) != text:
        used.setdefault("&", "&amp;")
    if before in ('"', "'"):   # an attribute's
        used.setdefault(before, "&quot;" if before == '"' else "&#39;")
    core = raw.strip(" \t\r\n\f")
    start = raw.find(core)
    lead, tail = raw[:start] or " ", raw[start + len(core) :] or " "
    lines = [part if i % 2 else SPACE.sub(" ", part) for i, part in enumerate(LINE_BREAK.split(core))]
    inner = relined(["".join(used.get(character, character) for character in text.strip(" "))], lines)
    return lead * text.startswith(" ") + inner + tail * text.endswith(" ")
