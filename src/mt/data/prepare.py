"""Corpora become what training reads: normalised, cleaned, split, tokenised, on disk as Arrow."""

from __future__ import annotations

import dataclasses
import hashlib
import multiprocessing
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mt import __version__, console
from mt.config import DataConfig
from mt.data.augment import augment
from mt.data.clean import broken_rule, rules
from mt.data.resegment import Resegmenter
from mt.data.sources import Pair, Source, read_source
from mt.data.spelling import Spelling, as_lines, count_words
from mt.data.vocabulary import train_tokenizer
from mt.errors import DataError, OutputError, UsageError
from mt.run import RunDir, digest, replacing, write_json, write_text
from mt.text.normalize import no_break_spaces, normalize
from mt.text.tokenizer import Tokenizer

CHUNK = 10_000                  # pairs handed to a worker at a time
TOKENIZER_PAIRS = 500_000       # at most, to learn the tokenizer from
THREADS = 4                     # of SentencePiece; always the same number, since it changes the result
LARGEST_SPLIT = 0.05            # of the corpus, for each of valid and test
SCHEMA = pa.schema([("src", pa.list_(pa.int32())), ("tgt", pa.list_(pa.int32()))])
CONTENTS = {"train", "valid", "valid.tsv", "test", "tokenizer.model", "words.tsv", "manifest.json"}

Map = Callable[[Callable[[list[Pair]], Any], list[list[Pair]]], Iterable[Any]]   # Any: what the function returns


@dataclass(frozen=True)
class Sources:
    """What to prepare; valid and test may be empty, then they are split off."""

    train: list[Source]
    valid: list[Source] = field(default_factory=list)
    test: list[Source] = field(default_factory=list)


@dataclass(frozen=True)
class Parts:
    """Pairs that have found their place, and the `words` of the English to train on.

    `train` is normalised and clean; `valid` and `tests` are as they were given, or like `train` where they were split off it.
    """

    train: list[Pair]
    words: Counter[str]
    valid: list[Pair]
    tests: dict[str, list[Pair]]


def prepare(sources: Sources, out: Path, config: DataConfig, *, jobs: int, tokenizer: Path | None = None) -> dict[str, Any]:
    """Write a prepared folder and return its manifest; the tokenizer is learned from the text unless a file is given.

    `out` appears, or is replaced, only when all is done. The same sources and configuration give the same files.
    """
    out = out.resolve()   # "." has no name to put another folder in the place of
    refuse_foreign(out)
    known = Spelling()
    if tokenizer is not None:
        Tokenizer.load(tokenizer)   # complains before anything long begins
        known = Spelling.load(RunDir(tokenizer.parent).words)   # of the text that it was learned from
    tally: Counter[str] = Counter()
    with workers(jobs) as mapped:
        parts, counts = divide(sources, config, tally, mapped)
        with replacing(out) as folder:
            write_raw(folder, parts)
            write_text(RunDir(folder).words, as_lines(parts.words | known.listed))   # the larger count: much may stand in both texts
            placed = place_tokenizer(folder, parts.train, config, tokenizer)
            normal_valid = [Pair(normalize(src), normalize_french(tgt)) for src, tgt in parts.valid]
            sizes = {
                "train": write_arrow(folder / "train", parts.train, config, tally, mapped),
                "valid": write_arrow(folder / "valid", normal_valid, dataclasses.replace(config, resegment=0.0), tally, mapped),
                "test": {name: len(pairs) for name, pairs in parts.tests.items()},
            }
            for part in ("train", "valid"):
                if not sizes[part]["pairs"]:
                    raise DataError(f"no pair of at most {config.max_tokens} tokens is left for {part}", fix="raise --max-tokens, or give more text")
            manifest = {
                "mt": __version__,
                "data": dataclasses.asdict(dataclasses.replace(config, vocab_size=placed.vocab_size, tokenizer=placed.kind)),
                "sources": {source.name: {"weight": source.weight, "pairs": counts[source.name], **sums(source)} for source in sources.train},
                "held_out": {source.name: sums(source) for source in (*sources.valid, *sources.test)},
                "removed": dict(tally),
                "sizes": sizes,
            }
            write_json(RunDir(folder).manifest, manifest)
    return manifest


def refuse_foreign(out: Path) -> None:
    """Raise OutputError where something stands that prepare did not make: a model folder too has a manifest.json."""
    if not out.exists():
        return
    if not out.is_dir():
        raise OutputError(f"{out} is a file", fix="choose another --out")
    names = {path.name for path in out.iterdir()}
    if names and (names - CONTENTS or "manifest.json" not in names):
        found = sorted(names - CONTENTS or names)[0]
        raise OutputError(f"{out} was not made by mt prepare: {found} is in it", fix="choose another --out")


@contextmanager
def workers(jobs: int) -> Iterator[Map]:
    """A `map` over that many processes; one job is done in this process."""
    if jobs == 1:
        yield map
        return
    context = multiprocessing.get_context("spawn")   # forking a process that has threads may hang it
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=ignore_interrupts)
    try:
        yield pool.map
    except BrokenExecutor as error:
        raise DataError("a process that prepared text was ended, perhaps for want of memory", fix="give mt prepare fewer --jobs") from error
    finally:
        pool.shutdown(cancel_futures=True)


def ignore_interrupts() -> None:
    """Leave Ctrl-C to the parent, which ends its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def divide(sources: Sources, config: DataConfig, tally: Counter[str], mapped: Map) -> tuple[Parts, dict[str, int]]:
    """The pairs of all sources in their places, and how many each source of training held."""
    tests = read_tests(sources.test)
    valid = [pair for source in sources.valid for pair in read_source(source)]
    train, counts = read_clean(sources.train, config, tally, mapped)
    if not valid or not tests:
        train, split_valid, split_test = split(train, config, valid=not valid, test=not tests)
        valid = valid or split_valid
        tests = tests or {"corpus": split_test}
    train = without_leaks(train, [valid, *tests.values()], tally)
    if not train:
        raise DataError("no pairs are left for training after cleaning", fix="give more text, or look at it: are both columns there?")
    if not valid or not all(tests.values()):
        raise DataError("the corpus is too small to split a validation and a test set off it", fix="give them with --valid and --test")
    words = Counter[str]()
    for found in mapped(count_words, chunked([pair for pair, _ in train])):
        words.update(found)
    copies = repeat(train, config)
    if not copies:
        raise DataError("the weights of the sources leave no pair to train on", fix="give larger weights, or more text")
    return Parts(copies, words, valid, tests), counts


def read_tests(sources: Sequence[Source]) -> dict[str, list[Pair]]:
    """The test sets by name, untouched."""
    tests: dict[str, list[Pair]] = {}
    for source in sources:
        if source.stem in tests:
            raise UsageError(f"two test sets are called {source.stem}", fix="rename the file of one")
        tests[source.stem] = list(read_source(source))
    return tests


def write_raw(folder: Path, parts: Parts) -> None:
    """Write the texts that scores are made with."""
    (folder / "test").mkdir(parents=True)
    write_pairs(folder / "valid.tsv", parts.valid)
    for name, pairs in parts.tests.items():
        write_pairs(folder / "test" / f"{name}.tsv", pairs)


def read_clean(
    sources: Sequence[Source], config: DataConfig, tally: Counter[str], mapped: Map
) -> tuple[list[tuple[Pair, float]], dict[str, int]]:
    """The good pairs of all sources, normalised, each once, with the weight of their source; and how many each source held."""
    weighted: dict[Pair, float] = {}
    counts: dict[str, int] = {}
    clean = partial(clean_chunk, max_length_ratio=config.max_length_ratio)
    with console.progress("reading", len(sources)) as advance:
        for source in sources:
            chunks = chunked(list(read_source(source)))
            counts[source.name] = sum(map(len, chunks))
            for good, removed in mapped(clean, chunks):
                tally.update(removed)
                for pair in good:
                    tally["duplicate"] += pair in weighted
                    weighted[pair] = max(weighted.get(pair, 0.0), source.weight)
            advance()
    return list(weighted.items()), counts


def clean_chunk(pairs: list[Pair], max_length_ratio: float) -> tuple[list[Pair], Counter[str]]:
    """Those of the pairs, normalised, that break no rule; and how many broke which."""
    applied, good, removed = rules(max_length_ratio), [], Counter[str]()
    for src, tgt in pairs:
        pair = Pair(normalize(src), normalize_french(tgt))
        broken = broken_rule(pair, applied)
        if broken is None:
            good.append(pair)
        else:
            removed[broken] += 1
    return good, removed


def chunked(items: list[Any]) -> list[list[Any]]:
    """The items in lists of CHUNK."""
    return [items[i : i + CHUNK] for i in range(0, len(items), CHUNK)]


def split(
    pairs: list[tuple[Pair, float]], config: DataConfig, *, valid: bool, test: bool
) -> tuple[list[tuple[Pair, float]], list[Pair], list[Pair]]:
    """Train, valid and test; an English sentence with several translations falls into one of them whole.

    Which one depends on the sentence and the seed. Of a corpus that grows, some of the old test set may be trained on, but
    nothing that was trained on before comes into the new one.
    """
    def place(src: str) -> float:
        return int.from_bytes(hashlib.sha256(f"{config.seed}\0{src.lower()}".encode()).digest()[:8]) / 2**64

    total = max(1, len(pairs))
    valid_share = min(config.valid_size / total, LARGEST_SPLIT) * valid
    test_share = min(config.test_size / total, LARGEST_SPLIT) * test
    kept, for_valid, for_test = [], [], []
    for pair, weight in pairs:
        at = place(pair.src)
        if at < valid_share:
            for_valid.append(pair)
        elif LARGEST_SPLIT <= at < LARGEST_SPLIT + test_share:
            for_test.append(pair)
        else:
            kept.append((pair, weight))
    return kept, for_valid, for_test


def without_leaks(train: list[tuple[Pair, float]], held_out: Sequence[Sequence[Pair]], tally: Counter[str]) -> list[tuple[Pair, float]]:
    """The training pairs of which neither side, case aside, stands in a validation or test set."""
    src = {normalize(pair.src).lower() for pairs in held_out for pair in pairs}
    tgt = {normalize_french(pair.tgt).lower() for pairs in held_out for pair in pairs}
    kept = [(pair, weight) for pair, weight in train if pair.src.lower() not in src and pair.tgt.lower() not in tgt]
    tally["in valid or test"] += len(train) - len(kept)
    return kept


def repeat(train: list[tuple[Pair, float]], config: DataConfig) -> list[Pair]:
    """Each pair as often as its weight says, a fraction by chance, some copies changed as people really type; in random order."""
    rng = random.Random(config.seed)
    copies = []
    for pair, weight in train:
        times = int(weight) + (rng.random() < weight % 1)
        copies += [Pair(*augment(pair.src, pair.tgt, config.augment, rng)) for _ in range(times)]
    rng.shuffle(copies)
    return copies


def place_tokenizer(folder: Path, pairs: list[Pair], config: DataConfig, existing: Path | None) -> Tokenizer:
    """Put a tokenizer into the folder, the existing one or one learned from the pairs."""
    path = RunDir(folder).tokenizer
    if existing is not None:
        shutil.copyfile(existing, path)
        return Tokenizer.load(path)
    console.log(f"learning {config.vocab_size:,} tokens from {min(len(pairs), TOKENIZER_PAIRS):,} pairs")
    lines = (side for pair in pairs[:TOKENIZER_PAIRS] for side in pair)   # the pairs are shuffled already
    return train_tokenizer(lines, path, vocab_size=config.vocab_size, kind=config.tokenizer, seed=config.seed, threads=THREADS)


def write_arrow(folder: Path, pairs: list[Pair], config: DataConfig, tally: Counter[str], mapped: Map) -> dict[str, int]:
    """Write the token numbers of pairs, columns src and tgt, as a folder that `datasets` opens; returns how many pairs and tokens.

    Chunk by chunk, so that memory does not grow with the corpus; without a fingerprint of chance, so that the same pairs give the same files.
    """
    file = "data-00000-of-00001.arrow"
    sizes = Counter(pairs=0, src_tokens=0, tgt_tokens=0)
    encode = partial(encode_chunk, tokenizer=RunDir(folder.parent).tokenizer, config=config)
    folder.mkdir()
    with (
        pa.OSFile(str(folder / file), "wb") as sink,
        pa.ipc.new_stream(sink, SCHEMA) as writer,
        console.progress(f"encoding {folder.name}", len(pairs)) as advance,
    ):
        for batch in mapped(encode, chunked(pairs)):
            writer.write_batch(batch)
            src, tgt = batch.columns
            sizes.update(pairs=batch.num_rows, src_tokens=len(src.flatten()), tgt_tokens=len(tgt.flatten()))
            advance(CHUNK)
    tally["too many tokens"] += len(pairs) - sizes["pairs"]
    side = {"feature": {"dtype": "int32", "_type": "Value"}, "_type": "List"}
    about = {"citation": "", "description": "", "features": {"src": side, "tgt": side}, "homepage": "", "license": ""}
    write_json(folder / "dataset_info.json", about)
    state = {"_data_files": [{"filename": file}], "_fingerprint": digest(folder / file)[:16], "_format_columns": None}
    write_json(folder / "state.json", {**state, "_format_kwargs": {}, "_format_type": None, "_output_all_columns": False, "_split": None})
    return dict(sizes)


def encode_chunk(pairs: list[Pair], tokenizer: Path, config: DataConfig) -> pa.RecordBatch:
    """The token numbers of both sides, some cut by chance, where neither has more than max_tokens."""
    loaded, rng = Tokenizer.load(tokenizer), random.Random(f"{config.seed} {pairs[0]}")   # whichever process takes the chunk
    resegmenter = Resegmenter(loaded) if config.resegment else None
    kept = []
    for pair in pairs:
        row = [loaded.encode(side) for side in pair]
        if resegmenter and rng.random() < config.resegment:
            other = [resegmenter.encode(side, rng) for side in pair]
            row = other if max(map(len, other)) <= config.max_tokens else row
        if max(map(len, row)) <= config.max_tokens:
            kept.append(row)
    return pa.record_batch([token_lists([row[i] for row in kept]) for i in (0, 1)], schema=SCHEMA)


def token_lists(rows: list[list[int]]) -> pa.ListArray:
    """Lists of numbers as Arrow holds them: end to end, and where each begins."""
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    return pa.ListArray.from_arrays(offsets, np.array([token for row in rows for token in row], dtype=np.int32))


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """Raw pairs as TSV; what would break a line or a column becomes a space, nothing else is touched."""
    spaces = str.maketrans("\t\n\r\0", "    ")
    write_text(path, "".join(f"{src.translate(spaces)}\t{tgt.translate(spaces)}\n" for src, tgt in pairs))


def sums(source: Source) -> dict[str, list[dict[str, Any]]]:
    """Size and SHA-256 of the files of a source, so that it can be recognised."""
    return {"files": [{"file": path.name, "bytes": path.stat().st_size, "sha256": digest(path)} for path in source.files]}


def normalize_french(text: str) -> str:
    """A line of French, normalised, with its no-break spaces."""
    return no_break_spaces(normalize(text))
