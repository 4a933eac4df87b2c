"""Laws of a training step: it is the one written out by hand, from the loss to the weights."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from fakes import SMALLEST, random_batch
from torch import Tensor, nn

from mt.config import PAD, Config, TrainConfig
from mt.data.batches import Batch
from mt.model import build
from mt.run import RunDir
from mt.training.distributed import World
from mt.training.loop import step
from mt.training.optim import Optimizers
from mt.training.session import Budget, Training

WORLD = World(torch.device("cpu"), torch.float32)
RATE = 0.01


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(1)


def training(**settings: object) -> Training:
    model, config = build(SMALLEST), Config(model=SMALLEST, train=TrainConfig(**settings))
    return Training(config, RunDir(Path("unused")), Budget(), WORLD, model, Optimizers(model, config.train), data=None)


def by_hand(model: nn.Module, batches: list[Batch], smoothing: float) -> tuple[Tensor, Tensor, Tensor]:
    """The loss and nll per token, and the gradient's norm, with the gradients in the model."""
    tokens = sum(batch.target_tokens for batch in batches)
    logits = torch.cat([model(each.src, each.tgt_in).flatten(0, 1) for each in batches])
    targets = torch.cat([each.tgt_out.flatten() for each in batches])
    loss, nll = (F.cross_entropy(logits, targets, ignore_index=PAD, label_smoothing=eps, reduction="sum") / tokens for eps in (smoothing, 0.0))
    loss.backward()
    return loss.detach(), nll.detach(), torch.stack([p.grad.square().sum() for p in model.parameters()]).sum().sqrt()


@pytest.mark.parametrize("clip_norm", [0.2, 1e9])
def test_the_first_step_of_adam_is_the_one_written_out_by_hand(clip_norm):
    ours, batches = training(optimizer="adamw", clip_norm=clip_norm, label_smoothing=0.3, weight_decay=0.1), [random_batch(2), random_batch(9)]
    model = copy.deepcopy(ours.model)
    loss, nll, norm = by_hand(model, batches, 0.3)
    torch.testing.assert_close(step(ours, batches, RATE), (loss, nll, norm))
    assert norm > 0.4                                             # so that the lower bound clips, and by half at least
    assert (ours.progress.step, ours.progress.target_tokens) == (1, 71)
    for mine, theirs in zip(ours.model.parameters(), model.parameters(), strict=True):
        assert mine.grad is None
        gradient = theirs.grad * min(1.0, clip_norm / norm.item())
        after = theirs * (1 - RATE * 0.1) - RATE * gradient / (gradient.abs() + 1e-9)   # both means are the first gradient
        state = ours.optimizers.parts[0].state[mine]
        torch.testing.assert_close(state["exp_avg"], gradient * 0.1)                    # the weights do not show how far it was clipped
        torch.testing.assert_close(state["exp_avg_sq"], gradient.square() * 0.02)
        clear = gradient.abs() > 1e-6                             # elsewhere its sign is rounding's
        torch.testing.assert_close(mine[clear], after[clear], atol=1e-5, rtol=1e-4)


def test_muon_moves_matrices_in_all_directions_alike_and_adam_the_rest():
    ours = training(optimizer="muon", weight_decay=0.0)
    before = copy.deepcopy(ours.model)
    step(ours, [random_batch(2), random_batch(9)], RATE)
    for (name, new), old in zip(ours.model.named_parameters(), before.parameters(), strict=True):
        moved = (new - old).detach() / RATE
        if new.dim() == 2 and "embedding" not in name:
            strengths = torch.linalg.svdvals(moved) / (0.2 * max(moved.shape) ** 0.5)   # Liu et al. 2025, equation 4
            assert 0.6 < strengths.median() <= strengths.max() < 1.4, name              # five iterations leave the weakest behind
        elif "key.bias" not in name:                   # that adds the same to all scores of a query: it has no gradient
            assert 0.99 < moved.abs().max() <= 1.001, name                              # Adam's first step is a sign
