"""Laws of batches: every pair once an epoch, little padding, one order for one seed."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from mt.config import BOS, EOS, PAD
from mt.data.batches import Batch, BatchStream, Column, PairDataset, ahead
from mt.errors import RunError

CPU = torch.device("cpu")


def column(lengths: np.ndarray, first: int) -> Column:
    """Sequences of these lengths; each begins with a number of its own."""
    offsets = np.concatenate(([0], np.cumsum(lengths)))
    tokens = np.full(offsets[-1], 4, dtype=np.int32)
    tokens[offsets[:-1]] = np.arange(len(lengths)) + first
    return Column(tokens, offsets)


@pytest.fixture(scope="module")
def data() -> PairDataset:
    rng = np.random.default_rng(1)
    src = np.clip(rng.lognormal(2.6, 0.6, 60_000).astype(int), 1, 120)      # like real sentences
    tgt = np.clip((src * rng.normal(1.15, 0.15, len(src))).astype(int), 1, 150)
    return PairDataset(column(src, 10), column(tgt, 10))


def numbers(batches: list[Batch]) -> list[int]:
    return [number for batch in batches for number in batch.src[:, 0].tolist()]


def test_every_pair_comes_once_an_epoch(data: PairDataset):
    assert sorted(numbers(list(BatchStream(data, 4096, seed=1).epoch(0)))) == list(range(10, len(data) + 10))


def test_batches_keep_the_bound_and_waste_little(data: PairDataset):
    batches = list(BatchStream(data, 4096, seed=1).epoch(0))
    assert all(max(batch.src.numel(), batch.tgt_in.numel()) <= 4096 for batch in batches)
    sources, targets = (sum(int((getattr(batch, side) != PAD).sum()) for batch in batches) for side in ("src", "tgt_out"))
    wide, long = sum(batch.src.numel() for batch in batches), sum(batch.tgt_in.numel() for batch in batches)
    assert 1 - targets / long < 0.05
    assert 1 - (sources + targets) / (wide + long) < 0.05


def test_a_batch_is_laid_out_for_teacher_forcing(data: PairDataset):
    batch = next(BatchStream(data, 300, seed=1).epoch(0))
    for src, tgt_in, tgt_out in zip(batch.src.tolist(), batch.tgt_in.tolist(), batch.tgt_out.tolist(), strict=True):
        source, target = data[src[0] - 10]
        assert [token for token in src if token != PAD] == [*source.tolist(), EOS]
        assert [token for token in tgt_in if token != PAD] == [BOS, *target.tolist()]
        assert [token for token in tgt_out if token != PAD] == [*target.tolist(), EOS]
    assert batch.target_tokens == int((batch.tgt_out != PAD).sum())


def test_order_depends_on_seed_and_epoch_alone(data: PairDataset):
    first = numbers(list(BatchStream(data, 4096, seed=1).epoch(0)))
    assert numbers(list(BatchStream(data, 4096, seed=1).epoch(0))) == first
    assert numbers(list(BatchStream(data, 4096, seed=2).epoch(0))) != first
    assert numbers(list(BatchStream(data, 4096, seed=1).epoch(1))) != first


def test_starting_in_the_middle_skips_the_beginning(data: PairDataset):
    stream = BatchStream(data, 4096, seed=1)
    assert numbers(list(stream.epoch(3, start=40))) == numbers(list(stream.epoch(3))[40:])


@pytest.mark.parametrize("world_size", [2, 3, 7])
def test_ranks_share_an_epoch_in_equal_numbers_of_batches(data: PairDataset, world_size: int):
    alone = list(BatchStream(data, 4096, seed=1).epoch(0))
    ranks = [list(BatchStream(data, 4096, seed=1, rank=rank, world_size=world_size).epoch(0)) for rank in range(world_size)]
    assert {len(batches) for batches in ranks} == {-(-len(alone) // world_size)}
    assert set(numbers([batch for batches in ranks for batch in batches])) == set(range(10, len(data) + 10))
    in_turn = [batch for group in zip(*ranks, strict=True) for batch in group][: len(alone)]
    assert numbers(in_turn) == numbers(alone)   # together they take the steps of one process that accumulates


def test_more_ranks_than_batches_still_take_equal_steps():
    data = PairDataset(column(np.array([3, 3]), 10), column(np.array([3, 3]), 10))
    ranks = [list(BatchStream(data, 100, seed=1, rank=rank, world_size=5).epoch(0)) for rank in range(5)]
    assert [len(batches) for batches in ranks] == [1] * 5


@pytest.mark.parametrize("accumulate", [1, 3])
@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 1), (1, 4), (4, 2)])
def test_another_number_of_ranks_goes_on_where_the_others_stopped(data: PairDataset, accumulate: int, before: int, after: int):
    def steps(ranks: int, epoch: int, start: int, count: int) -> tuple[list[int], tuple[int, int]]:
        streams = [BatchStream(data, 500, seed=1, rank=rank, world_size=ranks).steps(epoch, start, accumulate, CPU) for rank in range(ranks)]
        taken = [list(itertools.islice(stream, count)) for stream in streams]
        return sorted(n for rank in taken for group, _ in rank for n in numbers(group)), taken[0][-1][1]

    half, place = steps(before, 0, 0, 12 // before)
    rest, _ = steps(after, *place, 12 // after)
    whole, _ = steps(1, 0, 0, 24)
    assert sorted(half + rest) == whole


def test_items_made_ahead_are_the_same_and_so_is_a_failure_on_the_way():
    assert list(ahead(iter([3, 0, 2]))) == [3, 0, 2]
    failing = ahead(1 // n for n in (1, 0))
    assert next(failing) == 1
    with pytest.raises(ZeroDivisionError):
        next(failing)


def test_a_pair_longer_than_a_batch_is_alone():
    data = PairDataset(column(np.array([50, 3, 3]), 10), column(np.array([60, 3, 3]), 10))
    shapes = sorted(tuple(batch.src.shape) for batch in BatchStream(data, 20, seed=1).epoch(0))
    assert shapes == [(1, 51), (2, 4)]


@pytest.mark.parametrize("content", [None, b"", b"not arrow"])
def test_a_folder_without_readable_pairs_is_refused(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / "data.arrow").write_bytes(content)
    with pytest.raises(RunError, match=str(tmp_path)):
        PairDataset.load(tmp_path)


@pytest.mark.parametrize("table", [{"en": [[1]], "fr": [[1]]}, {"src": ["text"], "tgt": ["texte"]}])
def test_arrow_files_of_another_kind_are_refused(tmp_path: Path, table: dict[str, list]):
    arrow = pa.table(table)
    with pa.ipc.new_stream(tmp_path / "data.arrow", arrow.schema) as writer:
        writer.write_table(arrow)
    with pytest.raises(RunError, match="not of ours"):
        PairDataset.load(tmp_path)
