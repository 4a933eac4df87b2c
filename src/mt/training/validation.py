"""How good the model is by now: loss, BLEU and chrF on text it has not seen; the best weights are kept."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import cast

import torch

from mt import checkpoint, console
from mt.data.batches import BatchStream
from mt.decoding.engine import TorchEngine
from mt.device import autocast
from mt.errors import Diverged
from mt.evaluation import score
from mt.extras import show_progress
from mt.model import TranslationModel
from mt.text.normalize import normalize
from mt.training.loss import smoothed_cross_entropy
from mt.training.meter import CALMER, log
from mt.training.session import Training, save

SAMPLES = 3   # translations shown at each validation


def validate(training: Training) -> None:
    """Score the weights of this step; keep them as the model when they are the best so far, and for the average."""
    progress, run, wanted = training.progress, training.run, training.config.train
    if wanted.average and training.world.is_main:
        checkpoint.save_weights(run.resume / f"average-{progress.step:08d}.safetensors", training.model.state_dict())
        checkpoint.keep_newest(run.resume.glob("average-*"), wanted.average)
    progress.unimproved += 1
    scores = keep_if_better(training)
    progress.validated = progress.step
    if training.world.is_main:
        log(training, {**{f"valid_{name}": value for name, value in scores.items()}, "best_step": progress.best_step})
        show_progress(run)
    if wanted.patience and progress.unimproved >= wanted.patience:
        console.log(f"no better by {wanted.best_by} than at step {progress.best_step:,}: enough")


def keep_if_better(training: Training) -> dict[str, float]:
    """The scores of the model as it is now; it becomes model.safetensors when no earlier one was better."""
    progress, nll = training.progress, valid_nll(training)
    if not math.isfinite(nll):
        raise Diverged(f"the validation loss is {nll} at step {progress.step}", fix=CALMER)
    scores = {"nll": round(nll, 4), **valid_quality(training)}
    this = {"loss": nll, "bleu": -scores["bleu"], "chrf": -scores["chrf"]}[training.config.train.best_by]
    if this < progress.best:
        progress.best, progress.best_step, progress.unimproved = this, progress.step, 0
        if training.world.is_main:
            checkpoint.save_weights(training.run.weights, training.model.state_dict())
    return scores


def valid_nll(training: Training) -> float:
    """Minus log-probability per target token of the validation set, each process taking its share."""
    world = training.world
    model = cast(TranslationModel, training.model.eval())
    stream = BatchStream(training.data.valid, training.config.train.tokens_per_batch, seed=0)
    total, tokens = 0.0, 0
    with torch.inference_mode(), autocast(world.device, world.dtype):
        for batch in itertools.islice(stream.epoch(0), world.rank, None, world.size):
            batch = batch.to(world.device)
            total += smoothed_cross_entropy(model.features(batch.src, batch.tgt_in), model.output_weight, batch.tgt_out, 0.0).nll.item()
            tokens += batch.target_tokens
    training.model.train()
    return world.sum(total) / world.sum(tokens)


def valid_quality(training: Training) -> dict[str, float]:
    """BLEU and chrF of validation sentences, taken at even distances and decoded greedily; shows a few of them."""
    wanted, world = training.config.train.valid_sentences, training.world
    pairs = training.data.valid_text[:: max(1, len(training.data.valid_text) // wanted)][:wanted][world.rank :: world.size]
    engine = TorchEngine(training.model.eval(), world.device)
    sources = [training.data.tokenizer.encode(normalize(src)) for src, _ in pairs]
    best = engine.translate(sources, dataclasses.replace(training.config.decode, beam=1, n_best=1))
    translations = [training.data.tokenizer.decode(hypotheses[0].tokens) for hypotheses in best]
    training.model.train()
    for (src, tgt), translation in list(zip(pairs, translations, strict=True))[:SAMPLES]:
        console.log(f"  en   {src}\n  fr   {tgt}\n  mt   {translation}")
    everyone = world.gather((translations, [tgt for _, tgt in pairs]))
    hypotheses, references = ([text for part in everyone for text in part[side]] for side in (0, 1))
    bleu, chrf = score(hypotheses, references, ["bleu", "chrf"])
    return {"bleu": round(bleu.value, 2), "chrf": round(chrf.value, 2)}


def finish(training: Training) -> None:
    """Try the average of the last checkpoints as the model; it stays where it validates better."""
    progress = training.progress
    if progress.validated < max(1, progress.step):   # there is a model, be it after no step at all
        validate(training)
    paths = sorted(training.run.resume.glob("average-*"))
    if len(paths) > 1:
        own = {name: tensor.clone() for name, tensor in training.model.state_dict().items()}
        checkpoint.fill(training.model, checkpoint.average(paths).items(), training.run.resume)
        scores = keep_if_better(training)
        console.log(f"average of the last {len(paths)} checkpoints: " + "  ".join(f"valid_{name} {value:g}" for name, value in scores.items()))
        training.model.load_state_dict(own)
    save(training)
    best = f"best valid {training.config.train.best_by} {abs(progress.best):.4f} at step {progress.best_step:,}"
    console.log(f"done: step {progress.step:,}, {best} → {training.run.path}")
