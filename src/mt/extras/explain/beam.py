"""Beam search once more, for one sentence and plainly, keeping a record of all it looked at and why it let it go.

Shapes: S source, N living hypotheses, V vocabulary.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mt.config import BOS, EOS, DecodeConfig
from mt.decoding.hypothesis import Hypothesis, longest_target
from mt.decoding.search import log_probabilities
from mt.model import TranslationModel

Fate = Literal["kept", "pruned", "finished", "chosen"]


@dataclass(eq=False)
class Candidate:
    """A hypothesis made one token longer, and what became of it."""

    parent: Candidate | None   # None: it continues <s>
    step: int                  # its length in tokens
    rank: int                  # among all candidates of its step, from 1
    token: int
    log_prob: float            # of its last token
    total: float               # sum over all its tokens
    fate: Fate = "kept"
    why: str = ""              # it went no further
    score: float = -math.inf   # of what the search could return: total over length penalty

    @property
    def path(self) -> list[Candidate]:
        """The candidates that lead here, this one last."""
        path = [self]
        while path[-1].parent is not None:
            path.append(path[-1].parent)
        return path[::-1]

    def hypothesis(self, config: DecodeConfig) -> Hypothesis:
        """What the search returns for it."""
        return Hypothesis.of([c.token for c in self.path], [c.log_prob for c in self.path], config)


def trace(model: TranslationModel, src: Tensor, config: DecodeConfig) -> list[Candidate]:
    """Every candidate that a beam search for one source [1, S] looks at: step after step, each step's best first.

    Rules and scores are those of `mt.decoding.search.beam_search`; a test holds that both find the same.
    """
    limit = longest_target(src.size(1), config)
    candidates: list[Candidate] = []
    finished: list[Candidate] = []
    living: list[Candidate] = []                                                            # at first only <s>
    state = model.start(src)
    for step in range(1, limit + 1):
        newest = torch.tensor([c.token for c in living] or [BOS], device=src.device)
        sums = torch.tensor([[c.total] for c in living] or [[0.0]], device=src.device)      # [N, 1]
        written = [[each.token for each in c.path] for c in living] or [[]]
        log_probs = log_probabilities(model.step(newest, state), written, config.no_repeat)   # [N, V]
        totals, places = (sums + log_probs).flatten().topk(min(2 * config.beam, log_probs.numel()))
        looked_at, rows = [], {}
        for rank, (total, place) in enumerate(zip(totals.tolist(), places.tolist(), strict=True), start=1):
            row, token = divmod(place, log_probs.size(-1))
            if total > -math.inf:
                parent = living[row] if living else None
                looked_at.append(Candidate(parent, step, rank, token, log_probs[row, token].item(), total))
                rows[looked_at[-1]] = row
        living = [c for c in looked_at if c.token != EOS][: config.beam]
        finished += sort_out(looked_at, living, config)
        candidates += looked_at
        if step == limit or not living or len(finished) >= config.beam:
            break
        state.select([rows[c] for c in living])
    conclude(candidates, living, finished, config)
    return candidates


def sort_out(looked_at: list[Candidate], living: list[Candidate], config: DecodeConfig) -> list[Candidate]:
    """Say of the candidates of one step why they do not go on; those that are finished."""
    finished = []
    for candidate in looked_at:
        if candidate.token == EOS and candidate.rank <= config.beam:
            candidate.fate, candidate.score = "finished", candidate.hypothesis(config).score
            finished.append(candidate)
        elif candidate.token == EOS:
            candidate.fate, candidate.why = "pruned", f"number {candidate.rank}; an end counts only among the first {config.beam}"
        elif candidate not in living:
            candidate.fate, candidate.why = "pruned", f"number {candidate.rank}; {len(living)} were kept, down to {living[-1].total:.2f}"
    return finished


def conclude(candidates: list[Candidate], living: list[Candidate], finished: list[Candidate], config: DecodeConfig) -> None:
    """Choose the best of the finished, or of the living where none has finished, and say why the others are not it."""
    for candidate in finished or living:   # the living have to do where the length ran out before any of them finished
        candidate.score = candidate.hypothesis(config).score
    ranked = ranking(candidates)
    for place, candidate in enumerate(ranked, start=1):
        candidate.fate = "finished" if finished else "kept"
        candidate.why = f"number {place} with {candidate.score:.3f}; the best has {ranked[0].score:.3f}"
    for best in ranked[:1]:
        best.fate, best.why = "chosen", "" if finished else "none had finished when the length ran out"
    continued = {candidate.parent for candidate in candidates}
    for candidate in candidates:
        if candidate.fate == "kept" and not candidate.why and candidate not in continued:
            candidate.why = (
                f"the search was over: {config.beam} had finished, or the length ran out"
                if candidate in living
                else f"at step {candidate.step + 1} none of its continuations was among the best {2 * config.beam}"
            )


def ranking(candidates: list[Candidate]) -> list[Candidate]:
    """Those the search can return, best first."""
    return sorted((c for c in candidates if c.score > -math.inf), key=lambda c: -c.score)
