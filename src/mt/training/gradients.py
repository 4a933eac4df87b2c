"""The gradients of a step, in as many parts as the memory needs."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from typing import cast

import torch
from torch import Tensor, nn

from mt import console
from mt.config import BOS, Config, TrainConfig
from mt.data.batches import Batch
from mt.device import autocast, largest_that_fits
from mt.errors import TrainingError
from mt.model import TranslationModel
from mt.training.distributed import World
from mt.training.loss import Loss, smoothed_cross_entropy

MOST = 25_000   # tokens: the batch of Vaswani et al. 2017; a larger one learns no better from the same text


def gradients(model: nn.Module, batches: list[Batch], tokens: int, smoothing: float, world: World) -> tuple[Tensor, Tensor]:
    """Add up the gradients of a step of `tokens` target tokens; returns its mean loss and nll per token, as this process has them.

    Where the memory does not suffice, all begins again with batches of half the size.
    """
    while True:
        loss, nll = torch.zeros((), device=world.device), torch.zeros((), device=world.device)
        with suppress(torch.OutOfMemoryError):   # within the block all that the step has computed is still held
            for batch in batches:
                part = backward(model, batch, tokens, smoothing, world)
                loss += part.smoothed.detach() / tokens
                nll += part.nll / tokens
            return loss, nll
        model.zero_grad(set_to_none=True)
        torch.cuda.empty_cache()
        halves = [half for batch in batches for half in batch.halves()]
        if len(halves) == len(batches):
            raise TrainingError(f"{world.device} has not the memory for one sentence pair", fix="mt prepare --max-tokens, or a smaller --preset")
        console.warn(f"out of memory; this step again in {len(halves)} parts. A lower train.tokens_per_batch would be faster", anyone=True)
        batches = halves


def backward(model: nn.Module, batch: Batch, tokens: int, smoothing: float, world: World) -> Loss:
    """Add the gradients of a batch's loss over the tokens of the whole step; returns the loss summed over its own."""
    network = cast(TranslationModel, model)
    with autocast(world.device, world.dtype):
        features = network.features(batch.src, batch.tgt_in)
        loss = smoothed_cross_entropy(features, network.output_weight, batch.tgt_out, smoothing)
    (loss.smoothed / tokens).backward()
    return loss


def with_batch_size(config: Config, model: nn.Module, world: World) -> Config:
    """The configuration with a number in the place of tokens_per_batch=0: on a GPU what fits, up to MOST, on a CPU what is usual."""
    if config.train.tokens_per_batch:
        return config

    def attempt(tokens: int) -> None:
        _held = [torch.empty_like(parameter) for parameter in model.parameters() for _ in range(3)]   # for the optimizer, for sums
        side = torch.full((max(1, tokens // (config.data.max_tokens + 1)), config.data.max_tokens + 1), BOS, device=world.device)
        backward(model, Batch(side, side, side, tokens), tokens, config.train.label_smoothing, world)

    on_gpu = world.device.type == "cuda"
    tokens = round(world.sum(largest_that_fits(attempt, MOST // world.size) if world.is_main else 0)) if on_gpu else TrainConfig.tokens_per_batch
    model.zero_grad(set_to_none=True)
    console.log(f"{tokens:,} tokens a batch")
    return dataclasses.replace(config, train=dataclasses.replace(config.train, tokens_per_batch=tokens))
