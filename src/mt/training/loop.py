"""Training, as a loop one can read on a screen: batches → loss → gradients → step, with validations and snapshots between."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol, cast

import torch
from torch import Tensor

from mt import console
from mt.config import Config
from mt.data.batches import Batch, BatchStream
from mt.device import autocast
from mt.model import TranslationModel
from mt.run import RunDir
from mt.training.distributed import join
from mt.training.loss import smoothed_cross_entropy
from mt.training.meter import Meter
from mt.training.optim import clip_gradients, learning_rate
from mt.training.session import Budget, Place, Progress, Training, begin, save, start_from
from mt.training.validation import draw_curves, finish, validate

__all__ = ["Budget", "train"]


class StopSignal(Protocol):
    """Whether Ctrl-C or SIGTERM has asked to stop."""

    def __bool__(self) -> bool: ...


def train(
    config: Config, data: Path, run: RunDir, budget: Budget, *, device: torch.device, dtype: torch.dtype, init: RunDir | None = None
) -> Progress:
    """Train a model on a prepared folder into a model folder, or go on where its newest snapshot stands.

    A new model begins with random weights, or with those of `init` to be fine-tuned.

    Ends at the budget; Ctrl-C and SIGTERM finish the step, save, and raise KeyboardInterrupt.
    """
    with join(device) as world, stop_on_signals() as stop:
        training = begin(config, data, run, budget, Place(device, dtype, world))
        if training.progress.step == 0 and init is not None:
            start_from(training, init)
        progress, train_config = training.progress, config.train
        seed, rank, size = train_config.seed, world.rank, world.size
        stream = BatchStream(training.train_data, train_config.tokens_per_batch, seed=seed, rank=rank, world_size=size)
        meter = Meter(training)
        for batches, following in batches_by_step(stream, progress, train_config.accumulate):
            if world.any(bool(stop) or spent(training)):
                break
            rate = learning_rate(progress.step + 1, train_config, budget.max_steps)
            loss, nll, norm = step(training, batches, rate)
            progress.epoch, progress.batch = following
            meter.add(batches, loss, nll, norm, rate)
            if progress.step % train_config.validate_every == 0:
                meter.flush()
                validate(training)
                save(training)
                draw_curves(training)
                meter.restart()
        meter.flush()
        save(training)
        if world.any(bool(stop)):
            console.log(f"stopped and saved at step {progress.step:,}; the same command goes on from here")
            raise KeyboardInterrupt
        finish(training)
    return progress


def step(training: Training, batches: list[Batch], rate: float) -> tuple[Tensor, Tensor, Tensor]:
    """One optimizer step over one or more batches: the mean loss and nll per target token, and the gradient's norm.

    Each token counts the same, however the tokens fall into batches: the sum of the losses over the number of tokens.
    """
    model = cast(TranslationModel, training.model)
    tokens = round(training.place.world.sum(sum(batch.target_tokens for batch in batches)))
    loss, nll = torch.zeros((), device=training.place.device), torch.zeros((), device=training.place.device)
    for batch in batches:
        batch = batch.to(training.place.device)
        with autocast(training.place.device, training.place.dtype):
            features = model.features(batch.src, batch.tgt_in)
            part = smoothed_cross_entropy(features, model.output_weight, batch.tgt_out, training.config.train.label_smoothing)
        (part.smoothed / tokens).backward()
        loss += part.smoothed.detach() / tokens
        nll += part.nll / tokens
    training.place.world.sum_gradients(training.model)
    norm = clip_gradients(training.model.parameters(), training.config.train.clip_norm)
    training.optimizers.step(rate)
    training.progress.step += 1
    training.progress.target_tokens += tokens
    return loss, nll, norm


def batches_by_step(stream: BatchStream, progress: Progress, accumulate: int) -> Iterator[tuple[list[Batch], tuple[int, int]]]:
    """The batches of one optimizer step after another, from where `progress` stands; with each the epoch and batch that follow."""
    group: list[Batch] = []
    start = progress.batch
    for epoch in itertools.count(progress.epoch):
        for following, batch in enumerate(stream.epoch(epoch, start=start), start=start + 1):
            group.append(batch)
            if len(group) == accumulate:
                yield group, (epoch, following)
                group = []
        start = 0


def spent(training: Training) -> bool:
    """Whether the budget is used up."""
    budget = training.budget
    out_of_steps = budget.max_steps is not None and training.progress.step >= budget.max_steps
    return out_of_steps or (budget.max_minutes is not None and time.monotonic() - training.started >= budget.max_minutes * 60)


@contextmanager
def stop_on_signals() -> Iterator[StopSignal]:
    """Within the block, Ctrl-C and SIGTERM only set what is yielded to true; a second one stops at once."""
    received: list[int] = []

    def receive(number: int, frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        console.log("stopping after this step; once more to stop at once, losing what is not saved")

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cast(StopSignal, received)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
