"""What training says of itself: a line of metrics.jsonl and of the terminal now and then."""

from __future__ import annotations

import json
import math
import time

import torch
from torch import Tensor

from mt import console
from mt.data.batches import Batch
from mt.errors import Diverged
from mt.training.session import Training

LOG_EVERY = 50      # steps between lines
FIRST_WORD = 5.0    # seconds until training says how long it will take
ENOUGH = 10         # steps whose mean loss is more than chance
RISE = 3.0          # nats a token above the lowest line so far: the loss does not come back from there
CALMER = "choose another --out and a lower train.lr, a longer train.warmup or a lower train.clip_norm"


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
        self.spoken = False   # whether it has said how long training will take
        self.restart()

    def restart(self) -> None:
        """Begin a new line, and the clock with it."""
        self.sums = torch.zeros(3, device=self.training.world.device)
        self.steps, self.tokens, self.rate = 0, 0, 0.0
        self.since = time.monotonic()

    def add(self, batches: list[Batch], loss: Tensor, nll: Tensor, norm: Tensor, rate: float) -> None:
        """Count a step; write a line every LOG_EVERY of them."""
        self.sums += torch.stack((loss, nll, norm))
        self.steps += 1
        self.tokens += sum(batch.target_tokens for batch in batches) * self.training.world.size   # about, without asking them
        self.rate = rate
        seconds = time.monotonic() - self.since
        if not self.spoken and seconds > FIRST_WORD:
            self.spoken = True
            left = (f", about {minutes:,g} minutes left" for minutes in self.minutes_left().values())
            console.log("".join([f"{self.tokens / seconds:,.0f} target tokens a second", *left]))
        if self.training.progress.step % LOG_EVERY == 0:
            self.flush()

    def flush(self) -> None:
        """Write the line; raises Diverged where the numbers are past hope."""
        if not self.steps:
            return
        world, progress = self.training.world, self.training.progress
        loss, nll = (world.sum(value) / self.steps for value in self.sums[:2].tolist())
        norm = self.sums[2].item() / self.steps
        if not math.isfinite(loss + norm):
            raise Diverged(f"the loss is {loss} and its gradient's norm {norm} at step {progress.step}", fix=CALMER)
        if self.steps >= ENOUGH:
            if nll > progress.lowest + RISE:
                raise Diverged(f"the loss has risen from {progress.lowest:.2f} to {nll:.2f} a token at step {progress.step}", fix=CALMER)
            progress.lowest = min(progress.lowest, nll)
        seconds = time.monotonic() - self.since
        values = {"epoch": progress.epoch, "loss": round(loss, 6), "nll": round(nll, 6), "gradient_norm": round(norm, 3), "lr": self.rate}
        if world.is_main:
            log(self.training, {**values, "tokens_per_second": round(self.tokens / seconds), **self.minutes_left()})
        self.restart()

    def minutes_left(self) -> dict[str, float]:
        """By the budget and the pace of this process so far, validations included; nothing where neither steps nor minutes are bounded."""
        budget, step = self.training.budget, self.training.progress.step
        minutes = (time.monotonic() - self.training.started) / 60
        left = []
        if budget.max_minutes is not None:
            left.append(budget.max_minutes - minutes)
        if budget.max_steps is not None:
            left.append(minutes / max(1, step - self.training.first_step) * (budget.max_steps - step))
        return {"minutes_left": round(max(0.0, min(left)), 1)} if left else {}
