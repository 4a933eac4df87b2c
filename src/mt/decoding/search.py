"""Greedy and beam search: from a source to the most probable French the network can say.

Shapes: B batch (sentences still searched), K beam, N rows = B * K, V vocabulary, S source.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mt.config import BOS, EOS, PAD, DecodeConfig
from mt.decoding.hypothesis import Hypothesis, length_penalty, longest_target
from mt.model import TranslationModel

NEVER = slice(PAD, BOS + 1)   # padding, the unknown and the beginning are not French
COLUMNS = 64                  # of the table that a row of logits is laid out as


def greedy(model: TranslationModel, src: Tensor, config: DecodeConfig) -> list[list[Hypothesis]]:
    """The most probable token at each step, until </s>: one hypothesis for each source [B, S]."""
    limits = [longest_target(length, config) for length in (src != PAD).sum(dim=1).tolist()]
    tokens: list[list[int]] = [[] for _ in limits]
    log_probs: list[list[float]] = [[] for _ in limits]
    state = model.start(src)
    searched = list(range(len(limits)))                   # the sentence of each row
    newest = torch.full((len(searched),), BOS, device=src.device)
    while searched:
        logits = masked(model.step(newest, state), [tokens[sentence] for sentence in searched], config.no_repeat)   # [B, V]
        best, newest = logits.log_softmax(dim=-1).max(dim=-1)                               # quicker than logsumexp of the same
        gained = best.tolist()
        going_on = []
        for row, (sentence, token) in enumerate(zip(searched, newest.tolist(), strict=True)):
            log_probs[sentence].append(gained[row])
            if token != EOS:
                tokens[sentence].append(token)
                if len(log_probs[sentence]) < limits[sentence]:
                    going_on.append(row)
        if len(going_on) < len(searched):
            searched, newest = [searched[row] for row in going_on], newest[going_on]
            if going_on:
                state.select(going_on)
    return [[found(t, p, config)] for t, p in zip(tokens, log_probs, strict=True)]


def beam_search(model: TranslationModel, src: Tensor, config: DecodeConfig) -> list[list[Hypothesis]]:
    """The n_best hypotheses of each source [B, S], best first.

    Each step looks at the 2K best continuations of a sentence's K hypotheses. Those of the first K that end in </s> are
    finished; the best K that do not go on. A sentence is done when K hypotheses have finished, or when its length runs out.
    To wait until no living one could still win takes longer and changes one sentence in twenty, for the better by 0.05 to 0.3 BLEU.
    """
    size, device = config.beam, src.device
    limits = [longest_target(length, config) for length in (src != PAD).sum(dim=1).tolist()]
    beams = [Beam([], [[]] * size, [[]] * size) for _ in limits]
    searched = list(range(len(limits)))                   # the sentence of each group of K rows
    state = model.start(src)
    state.select([row for row in searched for _ in range(size)])
    newest = torch.full((len(limits) * size,), BOS, device=device)
    sums = torch.full((len(limits), size), -math.inf, device=device)   # [B, K] log-probability of each hypothesis
    sums[:, 0] = 0.0                                                    # at first all K are the same: count one
    for step in range(1, max(limits) + 1):
        logits = masked(model.step(newest.flatten(), state), [tokens for sentence in searched for tokens in beams[sentence].tokens], config.no_repeat)
        gains, words = best_of_rows(logits.log_softmax(dim=-1), min(2 * size, logits.size(-1)))                     # [N, 2K]: more cannot count
        best, places = (sums.view(-1, 1) + gains).view(len(searched), -1).topk(min(2 * size, size * gains.size(1)))   # [B, 2K]
        parents = places // gains.size(1)
        tokens, gained = (each.view(len(searched), -1).gather(1, places) for each in (words, gains))
        rows, kept, alive = [], [], []
        listed = [each.tolist() for each in (best, parents, tokens, gained)]
        for group, sentence in enumerate(searched):
            beam, ranked = beams[sentence], list(zip(*(each[group] for each in listed), strict=True))
            living = beam.advance(ranked, config)
            if step < limits[sentence] and len(beam.finished) < size:
                kept.append(group)
                rows += [group * size + ranked[i][1] for i in living]
                alive.append(living)
            elif not beam.finished:
                beam.give_up(ranked, living, config)
        if not kept:
            break
        searched, living_places = [searched[group] for group in kept], torch.tensor(alive, device=device)
        sums, newest = (each[kept].gather(1, living_places) for each in (best, tokens))     # [B, K]
        state.select(rows)
    return [sorted(beam.finished, key=lambda hypothesis: -hypothesis.score)[: config.n_best] for beam in beams]


class Beam:
    """The hypotheses of one sentence: those that have finished, and the K that go on."""

    def __init__(self, finished: list[Hypothesis], tokens: list[list[int]], log_probs: list[list[float]]) -> None:
        self.finished, self.tokens, self.log_probs = finished, tokens, log_probs

    def advance(self, ranked: list[tuple[float, int, int, float]], config: DecodeConfig) -> list[int]:
        """Take in the 2K best continuations (sum, parent, token, gain), best first; which of them go on."""
        living = []
        for i, (total, parent, token, gained) in enumerate(ranked):
            if token != EOS:
                living.append(i)
            elif i < config.beam and total > -math.inf:
                self.finished.append(found(self.tokens[parent], [*self.log_probs[parent], gained], config))
        living = living[: config.beam]
        self.tokens, self.log_probs = (
            [[*self.tokens[ranked[i][1]], ranked[i][2]] for i in living],
            [[*self.log_probs[ranked[i][1]], ranked[i][3]] for i in living],
        )
        return living

    def give_up(self, ranked: list[tuple[float, int, int, float]], living: list[int], config: DecodeConfig) -> None:
        """Nothing has finished and the length has run out: what there is will have to do."""
        self.finished = [found(self.tokens[i], self.log_probs[i], config) for i, place in enumerate(living) if ranked[place][0] > -math.inf]


def masked(logits: Tensor, written: list[list[int]], no_repeat: int = 0) -> Tensor:
    """Logits [N, V] in float32, -inf for what is no text, and for what would end `no_repeat` tokens that its row has written before."""
    logits, n = logits.float(), no_repeat
    logits[:, NEVER] = -math.inf
    for row, tokens in enumerate(written if n else []):
        last = tokens[len(tokens) - n + 1 :]
        logits[row, [tokens[i + n - 1] for i in range(len(tokens) - n + 1) if tokens[i : i + n - 1] == last]] = -math.inf
    return logits


def best_of_rows(numbers: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """topk of many rows [N, V] in half its time: as a table of 64 columns, a row has its best k in those k whose largest are the best."""
    if numbers.size(1) % COLUMNS or k > COLUMNS:
        return numbers.topk(k)
    table = numbers.unflatten(1, (-1, COLUMNS))                                                         # [N, V / 64, 64]
    columns = table.amax(dim=1).topk(k).indices                                                         # [N, k]
    best, places = table.gather(2, columns[:, None].expand(-1, table.size(1), -1)).flatten(1).topk(k)   # [N, k]
    return best, places // k * COLUMNS + columns.gather(1, places % k)


def found(tokens: list[int], log_probs: list[float], config: DecodeConfig) -> Hypothesis:
    """A hypothesis; finished when it has one log-probability, that of </s>, more than tokens."""
    score = sum(log_probs) / length_penalty(len(log_probs), config.length_penalty)
    return Hypothesis(tokens, score, log_probs, finished=len(log_probs) > len(tokens))

