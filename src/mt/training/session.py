"""A training run in memory: what it consists of, how it begins, how it is saved and found again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from mt import __version__, checkpoint, console, heap
from mt.checkpoint import Progress
from mt.config import Config
from mt.data.batches import Prepared
from mt.device import compile_features, random_states, set_random_states
from mt.errors import RunError
from mt.model import build
from mt.run import RunDir, claim, digest
from mt.training.distributed import World
from mt.training.gradients import with_batch_size
from mt.training.optim import Optimizers


@dataclass(frozen=True)
class Budget:
    """When to stop; not part of the configuration, so a run can be given more later."""

    max_steps: int | None = None
    max_minutes: float | None = None                    # of this process
    enough: Callable[[Progress], bool] | None = None    # asked before every step


@dataclass
class Training:
    """What the functions below hand to each other."""

    config: Config
    run: RunDir
    budget: Budget
    world: World
    model: nn.Module
    optimizers: Optimizers
    data: Prepared
    progress: Progress = field(default_factory=Progress)
    first_step: int = 0            # of this process
    started: float = field(default_factory=time.monotonic)


def begin(config: Config, data: Path, run: RunDir, budget: Budget, world: World, init: RunDir | None = None) -> Training:
    """Everything in place: a fresh model, one with the weights of `init`, or the newest snapshot of the same run."""
    heap.manage()
    prepared = Prepared.load(data)
    if len(set(world.gather(digest(prepared.folder.manifest)))) > 1:
        raise RunError("the processes have different data", fix=f"copy {data} of the first machine to the others")
    config = prepared.describe(config)
    torch.manual_seed(config.train.seed)
    if run.weights.exists() and not run.resume.exists():
        raise RunError(f"{run.path} holds a model, but not what training needs to go on", fix=f"choose another --out, with --init {run.path}")
    model = build(config.model).to(world.device)
    config = with_batch_size(config, model, world)
    if init is not None and not checkpoint.snapshots(run.resume):
        checkpoint.fill_from(model, config.model, init, prepared.folder.tokenizer)
    if world.is_main:
        claim(run, config, prepared.folder, __version__)
    world.sum(0)   # nobody looks into the folder before it is made
    torch.manual_seed(config.train.seed + world.rank)   # every process drops out other activations
    training = Training(config, run, budget, world, model, Optimizers(model, config.train), prepared)
    restore(training)
    training.first_step = training.progress.step
    if config.train.compile:
        compile_features(model, world.device)
    console.log(
        f"{sum(p.numel() for p in model.parameters()):,} parameters; {len(prepared.train):,} pairs, "
        f"{prepared.train.target_tokens:,} target tokens an epoch; {world.size} x {world.device}, "
        f"{str(world.dtype).removeprefix('torch.')}, {torch.get_num_threads()} threads"
    )
    return training


def restore(training: Training) -> None:
    """Go on from the newest usable snapshot, if there is any; the log forgets what came after it."""
    world, snapshot = training.world, checkpoint.load_snapshot(training.run.resume)
    if snapshot is not None:
        checkpoint.fill(training.model, snapshot.weights.items(), training.run.resume)
        training.optimizers.load_tensors(snapshot.optimizer)
        training.progress = snapshot.progress
        mine = {kind.partition(".")[0]: state for kind, state in snapshot.random.items() if kind.endswith(f".{world.rank}")}
        set_random_states(mine, world.device)   # a process that was not there before has begun random numbers of its own
        console.log(f"going on from step {training.progress.step:,}")
    if world.any(not training.run.config.exists()) or world.sum(training.progress.step) != training.progress.step * world.size:
        raise RunError("the processes do not find the same files", fix=f"{training.run.path} must be a folder that all machines share")
    if world.is_main:
        training.run.forget_after(training.progress.step)


def save(training: Training) -> None:
    """Write a snapshot of this moment."""
    world = training.world
    random = {f"{kind}.{rank}": state for rank, states in enumerate(world.gather(random_states(world.device))) for kind, state in states.items()}
    if world.is_main:
        snapshot = checkpoint.Snapshot(training.model.state_dict(), training.optimizers.tensors(), random, training.progress)
        checkpoint.save_snapshot(training.run.resume, snapshot)
    world.sum(0)   # nobody goes on before it is written, or leaves: a process that ends while others are at work may abort
