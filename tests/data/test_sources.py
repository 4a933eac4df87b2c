"""Laws of reading corpora: every form gives the same pairs, and whatever is wrong is named with its place and its fix."""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from mt.data.sources import Pair, parse_source, read_source
from mt.errors import DataError, UsageError

PAIRS = [Pair("Hello.", "Bonjour."), Pair("Où?", "Quoi\u202f?"), Pair("", "vide")]


def write_tsv(path: Path) -> None:
    path.write_bytes("".join(f"{src}\t{tgt}\n" for src, tgt in PAIRS).encode())


def write_jsonl(path: Path) -> None:
    flat = [json.dumps({"en": src, "fr": tgt}) for src, tgt in PAIRS[:2]]
    path.write_text("\n".join([*flat, json.dumps({"translation": {"en": PAIRS[2].src, "fr": PAIRS[2].tgt}})]))


def write_tmx(path: Path) -> None:
    units = "".join(f'<tu><tuv xml:lang="en-GB"><seg>{src}</seg></tuv><tuv xml:lang="FR"><seg>{tgt}</seg></tuv></tu>' for src, tgt in PAIRS)
    path.write_text(f'<?xml version="1.0"?><tmx version="1.4"><body>{units}</body></tmx>')


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes, ".gz": gzip.compress, ".xz": lzma.compress, ".zst": lambda content: pa.compress(content, codec="zstd", asbytes=True),
}


@pytest.mark.parametrize("compression", COMPRESSORS)
@pytest.mark.parametrize(("suffix", "write"), [(".tsv", write_tsv), (".jsonl", write_jsonl), (".tmx", write_tmx)])
def test_every_form_and_compression_gives_the_pairs(tmp_path: Path, suffix: str, write: Callable[[Path], None], compression: str):
    path = tmp_path / f"corpus{suffix}{compression}"
    write(path)
    path.write_bytes(COMPRESSORS[compression](path.read_bytes()))
    assert list(read_source(parse_source(str(path)))) == PAIRS


def test_two_aligned_files_give_the_pairs(tmp_path: Path):
    for i, name in enumerate(("a.en", "a.fr")):
        (tmp_path / name).write_text("".join(pair[i] + "\r\n" for pair in PAIRS))
    assert list(read_source(parse_source(f"{tmp_path}/a.en,{tmp_path}/a.fr"))) == PAIRS


def test_a_byte_order_mark_is_no_text(tmp_path: Path):
    (tmp_path / "a.tsv").write_bytes(b"\xef\xbb\xbfHi\tSalut\n")
    assert list(read_source(parse_source(f"{tmp_path}/a.tsv"))) == [Pair("Hi", "Salut")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.tsv", b"one\n", "line 1: 1 column instead of 2"),
        ("a.tsv", b"a\tb\na\tb\tc\n", "line 2: 3 columns instead of 2"),
        ("a.tsv", b"a\tb\n\nc", "line 3: 1 column"),
        ("a.tsv", b"a\tb\n\xff\xfe\tb\n", "line 2: not UTF-8"),
        ("a.tsv", b"a\tb\x00\n", "line 1: binary"),
        ("a.tsv", b"", "holds no pairs"),
        ("a.jsonl", b'{"en": "a", "fr": "b"}\n{"en": 3}\n', "line 2: no pair"),
        ("a.jsonl", b"[1\n", "line 1: no pair"),
        ("a.jsonl", b"3\n", "line 1: no pair"),
        ("a.jsonl", b'{"en": "\\ud800", "fr": "b"}\n', "line 1: no pair"),
        ("a.tmx", b"<tmx><tu>", "no translation memory"),
        ("a.tsv.gz", b"not gzip", "cannot read"),
        ("a.tsv.xz", lzma.compress(b"a\tb\n" * 9000)[:-40], "cannot read"),
        ("a.tsv.zst", b"not zstandard", "cannot read"),
        ("a.docx", b"x", "of no known form"),
    ],
)
def test_bad_files_are_named_with_their_place(tmp_path: Path, name: str, content: bytes, says: str):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        list(read_source(parse_source(str(path))))
    assert says in raised.value.message
    assert str(path) in raised.value.message
    assert raised.value.fix


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
@pytest.mark.parametrize("kind", ["tsv", "tmx"])
def test_a_file_cut_off_is_never_taken_for_a_whole_one(tmp_path: Path, kind: str, suffix: str):
    lines = b"".join(b"%d\tb%d\n" % (i, i * i) for i in range(9000))
    path = tmp_path / f"a.{kind}{suffix}"
    path.write_bytes(COMPRESSORS[suffix](lines if kind == "tsv" else b"<tmx>" + lines + b"</tmx>")[:-10])
    with pytest.raises(DataError, match=r"a\.t"):
        list(read_source(parse_source(str(path))))


@pytest.mark.parametrize("suffix", [".gz", ".xz", ".zst"])
def test_compressed_files_may_be_joined_end_to_end(tmp_path: Path, suffix: str):
    path = tmp_path / f"a.tsv{suffix}"
    path.write_bytes(COMPRESSORS[suffix](b"a\tb\n") + COMPRESSORS[suffix](b"c\td\n"))
    assert list(read_source(parse_source(str(path)))) == [Pair("a", "b"), Pair("c", "d")]


def test_unequal_files_say_which_is_longer(tmp_path: Path):
    (tmp_path / "a.en").write_text("1\n2\n3\n")
    (tmp_path / "a.fr").write_text("1\n2\n")
    with pytest.raises(DataError, match=r"a\.en has more lines than .*a\.fr, which ends after 2"):
        list(read_source(parse_source(f"{tmp_path}/a.en,{tmp_path}/a.fr")))


@pytest.mark.parametrize("name", ["a,b.tsv", "2*a.tsv"])
def test_a_file_may_be_called_like_two_or_like_a_weight(tmp_path: Path, name: str):
    (tmp_path / "x,y").mkdir()
    (tmp_path / "x,y" / name).write_text("cat\tchat\n")
    source = parse_source(f"{tmp_path}/x,y/{name}")
    assert (source.weight, list(read_source(source))) == (1.0, [Pair("cat", "chat")])


def test_missing_files_and_folders_are_told_at_once(tmp_path: Path):
    with pytest.raises(DataError, match="there is no file"):
        parse_source(f"{tmp_path}/absent.tsv")
    with pytest.raises(DataError, match="is a folder"):
        parse_source(str(tmp_path))


@pytest.mark.parametrize("text", ["0*a.tsv", "x*a.tsv", "-1*a.tsv"])
def test_a_weight_must_be_a_positive_number(text: str):
    with pytest.raises(UsageError, match="is no weight"):
        parse_source(text)
