"""Where pairs come from: a SOURCE as written on the command line becomes a stream of Pair.

    corpus.tsv        English, a tab, French; also .tsv.gz, .tsv.xz, .tsv.zst, as for all local files
    corpus.jsonl      one object a line: {"en": ..., "fr": ...} or {"translation": {"en": ..., "fr": ...}}
    a.en,a.fr         two aligned files
    corpus.tmx        a translation memory
    hf:ORG/NAME       a data set of the Hugging Face hub; hf:ORG/NAME:CONFIG:SPLIT for another part of it than train
    3*SOURCE          the pairs three times; 0.2*SOURCE a fifth of them
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple
from xml.etree import ElementTree

from mt.errors import DataError, UsageError

COMPRESSED = (".gz", ".xz", ".zst", ".bz2")
BLOCK = 1 << 16   # bytes
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Pair(NamedTuple):
    """A sentence and its translation."""

    src: str
    tgt: str


@dataclass(frozen=True)
class Source:
    """Where pairs are read, and how often each is to be used."""

    name: str          # as written, without the weight
    weight: float = 1.0

    @property
    def files(self) -> list[Path]:
        """The local files it consists of; none for a hub data set."""
        if self.name.startswith("hf:"):
            return []
        return [Path(self.name)] if Path(self.name).is_file() else [Path(part) for part in self.name.split(",")]

    @property
    def stem(self) -> str:
        """A short name: of the first file without folders and suffixes."""
        return (self.files[0].name if self.files else self.name.removeprefix("hf:").replace("/", "-").replace(":", "-")).partition(".")[0]


def parse_source(text: str) -> Source:
    """A SOURCE argument; raises UsageError or DataError before anything long begins."""
    weight, star, name = text.partition("*")
    if not star or Path(text).is_file():
        weight, name = "1", text
    if not re.fullmatch(r"\d+(\.\d+)?", weight) or float(weight) == 0:
        raise UsageError(f"{text!r}: {weight!r} is no weight", fix="write it like 3*corpus.tsv or 0.2*corpus.tsv")
    source = Source(name, float(weight))
    for file in source.files:
        if not file.exists():
            raise DataError(f"there is no file {file}", fix="check the path; known forms are .tsv, .jsonl, .tmx, a.en,a.fr and hf:ORG/NAME")
        if file.is_dir():
            raise DataError(f"{file} is a folder", fix=f"name a file in it, such as {file}/corpus.tsv")
    reader_of(source)
    return source


def read_source(source: Source) -> Iterator[Pair]:
    """Its pairs once each, as they stand there; raises DataError with file and line where they cannot be read."""
    empty = True
    for pair in reader_of(source)(source):
        empty = False
        yield pair
    if empty:
        raise DataError(f"{source.name} holds no pairs", fix="give a corpus with at least one line")


def reader_of(source: Source) -> Any:   # Any: one of the functions below, all (Source) -> Iterator[Pair]
    """The function that reads a source, chosen by its form."""
    if source.name.startswith("hf:"):
        return read_hub
    if len(source.files) == 2:
        return read_aligned
    suffixes = [suffix for suffix in source.files[0].suffixes if suffix not in COMPRESSED]
    readers = {".tsv": read_tsv, ".jsonl": read_jsonl, ".json": read_jsonl, ".tmx": read_tmx}
    if len(source.files) == 1 and suffixes and suffixes[-1] in readers:
        return readers[suffixes[-1]]
    raise DataError(f"{source.name} is of no known form", fix="give .tsv, .jsonl, .tmx, two files a.en,a.fr, or hf:ORG/NAME; also .gz, .xz, .zst")


def read_tsv(source: Source) -> Iterator[Pair]:
    """English, a tab, French on each line."""
    [path] = source.files
    for number, line in numbered_lines(path):
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != 2:
            found = f"{len(fields)} column{'s' * (len(fields) != 1)}"
            raise DataError(f"{path}, line {number}: {found} instead of 2", fix="write English, one tab, French on each line")
        yield Pair(*fields)


def read_jsonl(source: Source) -> Iterator[Pair]:
    """One JSON object on each line."""
    [path] = source.files
    for number, line in numbered_lines(path):
        if line.strip():
            try:
                yield pair_of(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(f"{path}, line {number}: no pair in {line[:60]!r}", fix='write {"en": "...", "fr": "..."} on each line') from error


def pair_of(record: dict[str, Any]) -> Pair:
    """The English and French of a record; KeyError, TypeError or ValueError where there are none."""
    if not isinstance(record, dict):
        raise TypeError("not an object")
    record = record.get("translation", record)
    src, tgt = (record["en"], record["fr"]) if "en" in record else (record["src"], record["tgt"])
    if not isinstance(src, str) or not isinstance(tgt, str):
        raise TypeError("not text")
    if LONE_SURROGATE.search(src + " " + tgt):
        raise ValueError("half a character")   # JSON can write what UTF-8 cannot
    return Pair(src, tgt)


def read_aligned(source: Source) -> Iterator[Pair]:
    """Line by line from two files."""
    english, french = source.files
    for count, (left, right) in enumerate(zip_longest(numbered_lines(english), numbered_lines(french))):
        if left is None or right is None:
            longer, shorter = (english, french) if right is None else (french, english)
            raise DataError(f"{longer} has more lines than {shorter}, which ends after {count}", fix="give two files whose lines belong together")
        yield Pair(left[1], right[1])


def read_tmx(source: Source) -> Iterator[Pair]:
    """The English and French variants of each unit of a translation memory."""
    [path] = source.files
    parser: Any = ElementTree.XMLPullParser()   # Any: its events differ in type by kind, we ask for one kind only
    try:
        for block in blocks(path):
            parser.feed(block)
            for _, element in parser.read_events():
                if element.tag.rpartition("}")[2] == "tu":   # some name their namespace
                    texts = dict(variant(tuv) for tuv in element.findall("{*}tuv"))
                    if "en" in texts and "fr" in texts:
                        yield Pair(texts["en"], texts["fr"])
                    element.clear()
        parser.close()   # complains of an end that is missing
    except ElementTree.ParseError as error:
        raise DataError(f"{path} is no translation memory: {error}", fix="give a TMX file") from error


def variant(tuv: ElementTree.Element) -> tuple[str, str]:
    """Language and text of a translation unit variant."""
    language = tuv.get("{http://www.w3.org/XML/1998/namespace}lang", tuv.get("lang", ""))
    segment = tuv.find("{*}seg")
    return language[:2].lower(), "" if segment is None else re.sub(r"[ \t\r\n]+", " ", "".join(segment.itertext())).strip(" ")


def read_hub(source: Source) -> Iterator[Pair]:
    """One split of a data set of the Hugging Face hub, streamed."""
    from datasets import load_dataset

    name, configuration, split, *_ = [*source.name.removeprefix("hf:").split(":"), "", ""]
    try:
        for record in load_dataset(name, configuration or None, split=split or "train", streaming=True):
            yield pair_of(record)
    except (KeyError, TypeError) as error:
        raise DataError(f"{source.name} has no columns en and fr", fix="choose a data set of English-French pairs") from error
    except Exception as error:   # the hub client raises errors of many libraries
        raise DataError(f"cannot read {source.name}: {error}", fix="check the name and the network, or download it as .tsv or .jsonl") from error


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file from 1 on, without their ends; raises DataError with the line where it is none."""
    with open_bytes(path) as file:
        for number, raw in enumerate(guarded(file, path), start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                encoding = "utf-16" if number == 1 and raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "cp1252"
                raise DataError(f"{path}, line {number}: not UTF-8 text", fix=f"convert it: iconv -f {encoding} -t utf-8 {path}") from error
            if "\x00" in line:
                raise DataError(f"{path}, line {number}: binary, not text", fix="give a text file")
            yield number, line


def blocks(path: Path) -> Iterator[bytes]:
    """The bytes of a file, decompressed, some at a time."""
    with open_bytes(path) as file:
        yield from guarded(iter(lambda: file.read(BLOCK), b""), path)


def guarded(lines: Iterable[bytes], path: Path) -> Iterator[bytes]:
    """The lines, damage in a compressed file told as such."""
    try:
        yield from lines
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:   # Arrow's errors are among them
        raise DataError(f"cannot read {path}: {error}", fix="the file is damaged or not of the kind its name says; fetch it again") from error


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file, decompressed by its suffix, closed at the end of the block."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", fix="check that you may read it") from error
    with raw:
        openers: dict[str, Callable[[Any], Any]] = {".gz": gzip.open, ".xz": lzma.open, ".bz2": bz2.open, ".zst": open_zst}
        if path.suffix not in openers:
            yield raw
            return
        with openers[path.suffix](raw) as decompressed:
            yield decompressed


def open_zst(raw: BinaryIO) -> io.BufferedReader:
    """Zstandard by way of Arrow, which notices a file that was cut off."""
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(raw, "zstd"))
