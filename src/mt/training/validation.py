"""How good the model is by now: loss and BLEU on text it has not seen; the best weights are kept."""

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
from mt.errors import TrainingError
from mt.evaluation import score
from mt.model import TranslationModel
from mt.text.normalize import normalize
from mt.training.loss import smoothed_cross_entropy
from mt.training.meter import log
from mt.training.session import Training, save

SAMPLES = 3   # translations shown at each validation


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
