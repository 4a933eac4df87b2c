"""Training, as a loop one can read on a screen: batches → loss → gradients → step, with validations and snapshots between."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from mt import checkpoint, console
from mt.config import Config
from mt.data.batches import Batch, BatchStream, PairDataset
from mt.decoding.engine import TorchEngine
from mt.device import autocast, keep_freed_memory
from mt.errors import RunError, TrainingError
from mt.evaluation import score
from mt.model import TranslationModel, build
from mt.run import RunDir, read_json, replacing, write_json, write_text
from mt.text.normalize import normalize
from mt.text.tokenizer import Tokenizer
from mt.training.distributed import World, join
from mt.training.loss import smoothed_cross_entropy
from mt.training.optim import Optimizers, clip_gradients, learning_rate

LOG_EVERY = 50        # steps between lines of metrics.jsonl
SAY_EVERY = 20.0      # seconds between progress lines
SAMPLES = 3           # translations shown at each validation


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


def start_from(training: Training, init: RunDir) -> None:
    """Take the weights of another model, which must be of the same shape and have the same tokenizer."""
    init.check()
    if init.tokenizer.read_bytes() != training.run.tokenizer.read_bytes():
        raise RunError(f"{init.path} has another tokenizer than the data", fix=f"mt prepare --tokenizer {init.tokenizer}")
    checkpoint.fill(training.model, checkpoint.load_weights(init.weights), init.weights)


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
    from mt import __version__

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


def validate(training: Training) -> None:
    """Score the weights of this step; keep them as the model when they are the best so far, and for the average."""
    progress, run = training.progress, training.run
    if training.config.train.average and training.place.world.is_main:
        checkpoint.save_weights(run.resume / f"average-{progress.step:08d}.safetensors", training.model.state_dict())
        checkpoint.keep_newest(run.resume.glob("average-*"), training.config.train.average)
    nll = keep_if_better(training)
    progress.validated = progress.step
    if training.place.world.is_main:
        log(training, {"valid_nll": round(nll, 4), "valid_bleu": round(valid_bleu(training), 2), "best_step": progress.best_step})


def keep_if_better(training: Training) -> float:
    """The validation nll per token of the model as it is now; it becomes model.safetensors when no earlier one was lower."""
    nll = valid_nll(training)
    if not math.isfinite(nll):
        raise TrainingError(f"the validation loss is {nll} at step {training.progress.step}", fix="lower train.lr, or lengthen train.warmup")
    if nll < training.progress.best:
        training.progress.best, training.progress.best_step = nll, training.progress.step
        if training.place.world.is_main:
            checkpoint.save_weights(training.run.weights, training.model.state_dict())
    return nll


def valid_nll(training: Training) -> float:
    """Minus log-probability per target token of the validation set, each process taking its share."""
    world, device = training.place.world, training.place.device
    model = cast(TranslationModel, training.model.eval())
    stream = BatchStream(training.valid_data, training.config.train.tokens_per_batch, seed=0)
    total, tokens = 0.0, 0
    with torch.inference_mode(), autocast(device, training.place.dtype):
        for batch in itertools.islice(stream.epoch(0), world.rank, None, world.size):
            batch = batch.to(device)
            total += smoothed_cross_entropy(model.features(batch.src, batch.tgt_in), model.output_weight, batch.tgt_out, 0.0).nll.item()
            tokens += batch.target_tokens
    training.model.train()
    return world.sum(total) / world.sum(tokens)


def valid_bleu(training: Training) -> float:
    """BLEU of validation sentences, taken at even distances and decoded greedily; shows a few of them."""
    wanted = training.config.train.valid_sentences
    pairs = training.valid_text[:: max(1, len(training.valid_text) // wanted)][:wanted]
    engine = TorchEngine(training.model.eval(), training.place.device)
    sources = [training.tokenizer.encode(normalize(src)) for src, _ in pairs]
    best = engine.translate(sources, dataclasses.replace(training.config.decode, beam=1, n_best=1))
    translations = [training.tokenizer.decode(hypotheses[0].tokens) for hypotheses in best]
    training.model.train()
    for (src, tgt), translation in list(zip(pairs, translations, strict=True))[:SAMPLES]:
        console.log(f"  en   {src}\n  fr   {tgt}\n  mt   {translation}")
    return score(translations, [tgt for _, tgt in pairs], ["bleu"])[0].value


def draw_curves(training: Training) -> None:
    """Redraw curves.png in the model folder, where matplotlib is installed."""
    try:
        from mt.extras import plots
    except ImportError:   # a leaf may be missing
        return
    if training.place.world.is_main and plots.available():
        plots.curves(training.run)


def finish(training: Training) -> None:
    """Try the average of the last checkpoints as the model; it stays where it validates better."""
    progress = training.progress
    if progress.validated < progress.step:
        validate(training)
    paths = sorted(training.run.resume.glob("average-*"))
    if len(paths) > 1:
        own = {name: tensor.clone() for name, tensor in training.model.state_dict().items()}
        checkpoint.fill(training.model, checkpoint.average(paths), training.run.resume)
        nll = keep_if_better(training)
        console.log(f"average of the last {len(paths)} checkpoints: valid nll {nll:.4f}")
        training.model.load_state_dict(own)
    save(training)
    console.log(f"done: step {progress.step:,}, best valid nll {progress.best:.4f} at step {progress.best_step:,} → {training.run.path}")


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
