"""Laws of the loss."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from mt.config import PAD
from mt.training import loss as room
from mt.training.loss import smoothed_cross_entropy


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("logits_at_once", [1, 100, 2**22])
def test_loss_and_gradients_equal_pytorchs_however_many_rows_at_once(smoothing, logits_at_once, monkeypatch):
    monkeypatch.setitem(room.LOGITS_AT_ONCE, "cpu", logits_at_once)
    features = torch.randn(3, 5, 8, requires_grad=True)
    weight = torch.randn(20, 8, requires_grad=True)
    targets = torch.randint(0, 20, (3, 5))
    targets[1, 3:] = PAD
    ours = smoothed_cross_entropy(features, weight, targets, smoothing)
    logits = F.linear(features, weight).flatten(0, 1)
    theirs = F.cross_entropy(logits, targets.flatten(), ignore_index=PAD, label_smoothing=smoothing, reduction="sum")
    nll = F.cross_entropy(logits, targets.flatten(), ignore_index=PAD, reduction="sum")
    assert_close(ours.smoothed, theirs)
    assert_close(ours.nll, nll)
    for mine, reference in zip(
        torch.autograd.grad(ours.smoothed / 7, (features, weight)), torch.autograd.grad(theirs / 7, (features, weight)), strict=True
    ):
        assert_close(mine, reference)


def test_bf16_gradients_are_near():
    features, weight = torch.randn(2, 6, 16, requires_grad=True), torch.randn(30, 16, requires_grad=True)
    targets = torch.randint(1, 30, (2, 6))
    exact = torch.autograd.grad(smoothed_cross_entropy(features, weight, targets, 0.1).smoothed, (features, weight))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = torch.autograd.grad(smoothed_cross_entropy(features, weight, targets, 0.1).smoothed, (features, weight))
    for near, true in zip(rounded, exact, strict=True):
        assert (near - true).norm() / true.norm() < 0.02
