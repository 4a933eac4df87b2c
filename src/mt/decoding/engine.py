"""The engine one can read: our network in PyTorch, sentences of like length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import cast

import torch
from torch import nn

from mt.config import EOS, PAD, DecodeConfig
from mt.decoding.hypothesis import Hypothesis
from mt.decoding.search import beam_search, greedy
from mt.device import autocast
from mt.model import TranslationModel


class TorchEngine:
    """Translates token numbers with a model in eval mode, `workers` batches side by side."""

    def __init__(self, model: nn.Module, device: torch.device, dtype: torch.dtype = torch.float32, *, workers: int = 1) -> None:
        self.model = cast(TranslationModel, model)
        self.device, self.dtype = device, dtype   # the latter of matrix products
        self.workers, self.map = workers, map if workers == 1 else ThreadPoolExecutor(workers).map

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        """The n_best hypotheses of each source (tokens without </s>), best first, in the order of the sources."""
        results: list[list[Hypothesis]] = [[] for _ in sources]
        share = sum(map(len, sources)) // self.workers + 1   # so that each worker has some
        batches = list(batches_by_length(sources, min(2 * config.batch_tokens // (1 + config.beam), share)))
        found = self.map(partial(self.search, config=config), [[sources[i] for i in batch] for batch in batches])
        for batch, each in zip(batches, found, strict=True):
            for i, hypotheses in zip(batch, each, strict=True):
                results[i] = hypotheses
        return results

    def search(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        """The hypotheses of one batch, the longest source first."""
        width = len(sources[0]) + 1
        rows = [[*source, EOS] + [PAD] * (width - len(source) - 1) for source in sources]
        with torch.inference_mode(), autocast(self.device, self.dtype):
            return (greedy if config.beam == 1 else beam_search)(self.model, torch.tensor(rows, device=self.device), config)


def batches_by_length(sources: Sequence[Sequence[int]], max_tokens: int) -> Iterator[list[int]]:
    """The numbers of the sources, the longest first, cut where a batch would hold more than `max_tokens` padded tokens."""
    batch: list[int] = []
    for i in sorted(range(len(sources)), key=lambda i: -len(sources[i])):
        if batch and (len(sources[batch[0]]) + 1) * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
