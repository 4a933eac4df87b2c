"""Corpora become what training reads: normalised, cleaned, split, tokenised, on disk as Arrow."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from mt import __version__, console
from mt.config import DataConfig
from mt.data.augment import augment
from mt.data.clean import broken_rule, rules
from mt.data.sources import Pair, Source, read_source
from mt.errors import DataError, OutputError
from mt.run import RunDir, replacing, write_json, write_text
from mt.text.normalize import normalize, normalize_french
from mt.text.tokenizer import Tokenizer, train_tokenizer

CHUNK = 10_000                  # pairs handed to a worker at a time
TOKENIZER_PAIRS = 500_000       # at most, to learn the tokenizer from
THREADS = 4                     # of SentencePiece; always the same number, since it changes the result
LARGEST_SPLIT = 0.05            # of the corpus, for each of valid and test


@dataclass(frozen=True)
class Sources:
    """What to prepare; valid and test may be empty, then they are split off."""

    train: list[Source]
    valid: list[Source] = field(default_factory=list)
    test: list[Source] = field(default_factory=list)


def prepare(sources: Sources, out: Path, config: DataConfig, *, jobs: int) -> dict[str, Any]:
    """Write a prepared folder and return its manifest.

    `out` appears, or is replaced, only when all is done. The same sources and configuration give the same files.
    """
    if out.exists() and not RunDir(out).manifest.is_file() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} exists and was not made by mt prepare", fix="choose another --out")
    tally: Counter[str] = Counter()
    valid, tests = read_all(sources.valid), {source.stem: list(read_source(source)) for source in sources.test}
    train, counts = read_clean(sources.train, config, tally, jobs)
    if not valid or not tests:
        train, split_valid, split_test = split(train, config, valid=not valid, test=not tests)
        valid = valid or split_valid
        tests = tests or {"corpus": split_test}
    train = without_leaks(train, [valid, *tests.values()], tally)
    if not train:
        raise DataError("no pairs are left for training after cleaning", fix="give more text, or look at it: are both columns there?")
    if not valid or not all(tests.values()):
        raise DataError("the corpus is too small to split a validation and a test set off it", fix="give them with --valid and --test")
    copies = repeat(train, config)
    with replacing(out) as folder:
        (folder / "test").mkdir(parents=True)
        write_pairs(folder / "valid.tsv", valid)
        for name, pairs in tests.items():
            write_pairs(folder / "test" / f"{name}.tsv", pairs)
        tokenizer = learn_tokenizer(copies, folder, config)
        normal_valid = [Pair(normalize(src), normalize_french(tgt)) for src, tgt in valid]
        sizes = {
            "train": write_arrow(folder / "train", copies, config, jobs, tally),
            "valid": write_arrow(folder / "valid", normal_valid, config, jobs, tally),
        }
        data = dataclasses.replace(config, vocab_size=tokenizer.vocab_size)
        manifest = {
            "mt": __version__,
            "data": dataclasses.asdict(data),
            "sources": {source.name: {"weight": source.weight, "pairs": counts[source.name], **sums(source)} for source in sources.train},
            "removed": dict(tally),
            "sizes": {**sizes, "test": {name: len(pairs) for name, pairs in tests.items()}},
        }
        write_json(RunDir(folder).manifest, manifest)
    return manifest


def read_all(sources: Sequence[Source]) -> list[Pair]:
    """The pairs of several sources, untouched."""
    return [pair for source in sources for pair in read_source(source)]


def read_clean(
    sources: Sequence[Source], config: DataConfig, tally: Counter[str], jobs: int
) -> tuple[list[tuple[Pair, float]], dict[str, int]]:
    """The good pairs of all sources, normalised, each once, with the weight of their source; and how many each source held."""
    weighted: dict[Pair, float] = {}
    counts: dict[str, int] = {}
    clean = partial(clean_chunk, max_length_ratio=config.max_length_ratio)
    with ProcessPoolExecutor(jobs) as pool, console.progress("reading", len(sources)) as advance:
        for source in sources:
            chunks = chunked(list(read_source(source)))
            counts[source.name] = sum(map(len, chunks))
            for good, removed in pool.map(clean, chunks):
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

    Which one depends on the sentence and the seed alone, so a corpus that grows keeps its test set.
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
        elif at < valid_share + test_share:
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


def learn_tokenizer(pairs: list[Pair], folder: Path, config: DataConfig) -> Tokenizer:
    """The tokenizer of the training text, written into the folder."""
    console.log(f"learning {config.vocab_size:,} tokens from {min(len(pairs), TOKENIZER_PAIRS):,} pairs")
    lines = (side for pair in pairs[:TOKENIZER_PAIRS] for side in pair)   # the pairs are shuffled already
    path = RunDir(folder).tokenizer
    return train_tokenizer(lines, path, vocab_size=config.vocab_size, kind=config.tokenizer, seed=config.seed, threads=THREADS)


def write_arrow(folder: Path, pairs: list[Pair], config: DataConfig, jobs: int, tally: Counter[str]) -> dict[str, int]:
    """Write the token numbers of pairs, columns src and tgt, as a `datasets` folder; returns how many pairs and tokens."""
    from datasets import Dataset, Features, List, Value
    from datasets.utils.logging import disable_progress_bar

    disable_progress_bar()
    chunks = chunked(pairs)
    tokenizer = RunDir(folder.parent).tokenizer
    features = Features({"src": List(Value("int32")), "tgt": List(Value("int32"))})
    encoded: dict[str, list[list[int]]] = {"src": [], "tgt": []}
    with ProcessPoolExecutor(jobs) as pool, console.progress(f"encoding {folder.name}", len(pairs)) as advance:
        for chunk, (src, tgt) in zip(chunks, pool.map(partial(encode_chunk, tokenizer=tokenizer), chunks), strict=True):
            for a, b in zip(src, tgt, strict=True):
                if max(len(a), len(b)) <= config.max_tokens:
                    encoded["src"].append(a)
                    encoded["tgt"].append(b)
            advance(len(chunk))
    tally["too many tokens"] += len(pairs) - len(encoded["src"])
    Dataset.from_dict(encoded, features=features).save_to_disk(folder, num_proc=1)
    return {"pairs": len(encoded["src"]), **{f"{side}_tokens": sum(map(len, encoded[side])) for side in ("src", "tgt")}}


def encode_chunk(pairs: list[Pair], tokenizer: Path) -> tuple[list[list[int]], list[list[int]]]:
    """The token numbers of both sides."""
    loaded = Tokenizer.load(tokenizer)
    return [loaded.encode(pair.src) for pair in pairs], [loaded.encode(pair.tgt) for pair in pairs]


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """Raw pairs as TSV; what would break a line or a column becomes a space."""
    def field_of(text: str) -> str:
        return " ".join(text.splitlines()).replace("\t", " ")

    write_text(path, "".join(f"{field_of(src)}\t{field_of(tgt)}\n" for src, tgt in pairs))


def sums(source: Source) -> dict[str, list[dict[str, Any]]]:
    """Size and SHA-256 of the files of a source, so that it can be recognised."""

    def entries() -> Iterator[dict[str, Any]]:
        for path in source.files:
            with path.open("rb") as file:
                yield {"file": path.name, "bytes": path.stat().st_size, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}

    return {"files": list(entries())}
