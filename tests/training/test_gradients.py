"""Laws of a step's gradients: they are the same in however many parts the memory takes them."""

from __future__ import annotations

import pytest
import torch
from fakes import SMALLEST, random_batch

from mt.config import Config, update
from mt.errors import DeviceError, TrainingError
from mt.model import build
from mt.training import gradients as room
from mt.training.distributed import World
from mt.training.gradients import gradients, with_batch_size

WORLD = World(torch.device("cpu"), torch.float32)


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory for three pairs at a time, found out only after some gradients have been added."""
    whole = room.backward

    def backward(model, batch, *rest):
        if len(batch.src) > 3:
            whole(model, batch.halves()[0], *rest)
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(model, batch, *rest)

    monkeypatch.setattr(room, "backward", backward)


def test_halves_are_the_whole_batch():
    whole = random_batch(5)
    halves = whole.halves()
    assert [len(half.src) for half in halves] == [3, 2]
    assert [half.target_tokens for half in halves] == [18, 14]
    for side in ("src", "tgt_in", "tgt_out"):
        assert torch.equal(torch.cat([getattr(half, side) for half in halves]), getattr(whole, side))
    assert len(halves[1].halves()[0].halves()) == 1


def test_a_step_that_runs_out_of_memory_is_taken_in_parts_with_a_warning(small_memory, monkeypatch, capsys):
    model, batches = build(SMALLEST), [random_batch(2), random_batch(9)]
    parts = gradients(model, batches, 74, 0.1, WORLD)
    added = [parameter.grad for parameter in model.parameters()]
    assert "out of memory" in capsys.readouterr().err
    monkeypatch.undo()
    model.zero_grad(set_to_none=True)
    torch.testing.assert_close(parts, gradients(model, batches, 74, 0.1, WORLD))
    torch.testing.assert_close(added, [parameter.grad for parameter in model.parameters()])


def test_one_pair_that_does_not_fit_is_an_error(monkeypatch):
    def backward(*given):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(room, "backward", backward)
    with pytest.raises(TrainingError, match="one sentence pair"):
        gradients(build(SMALLEST), [random_batch(3)], 18, 0.1, WORLD)


def test_the_batch_size_that_fits_leaves_a_quarter_to_spare(monkeypatch):
    tried = []

    def backward(model, batch, *rest):
        tried.append(batch.src.numel())
        if batch.src.numel() > 9000:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(room, "backward", backward)
    config = update(Config(), {"train": {"tokens_per_batch": 0}})
    monkeypatch.setattr(torch, "full", lambda size, value, device: torch.zeros(size, dtype=torch.int64))
    fits = with_batch_size(config, build(SMALLEST), World(torch.device("cuda"), torch.float32)).train.tokens_per_batch
    assert fits == 25_000 // 4
    assert 7500 < tried[-1] <= 9000


def test_without_a_gpu_the_batch_size_is_the_usual_one_and_a_given_one_is_kept():
    for given, taken in ((0, 4096), (700, 700)):
        assert with_batch_size(update(Config(), {"train": {"tokens_per_batch": given}}), build(SMALLEST), WORLD).train.tokens_per_batch == taken


def test_a_device_without_any_memory_is_an_error(monkeypatch):
    def attempt(size: int) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(DeviceError, match="memory"):
        room.largest_that_fits(attempt, 100)
