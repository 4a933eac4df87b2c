"""Training, as a loop one can read on a screen: batches → loss → gradients → step, with validations and snapshots between."""

from __future__ import annotations

import time
from pathlib import Path

import torch
from torch import Tensor

from mt import checkpoint, console
from mt.checkpoint import Progress
from mt.config import Config
from mt.data.batches import Batch, BatchStream
from mt.errors import Diverged
from mt.run import RunDir
from mt.signals import stop_on_signals
from mt.training.distributed import join
from mt.training.gradients import gradients
from mt.training.meter import Meter
from mt.training.optim import learning_rate
from mt.training.session import Budget, Training, begin, restore, save
from mt.training.validation import finish, validate


def train(
    config: Config, data: Path, run: RunDir, budget: Budget, *, device: torch.device, dtype: torch.dtype, init: RunDir | None = None
) -> Progress:
    """Train a model on a prepared folder into a model folder, or go on where its newest snapshot stands.

    A new model begins with random weights, or with those of `init` to be fine-tuned.

    Ends at the budget; Ctrl-C and SIGTERM finish the step, save, and raise KeyboardInterrupt.
    """
    with join(device, dtype) as world, stop_on_signals("step") as stop:
        training = begin(config, data, run, budget, world, init)
        train_config, start, meter = training.config.train, training.progress, Meter(training)
        stream = BatchStream(training.data.train, train_config.tokens_per_batch, seed=train_config.seed, rank=world.rank, world_size=world.size)
        for batches, following in stream.steps(start.epoch, start.batch, train_config.accumulate, world.device):
            try:
                if world.any(stop.is_set() or spent(training)):
                    meter.flush()
                    break
                rate = learning_rate(training.progress.step + 1, train_config, budget.max_steps)
                loss, nll, norm = step(training, batches, rate)
                training.progress.epoch, training.progress.batch = following
                meter.add(batches, loss, nll, norm, rate)
                if training.progress.step % train_config.validate_every == 0:
                    meter.flush()
                    validate(training)
                    save(training)
                    meter.restart()
            except Diverged as problem:
                roll_back(training, problem)
                meter.restart()
        save(training)
        if world.any(stop.is_set()):
            later = "" if training.progress.validated else "; a model to translate with comes at the first validation"
            console.log(f"stopped and saved at step {training.progress.step:,}; the same command goes on from here{later}")
            raise KeyboardInterrupt
        finish(training)
    return training.progress


def step(training: Training, batches: list[Batch], rate: float) -> tuple[Tensor, Tensor, Tensor]:
    """One optimizer step over one or more batches: the mean loss and nll per target token, and the gradient's norm.

    Each token counts the same, however the tokens fall into batches: the sum of the losses over the number of tokens.
    """
    world, model, config = training.world, training.model, training.config.train
    tokens = round(world.sum(sum(batch.target_tokens for batch in batches)))
    loss, nll = gradients(model, batches, tokens, config.label_smoothing, world)
    world.sum_gradients(model)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm, foreach=True)   # Pascanu et al. 2013
    training.optimizers.step(rate)
    training.progress.step += 1
    training.progress.target_tokens += tokens
    return loss, nll, norm


def spent(training: Training) -> bool:
    """Whether training has had its time, or gains nothing any more."""
    budget, progress, patience = training.budget, training.progress, training.config.train.patience
    return (
        (budget.max_steps is not None and progress.step >= budget.max_steps)
        or (budget.max_minutes is not None and time.monotonic() - training.started >= budget.max_minutes * 60)
        or (budget.enough is not None and budget.enough(progress))
        or 0 < patience <= progress.unimproved
    )


def roll_back(training: Training, problem: Diverged) -> None:
    """Back to the weights of the last snapshot, but on with the text that follows; raises the problem where that was tried before."""
    place = training.progress.epoch, training.progress.batch
    if training.progress.rolled_back or not checkpoint.snapshots(training.run.resume):
        raise problem
    console.warn(f"{problem.message}; back to the last snapshot, and on from there with other text")
    restore(training)
    training.progress.epoch, training.progress.batch = place
    training.progress.rolled_back = True
