"""What a search finds, and what every engine can be asked; no torch, so that a fast engine starts fast."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mt.config import EOS, DecodeConfig


@dataclass(frozen=True)
class Hypothesis:
    """A translation as token numbers, without </s>."""

    tokens: list[int]
    score: float            # sum of log-probabilities over the length penalty; what hypotheses are ranked by
    log_probs: list[float]  # of each token, </s> last
    finished: bool          # whether </s> was found before the length ran out

    @classmethod
    def of(cls, tokens: list[int], log_probs: list[float], config: DecodeConfig) -> Hypothesis:
        """The hypothesis of these tokens; finished when the last is </s>, which is no part of what it says."""
        finished = tokens[-1] == EOS
        score = sum(log_probs) / length_penalty(len(log_probs), config.length_penalty)
        return cls(tokens[:-1] if finished else tokens, score, log_probs, finished)

    @property
    def confidence(self) -> float:
        """The geometric mean of the token probabilities, 0 to 1."""
        return math.exp(sum(self.log_probs) / max(1, len(self.log_probs)))


class Engine(Protocol):
    """Runs a network over many sentences."""

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        """The n_best hypotheses of each source (tokens without </s>), best first, in the order of the sources."""


def length_penalty(length: int, alpha: float) -> float:
    """Divisor that keeps long hypotheses competitive: ((5 + length) / 6) ** alpha.

    `length` counts target tokens including </s>; alpha 0 disables it, 1.0 is our default (Wu et al. 2016, equation 14).
    """
    return float(((5 + length) / 6) ** alpha)


def longest_target(source_tokens: int, config: DecodeConfig) -> int:
    """How many tokens a translation may have, </s> included; a search that has no end in sight stops there."""
    return round(config.max_ratio * source_tokens) + config.max_extra
