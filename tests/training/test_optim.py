"""Laws of the optimizer and its schedule."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mt.config import TrainConfig
from mt.training.optim import Optimizers, learning_rate


def test_schedule_is_the_papers_with_its_peak_at_the_end_of_warm_up():
    config = TrainConfig(lr=512**-0.5 * 4000**-0.5, warmup=4000)
    for step in (1, 100, 4000, 4001, 100_000):
        assert learning_rate(step, config) == pytest.approx(512**-0.5 * min(step**-0.5, step * 4000**-1.5))


def test_cooldown_ends_at_nearly_zero_and_changes_nothing_before():
    config = TrainConfig(warmup=10, cooldown=20)
    plain = TrainConfig(warmup=10)
    assert learning_rate(80, config, 100) == learning_rate(80, plain)
    assert learning_rate(91, config, 100) == pytest.approx(learning_rate(91, plain) / 2)
    assert 0 < learning_rate(100, config, 100) < learning_rate(100, plain) / 10


@pytest.mark.parametrize("name", ["adamw", "muon"])
def test_restored_state_goes_on_bit_for_bit(name):
    def network() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))

    def run(model: nn.Module, optimizers: Optimizers, steps: int) -> None:
        for _ in range(steps):
            model(x).square().sum().backward()
            optimizers.step(0.01)

    x, config = torch.randn(3, 4), TrainConfig(optimizer=name)
    straight, broken = network(), network()
    first = Optimizers(straight, config)
    run(straight, first, 6)
    before = Optimizers(broken, config)
    run(broken, before, 3)
    after = Optimizers(broken, config)
    after.load_tensors(before.tensors())
    run(broken, after, 3)
    for a, b in zip(straight.parameters(), broken.parameters(), strict=True):
        assert torch.equal(a, b)
