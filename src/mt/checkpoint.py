"""Weights and training state on disk, as safetensors: nothing is ever unpickled."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from mt import console
from mt.config import Config, ModelConfig
from mt.errors import OutputError, RunError
from mt.model import build
from mt.quantize import dequantize, quantize
from mt.run import RunDir, digest, remove, replacing, write_json
from mt.text.tokenizer import Tokenizer

MADE_AGAIN = {"ct2", "curves.png", "tensorboard"}   # in a model folder, by mt export and mt train
KEPT = 2   # training states on disk: the newest, and the one before it in case the newest is damaged


def save_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Replace a weights file; tensors come from any device."""
    with replacing(path) as temporary:
        temporary.write_bytes(save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}))


def load_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file; raises RunError where it is missing or damaged."""
    return dict(dequantize(stored_weights(path)))


def stored_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file as they are there, perhaps in eight bits; raises as `load_weights` does."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise RunError(f"cannot read {path}: {error}", fix="copy the folder again, or make it again with mt train") from error


def load_model(run: RunDir, device: torch.device) -> tuple[nn.Module, Tokenizer, Config]:
    """The network of a model folder in float32 and ready to translate, its tokenizer and its configuration."""
    run.check()
    config = run.read_config()
    tokenizer = Tokenizer.load(run.tokenizer, config.model.vocab_size)
    model = build(config.model).to(device)   # not on the meta device, where initialising imports PyTorch's compiler
    fill(model, dequantize(stored_weights(run.weights)), run.weights)
    return model.eval(), tokenizer, config


def fill(model: nn.Module, weights: Iterable[tuple[str, Tensor]], path: Path) -> None:
    """Copy weights into a model, one after the other; raises RunError where they are another model's."""
    left = dict(model.named_parameters())
    another = RunError(f"{path} holds the weights of another model", fix="copy the folder again, all its files together")
    for name, weight in weights:
        parameter = left.pop(name, None)
        if parameter is None or parameter.shape != weight.shape:
            raise another
        parameter.data.copy_(weight)
    if left:
        raise another


def fill_from(model: nn.Module, config: ModelConfig, init: RunDir, tokenizer: Path) -> None:
    """Copy another model's weights into a model of the same shape, perhaps with more layers; raises RunError unless they fit."""
    init.check()
    if init.tokenizer.read_bytes() != tokenizer.read_bytes():
        raise RunError(f"{init.path} has another tokenizer than the data", fix=f"mt prepare --tokenizer {init.tokenizer}")
    shape, weights = init.read_config().model, load_weights(init.weights)
    for stack in ("encoder", "decoder") if shape.norm == "pre" and shape.arch == "encoder-decoder" else ():
        depth = f"n_{stack}_layers"
        before, after = getattr(shape, depth), getattr(config, depth)
        if before < after:
            weights, shape = deepened(weights, stack, before, after), dataclasses.replace(shape, **{depth: after})
    if settings := differing(shape, config):
        raise RunError(f"{init.path} is a network of another shape", fix=" ".join(settings))
    fill(model, weights.items(), init.weights)


def differing(theirs: ModelConfig, ours: ModelConfig) -> list[str]:
    """What of their network's shape ours has not, as options; dropout is no part of it."""
    mine = dataclasses.asdict(ours)
    return [f"--set model.{name}={value}" for name, value in dataclasses.asdict(theirs).items() if name != "dropout" and value != mine[name]]


def deepened(weights: dict[str, Tensor], stack: str, depth: int, new_depth: int) -> dict[str, Tensor]:
    """The weights of a network with more layers in a stack, which says what it said.

    Each new layer is a copy of the one before it, but the last matrix of each of its sub-layers is zero, so that it adds nothing
    until it has learned to: the block expansion of Wu et al. (2024, LLaMA Pro).
    """
    new = {name: tensor for name, tensor in weights.items() if not name.startswith(f"{stack}.")}
    sources = [i * depth // new_depth for i in range(new_depth)]
    for i, source in enumerate(sources):
        is_new = i > 0 and sources[i - 1] == source
        for name, tensor in weights.items():
            if name.startswith(f"{stack}.{source}."):
                part = name.removeprefix(f"{stack}.{source}.")
                is_last = part.startswith(("self_attention.output", "cross_attention.output", "feed_forward.narrow"))
                new[f"{stack}.{i}.{part}"] = torch.zeros_like(tensor) if is_new and is_last else tensor
    return new


def average(paths: Sequence[Path]) -> dict[str, Tensor]:
    """The mean of several weights files (Vaswani et al. 2017, section 6.1)."""
    total = {name: tensor.double() for name, tensor in load_weights(paths[0]).items()}
    for path in paths[1:]:
        for name, tensor in load_weights(path).items():
            total[name] += tensor
    return {name: (tensor / len(paths)).float() for name, tensor in total.items()}


def ship(run: RunDir, out: Path, others: Sequence[RunDir] = ()) -> None:
    """Copy a model folder without what only training needs, its matrices in eight bits: a quarter of the size, the same French.

    What people write by hand stays in `out` where `run` has none: the card and the phrases.

    With `others`, models of the same network, the weights are the mean of all: of a model before and after it was fine-tuned
    that is often better than either (Wortsman et al. 2022).
    """
    for each in (run, *others):
        each.check()
        if differing(each.read_config().model, run.read_config().model):
            raise RunError(f"{each.path} is a network of another shape than {run.path}", fix="average models of which one was trained with --init")
        if each.tokenizer.read_bytes() != run.tokenizer.read_bytes():
            raise RunError(f"{each.path} has another tokenizer than {run.path}", fix="average models of which one was trained with --init")
    if out.exists() and not RunDir(out).config.is_file():
        raise OutputError(f"{out} exists and holds no model", fix="choose another --out")
    if out.resolve() == run.path.resolve():
        raise OutputError(f"{out} is the model itself", fix="choose another --out")
    if RunDir(out).resume.exists():
        raise OutputError(f"{out} is a model in training, which would be lost", fix="choose another --out")
    by_hand = (run.phrases, run.card)
    kept = (run.config, run.tokenizer, run.words, run.manifest, run.metrics, *by_hand)
    if foreign := {path.name for path in out.glob("*")} - {file.name for file in (*kept, run.weights)} - MADE_AGAIN:
        raise OutputError(f"{min(foreign)} in {out} would be lost", fix="choose another --out")
    weights = quantize(average([each.weights for each in (run, *others)]))
    with replacing(out) as folder:
        folder.mkdir(parents=True)
        for file in kept:
            source = out / file.name if file in by_hand and not file.is_file() else file
            if source.is_file():
                shutil.copyfile(source, folder / file.name)
        save_weights(RunDir(folder).weights, weights)


@dataclass
class Progress:
    """Where training stands: plain numbers, saved with every snapshot."""

    step: int = 0
    epoch: int = 0
    batch: int = 0                 # of this epoch, the next to be read by any process
    target_tokens: int = 0
    lowest: float = math.inf       # nll of a line of the log
    rolled_back: bool = False      # whether the loss has exploded once
    best: float = math.inf         # of the weights in model.safetensors: validation nll per token, or minus BLEU or chrF
    best_step: int = 0
    unimproved: int = 0            # validations since then
    validated: int = 0             # step of the last validation


@dataclass(frozen=True)
class Snapshot:
    """All that training needs to go on, bit for bit."""

    weights: dict[str, Tensor]
    optimizer: dict[str, Tensor]
    random: dict[str, Tensor]   # generator states
    progress: Progress


def save_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Write `folder`/step-N whole, then forget all but the newest KEPT."""
    with replacing(folder / f"step-{snapshot.progress.step:08d}") as temporary:
        temporary.mkdir()
        parts = {"weights": snapshot.weights, "optimizer": snapshot.optimizer, "random": snapshot.random}
        for name, tensors in parts.items():
            save_weights(temporary / f"{name}.safetensors", tensors)
        sums = {name: digest(temporary / f"{name}.safetensors") for name in parts}
        write_json(temporary / "progress.json", {"progress": dataclasses.asdict(snapshot.progress), "sha256": sums})
    keep_newest(snapshots(folder), KEPT)


def load_snapshot(folder: Path) -> Snapshot | None:
    """The newest undamaged training state in `folder`, None where there is none at all.

    A damaged one is passed over with a warning; raises RunError where every one is damaged.
    """
    found = snapshots(folder)
    for path in reversed(found):
        try:
            saved = json.loads((path / "progress.json").read_text(encoding="utf-8"))
            for name, sha256 in saved["sha256"].items():
                if digest(path / f"{name}.safetensors") != sha256:
                    raise RunError(f"{path}/{name}.safetensors is damaged")
            weights, optimizer, random = (load_weights(path / f"{name}.safetensors") for name in ("weights", "optimizer", "random"))
            saved["progress"].pop("seconds", None)   # of an earlier mt
            return Snapshot(weights, optimizer, random, Progress(**saved["progress"]))
        except (MemoryError, KeyboardInterrupt):
            raise
        except (OSError, ValueError, KeyError, TypeError, RunError) as error:
            console.warn(f"the training state {path} cannot be used ({error}); trying the one before it")
    if found:
        raise RunError(f"no training state in {folder} can be used", fix=f"remove {folder} to begin again from scratch")
    return None


def snapshots(folder: Path) -> list[Path]:
    """The training states in a folder, oldest first."""
    return sorted(folder.glob("step-*"))


def keep_newest(paths: Iterable[Path], count: int) -> None:
    """Remove all but the newest `count` files or folders named by step."""
    for path in sorted(paths)[: -count or None]:
        remove(path)
