"""JSON and JSON Lines: string values are translated, all of them or those of some fields; keys, numbers and layout stay."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import shorten

from mt.errors import DataError
from mt.extras.formats import Options, Translate, splice
from mt.extras.formats.units import translate_tagged

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')


@dataclass(frozen=True)
class Value:
    """A string value: where it stands, what it says, and the dotted path of keys to it."""

    span: tuple[int, int]
    text: str
    path: str


def translate_file(content: str, translate: Translate, options: Options) -> str:
    """The JSON with its string values translated; with `fields`, those under a key or a dotted path of that name."""
    check(content, options)
    found = list(values(content))
    for field in options.fields:
        if found and not any(is_under(value.path, field) for value in found):
            paths = ", ".join(dict.fromkeys(value.path for value in found if value.path))
            raise DataError(f"there is no text under {field!r}", fix=f"there is some under {shorten(paths, 200)}")
    wanted = [value for value in found if not options.fields or any(is_under(value.path, each) for each in options.fields)]
    results = translate_tagged([value.text for value in wanted], translate)
    changed = [(value, result) for value, result in zip(wanted, results, strict=True) if result != value.text]
    is_ascii = content.isascii() and "\\u" in content
    literals = [written(result, content[slice(*value.span)], is_ascii) for value, result in changed]
    return splice(content, [value.span for value, _ in changed], literals)


def check(content: str, options: Options) -> None:
    """Raise DataError unless it is JSON, or every line of JSON Lines is."""
    parts = content.split("\n") if options.format == "jsonl" else [content]
    for number, part in enumerate(parts):
        try:
            if part.strip() or options.format == "json":
                json.loads(part, parse_int=str, parse_float=str)   # a number may have more digits than Python would read
        except ValueError as error:
            line = number + getattr(error, "lineno", 1)
            raise DataError(f"line {line}: {getattr(error, 'msg', error)}", fix="mend the file; give --format jsonl for one object a line") from error
        except RecursionError as error:
            raise DataError(f"line {number + 1}: lists or objects stand too deep in each other", fix="flatten the file") from error


def values(content: str) -> Iterator[Value]:
    """The string values of JSON, in order."""
    path: list[str] = []        # for each object or list that is open, the key that is being read
    is_object: list[bool] = []
    at_key = False
    for token in TOKEN.finditer(content):
        mark = token[0]
        if mark in "{[":
            path.append("")
            is_object.append(mark == "{")
            at_key = mark == "{"
        elif mark in "}]":
            path.pop()
            is_object.pop()
            at_key = False
        elif mark == ",":
            at_key = bool(is_object) and is_object[-1]
        elif mark == ":":
            at_key = False
        elif at_key:
            path[-1] = json.loads(mark)
        else:
            yield Value(token.span(), json.loads(mark), ".".join(filter(None, path)))


def is_under(path: str, field: str) -> bool:
    """Whether a field is a whole part of a path: text is under body and under body.text, not under body.te."""
    return f".{field}." in f".{path}."


def written(text: str, literal: str, is_ascii: bool) -> str:
    """A string as JSON, spelled like the literal it takes the place of."""
    result = json.dumps(text, ensure_ascii=is_ascii or any("\ud800" <= character <= "\udfff" for character in text))
    return result.replace("/", "\\/") if "\\/" in literal else result
