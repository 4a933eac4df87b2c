"""The engine one can read: our network in PyTorch, sentences of like length together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import nn

from mt.config import EOS, PAD, DecodeConfig
from mt.decoding.hypothesis import Hypothesis
from mt.decoding.search import beam_search, greedy
from mt.device import autocast
from mt.model import TranslationModel


class TorchEngine:
    """Translates token numbers with a model in eval mode."""

    def __init__(self, model: nn.Module, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.model = cast(TranslationModel, model)
        self.device, self.dtype = device, dtype   # the latter of matrix products

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        """The n_best hypotheses of each source (tokens without </s>), best first, in the order of the sources."""
        results: list[list[Hypothesis]] = [[] for _ in sources]
        search = greedy if config.beam == 1 else beam_search
        with torch.inference_mode(), autocast(self.device, self.dtype):
            for batch in batches_by_length(sources, config.batch_tokens // config.beam):
                width = max(len(sources[i]) for i in batch) + 1
                rows = [[*sources[i], EOS] + [PAD] * (width - len(sources[i]) - 1) for i in batch]
                found = search(self.model, torch.tensor(rows, device=self.device), config)
                for i, hypotheses in zip(batch, found, strict=True):
                    results[i] = hypotheses
        return results


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
