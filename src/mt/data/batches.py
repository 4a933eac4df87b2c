"""Prepared pairs as batches: about the same number of tokens each, little padding, in an order that a seed decides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from mt.config import BOS, EOS, PAD, Config
from mt.data.sources import Pair, Source, read_source
from mt.errors import RunError
from mt.run import RunDir, read_json
from mt.text.tokenizer import Tokenizer

POOL = 400   # batches' worth of shuffled pairs that are sorted by length together: little padding, yet other batches each epoch of a larger corpus


@dataclass(frozen=True)
class Batch:
    """Padded pairs: int64, PAD where a sentence has ended."""

    src: Tensor          # [B, S] the source and </s>
    tgt_in: Tensor       # [B, T] <s> and the target
    tgt_out: Tensor      # [B, T] the target and </s>
    target_tokens: int   # not padding, </s> included

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        if device.type == "cpu":
            return self
        src, tgt_in, tgt_out = (x.pin_memory().to(device, non_blocking=True) for x in (self.src, self.tgt_in, self.tgt_out))
        return Batch(src, tgt_in, tgt_out, self.target_tokens)

    def halves(self) -> list[Batch]:
        """The same pairs as two batches, where there are two."""
        sides = [side.tensor_split(2) for side in (self.src, self.tgt_in, self.tgt_out)]
        return [Batch(src, tgt_in, tgt_out, int((tgt_out != PAD).sum())) for src, tgt_in, tgt_out in zip(*sides, strict=True) if len(src)]


@dataclass(frozen=True)
class Column:
    """Token sequences end to end, and where each begins."""

    tokens: np.ndarray    # int32
    offsets: np.ndarray   # int64, one more than there are sequences

    def __getitem__(self, i: int) -> np.ndarray:
        return self.tokens[self.offsets[i] : self.offsets[i + 1]]

    @property
    def lengths(self) -> np.ndarray:
        return np.diff(self.offsets)

    def rows(self, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Those sequences end to end, and where their tokens stand in a matrix with a row for each: bool [B, longest]."""
        begins = self.offsets[chosen]
        lengths = self.offsets[chosen + 1] - begins
        ends = np.cumsum(lengths)
        places = np.arange(ends[-1]) + np.repeat(begins - ends + lengths, lengths)
        return self.tokens[places], np.arange(lengths.max()) < lengths[:, None]


class PairDataset:
    """Token sequences of sources and targets, in memory."""

    def __init__(self, src: Column, tgt: Column) -> None:
        self.src, self.tgt = src, tgt

    @classmethod
    def load(cls, folder: Path) -> PairDataset:
        """Read the Arrow files that prepare wrote; raises RunError where there are none."""
        files = sorted(folder.glob("*.arrow"))
        if not files:
            raise RunError(f"{folder} holds no prepared pairs", fix="make them with mt prepare")
        try:
            table = pa.concat_tables(pa.ipc.open_stream(pa.memory_map(str(file))).read_all() for file in files)
            return cls(*(flatten(table.column(name)) for name in ("src", "tgt")))
        except (OSError, KeyError, pa.ArrowException) as error:
            raise RunError(f"{folder} is damaged or not of ours: {error}", fix="make it again with mt prepare") from error

    def __len__(self) -> int:
        return len(self.src.offsets) - 1

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        return self.src[i], self.tgt[i]

    @property
    def target_tokens(self) -> int:
        """Of all pairs, </s> included."""
        return len(self.tgt.tokens) + len(self)


@dataclass(frozen=True)
class Prepared:
    """All that training reads from the folder that `mt prepare` made."""

    folder: RunDir
    tokenizer: Tokenizer
    train: PairDataset
    valid: PairDataset
    valid_text: list[Pair]

    @classmethod
    def load(cls, path: Path) -> Prepared:
        """What is in the folder; raises RunError where it is none of ours."""
        if not path.is_dir():
            raise RunError(f"there is no prepared data at {path}", fix=f"mt prepare CORPUS --out {path}")
        folder, valid_text = RunDir(path), list(read_source(Source(str(path / "valid.tsv"))))
        return cls(folder, Tokenizer.load(folder.tokenizer), PairDataset.load(path / "train"), PairDataset.load(path / "valid"), valid_text)

    def describe(self, config: Config) -> Config:
        """The configuration with what was settled when the data were prepared: their settings, and the size of the vocabulary."""
        settings = {name: value for name, value in read_json(self.folder.manifest)["data"].items() if name in vars(config.data)}
        return replace(config, model=replace(config.model, vocab_size=self.tokenizer.vocab_size), data=replace(config.data, **settings))


def flatten(column: pa.ChunkedArray) -> Column:
    """A list column as one array and offsets; raises ArrowException where it holds something else."""
    array = column.cast(pa.list_(pa.int32())).combine_chunks()
    offsets = array.offsets.to_numpy().astype(np.int64)
    return Column(array.values.to_numpy()[offsets[0] : offsets[-1]], offsets - offsets[0])


class BatchStream:
    """Batches of a data set, epoch after epoch; which and in what order is a function of (seed, epoch, rank, world_size) alone.

    A batch of B pairs, the longest side T tokens with its <s> or </s>, has B * T <= tokens_per_batch; a longer pair is alone.
    """

    def __init__(self, data: PairDataset, tokens_per_batch: int, *, seed: int, rank: int = 0, world_size: int = 1) -> None:
        self.data, self.tokens_per_batch = data, tokens_per_batch
        self.seed, self.rank, self.world_size = seed, rank, world_size
        self.lengths = np.maximum(data.src.lengths, data.tgt.lengths) + 1

    def plan(self, epoch: int) -> list[np.ndarray]:
        """The pairs of every batch of this rank's epoch, in order."""
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(len(self.data))
        pool = max(1, int(POOL * self.tokens_per_batch / max(1.0, float(self.lengths.mean()))))
        batches = [batch for start in range(0, len(order), pool) for batch in self.cut(order[start : start + pool])]
        batches = [batches[i] for i in random.permutation(len(batches))]
        steps = -(-len(batches) // self.world_size)   # every rank takes as many; for the batches missing at the end, the first come again
        return [batches[i % len(batches)] for i in range(self.rank, steps * self.world_size, self.world_size)]

    def cut(self, pairs: np.ndarray) -> list[np.ndarray]:
        """Pairs of like length together, as many as fit."""
        lengths, sources = self.lengths[pairs], self.data.src.lengths[pairs]
        pairs = pairs[np.lexsort((np.where(lengths % 2, sources, -sources), lengths))]   # up and down: a batch of two lengths has sources alike
        batches, start = [], 0
        for end, length in enumerate(self.lengths[pairs].tolist()):
            if length * (end + 1 - start) > self.tokens_per_batch and end > start:
                batches.append(pairs[start:end])
                start = end
        return [*batches, pairs[start:]]

    def epoch(self, number: int, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from the `start`-th on."""
        for pairs in self.plan(number)[start:]:
            yield self.collate(pairs)

    def steps(self, epoch: int, start: int, accumulate: int, device: torch.device) -> Iterator[tuple[list[Batch], tuple[int, int]]]:
        """The batches of one optimizer step after another, epoch after epoch; with each the epoch and batch that follow.

        Batches are counted over all ranks here, so that another number of ranks can go on from there.
        """
        group: list[Batch] = []
        first = start // self.world_size
        for number in itertools.count(epoch):
            made = (batch.to(device) for batch in self.epoch(number, first))
            for following, batch in enumerate(ahead(made), start=first + 1):
                group.append(batch)
                if len(group) == accumulate:
                    yield group, (number, following * self.world_size)
                    group = []
            first = 0

    def collate(self, pairs: np.ndarray) -> Batch:
        """Those pairs as one batch."""
        source, in_source = self.data.src.rows(pairs)
        target, in_target = self.data.tgt.rows(pairs)
        return Batch(
            with_end(source, in_source),
            with_beginning(target, in_target),
            with_end(target, in_target),
            target_tokens=len(target) + len(pairs),
        )


Item = TypeVar("Item")


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items; while the caller works on one, a thread makes the next."""
    with ThreadPoolExecutor(1) as worker:
        coming = worker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = worker.submit(next, items, None)
            yield item


def with_end(tokens: np.ndarray, inside: np.ndarray) -> Tensor:
    """Rows of tokens, each closed by </s>."""
    matrix = np.full((len(inside), inside.shape[1] + 1), PAD, dtype=np.int64)
    matrix[:, :-1][inside] = tokens
    matrix[np.arange(len(inside)), inside.sum(axis=1)] = EOS
    return torch.from_numpy(matrix)


def with_beginning(tokens: np.ndarray, inside: np.ndarray) -> Tensor:
    """Rows of tokens, each opened by <s>."""
    matrix = np.full((len(inside), inside.shape[1] + 1), PAD, dtype=np.int64)
    matrix[:, 0] = BOS
    matrix[:, 1:][inside] = tokens
    return torch.from_numpy(matrix)
