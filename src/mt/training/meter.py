"""What training says of itself: a line of metrics.jsonl and of the terminal now and then."""

from __future__ import annotations

import json
import math
import time

import torch
from torch import Tensor

from mt import console
from mt.data.batches import Batch
from mt.errors import TrainingError
from mt.training.session import Training

LOG_EVERY = 50   # steps between lines


def log(training: Training, values: dict[str, float | int]) -> None:
    """Append a line to metrics.jsonl and say it."""
    line = {"step": training.progress.step, **values}
    with training.run.metrics.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    console.log("  ".join(f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:g}" for name, value in line.items()))


class Meter:
    """Sums what happened since the last line of the log; reads the device's numbers only when a line is due."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.restart()

    def restart(self) -> None:
        """Begin a new line, and the clock with it."""
        self.sums = torch.zeros(3, device=self.training.place.device)
        self.steps = self.tokens = self.padded = 0
        self.rate = 0.0
        self.since = time.monotonic()

    def add(self, batches: list[Batch], loss: Tensor, nll: Tensor, norm: Tensor, rate: float) -> None:
        """Count a step; write a line every LOG_EVERY of them."""
        self.sums += torch.stack((loss, nll, norm))
        self.steps += 1
        self.tokens += sum(batch.target_tokens for batch in batches) * self.training.place.world.size   # about, without asking them
        self.rate = rate
        if self.training.progress.step % LOG_EVERY == 0:
            self.flush()

    def flush(self) -> None:
        """Write the line."""
        if not self.steps:
            return
        world = self.training.place.world
        loss, nll = (world.sum(value) / self.steps for value in self.sums[:2].tolist())
        norm = self.sums[2].item() / self.steps
        if not math.isfinite(loss):
            raise TrainingError(f"the loss is {loss} at step {self.training.progress.step}", fix="lower train.lr, or lengthen train.warmup")
        seconds = time.monotonic() - self.since
        progress = self.training.progress
        progress.seconds = round(progress.seconds + seconds, 3)
        values = {"epoch": progress.epoch, "loss": round(loss, 4), "nll": round(nll, 4), "gradient_norm": round(norm, 3), "lr": self.rate}
        if self.training.place.world.is_main:
            log(self.training, {**values, "tokens_per_second": round(self.tokens / seconds), "minutes_left": self.minutes_left()})
        self.restart()

    def minutes_left(self) -> float:
        """By the budget and the pace so far; -1 where neither steps nor minutes are bounded."""
        budget, progress = self.training.budget, self.training.progress
        left = []
        if budget.max_minutes is not None:
            left.append(budget.max_minutes - (time.monotonic() - self.training.started) / 60)
        if budget.max_steps is not None:
            left.append(progress.seconds / max(progress.step, 1) * (budget.max_steps - progress.step) / 60)
        return round(max(0.0, min(left)), 1) if left else -1.0
