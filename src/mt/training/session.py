"""A training run in memory: what it consists of, how it begins, how it is saved and found again."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mt import __version__, checkpoint, console
from mt.config import Config
from mt.data.batches import PairDataset
from mt.device import keep_freed_memory
from mt.errors import RunError
from mt.model import build
from mt.run import RunDir, read_json, replacing, write_json, write_text
from mt.text.tokenizer import Tokenizer
from mt.training.distributed import World
from mt.training.optim import Optimizers


@dataclass(frozen=True)
class Budget:
    """When to stop; not part of the configuration, so a run can be given more later."""

    max_steps: int | None = None
    max_minutes: float | None = None   # of this process


@dataclass
class Progress:
    """Where training stands: plain numbers, saved with every snapshot."""

    step: int = 0
    epoch: int = 0
    batch: int = 0                 # of this epoch, the next to be read
    target_tokens: int = 0
    seconds: float = 0.0           # of training, over all processes of this run
    best: float = math.inf         # validation nll per token of the weights in model.safetensors
    best_step: int = 0
    validated: int = 0             # step of the last validation


@dataclass(frozen=True)
class Place:
    """Where this process computes, in which format, and beside which others."""

    device: torch.device
    dtype: torch.dtype
    world: World


@dataclass
class Training:
    """What the functions below hand to each other."""

    config: Config
    run: RunDir
    budget: Budget
    place: Place
    model: nn.Module
    optimizers: Optimizers
    tokenizer: Tokenizer
    train_data: PairDataset
    valid_data: PairDataset
    valid_text: list[tuple[str, str]]
    progress: Progress = field(default_factory=Progress)
    started: float = field(default_factory=time.monotonic)


def begin(config: Config, data: Path, run: RunDir, budget: Budget, place: Place) -> Training:
    """Everything in place: a fresh model, or the newest snapshot of the same run."""
    keep_freed_memory()
    tokenizer = Tokenizer.load(RunDir(data).tokenizer)
    manifest = read_json(RunDir(data).manifest)
    data_config = dataclasses.replace(config.data, **{k: v for k, v in manifest["data"].items() if k in vars(config.data)})
    config = dataclasses.replace(config, model=dataclasses.replace(config.model, vocab_size=tokenizer.vocab_size), data=data_config)
    if place.world.is_main:
        claim(run, config, data, manifest)
    place.world.sum(0)   # nobody looks into the folder before it is made
    torch.manual_seed(config.train.seed)
    model = build(config.model).to(place.device)
    torch.manual_seed(config.train.seed + place.world.rank)   # every process drops out other activations
    training = Training(
        config, run, budget, place, model, Optimizers(model, config.train), tokenizer,
        PairDataset.load(data / "train"), PairDataset.load(data / "valid"), read_pairs(data / "valid.tsv"),
    )
    if run.resume.exists():
        restore(training)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    console.log(
        f"{parameters:,} parameters; {len(training.train_data):,} pairs, {training.train_data.target_tokens:,} target tokens an epoch; "
        f"{place.world.size} x {place.device}, {str(place.dtype).removeprefix('torch.')}, {torch.get_num_threads()} threads"
    )
    return training


def claim(run: RunDir, config: Config, data: Path, manifest: dict[str, Any]) -> None:
    """Make the model folder, or check that it was made with the same configuration and data."""
    if run.config.exists():
        before, now = flatten(dataclasses.asdict(run.read_config())), flatten(dataclasses.asdict(config))
        changed = [f"{key} was {before[key]}, is {now[key]}" for key in before if before[key] != now[key]]
        if read_json(run.manifest) != manifest:
            changed.append(f"the data in {data} is not what it was")
        if changed:
            raise RunError(f"{run.path} was made with another configuration: {'; '.join(changed)}", fix="choose another --out, or remove it")
        return
    if run.path.exists() and any(run.path.iterdir()):
        raise RunError(f"{run.path} is not empty and holds no model", fix="choose another --out")
    write_json(run.manifest, manifest)
    with replacing(run.tokenizer) as temporary:
        temporary.write_bytes(RunDir(data).tokenizer.read_bytes())
    run.write_config(config, __version__)


def flatten(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level, keys joined by dots."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat.update(flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value})
    return flat


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The raw pairs of a TSV that prepare wrote."""
    rows = (line.split("\t") for line in path.read_text(encoding="utf-8").split("\n") if line)
    return [(src, tgt) for src, tgt in rows]


def start_from(training: Training, init: RunDir) -> None:
    """Take the weights of another model, which must be of the same shape and have the same tokenizer."""
    init.check()
    if init.tokenizer.read_bytes() != training.run.tokenizer.read_bytes():
        raise RunError(f"{init.path} has another tokenizer than the data", fix=f"mt prepare --tokenizer {init.tokenizer}")
    checkpoint.fill(training.model, checkpoint.load_weights(init.weights), init.weights)


def restore(training: Training) -> None:
    """Go on from the newest usable snapshot; the log forgets what came after it."""
    snapshot = checkpoint.load_snapshot(training.run.resume)
    if snapshot is not None:
        checkpoint.fill(training.model, snapshot.weights, training.run.resume)
        training.optimizers.load_tensors(snapshot.optimizer)
        training.progress = Progress(**snapshot.progress)
        for kind, state in snapshot.random.items():   # other numbers of processes begin other random numbers
            if kind == f"cpu.{training.place.world.rank}":
                torch.set_rng_state(state)
            if kind == f"cuda.{training.place.world.rank}" and training.place.device.type == "cuda":
                torch.cuda.set_rng_state(state, training.place.device)
        console.log(f"going on from step {training.progress.step:,}")
    if training.run.metrics.exists() and training.place.world.is_main:
        lines = training.run.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
        complete = [line for line in lines if line.endswith("\n")]
        write_text(training.run.metrics, "".join(line for line in complete if json.loads(line)["step"] <= training.progress.step))


def save(training: Training) -> None:
    """Write a snapshot of this moment."""
    world, progress = training.place.world, training.progress
    random = {f"cpu.{rank}": state for rank, state in enumerate(world.gather(torch.get_rng_state()))}
    if training.place.device.type == "cuda":
        states = world.gather(torch.cuda.get_rng_state(training.place.device))
        random.update({f"cuda.{rank}": state for rank, state in enumerate(states)})
    if world.is_main:
        numbers = dataclasses.asdict(progress)
        snapshot = checkpoint.Snapshot(training.model.state_dict(), training.optimizers.tensors(), random, numbers)
        checkpoint.save_snapshot(training.run.resume, snapshot, progress.step)
