"""What the network does with one sentence: its tokens, what it thought of at each step, where it looked, what it rejected.

Shapes: S source, T target, D d_model, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from mt.config import BOS, EOS, DecodeConfig
from mt.decoding.hypothesis import Hypothesis
from mt.decoding.search import log_probabilities
from mt.errors import UsageError
from mt.extras.explain.attention import AttentionMap, look
from mt.extras.explain.beam import Candidate, ranking, trace
from mt.model import TranslationModel
from mt.text.normalize import normalize
from mt.text.tokenizer import SPACE_MARK, Tokenizer

TOP = 5          # next tokens shown at each step
NEIGHBOURS = 8   # tokens nearest to a token


@dataclass(frozen=True)
class Likely:
    """A token and how probable, or how near, it is."""

    token: int
    share: float   # probability, 0 to 1; or cosine, -1 to 1


@dataclass(frozen=True)
class Word:
    """Tokens that stand together; `text` is what they spell."""

    text: str
    start: int
    end: int


@dataclass(frozen=True)
class View:
    """One hypothesis from within."""

    hypothesis: Hypothesis
    output: list[int]              # what was predicted, </s> included where it was
    probabilities: list[float]     # of each of them
    likely: list[list[Likely]]     # the most probable tokens at each of these steps
    maps: list[AttentionMap]


@dataclass(frozen=True)
class Explanation:
    """All that can be said about one sentence."""

    text: str
    source: list[int]                        # </s> included
    views: list[View]                        # the hypotheses that were found, best first
    candidates: list[Candidate]
    neighbours: dict[int, list[Likely]]      # of <s> and every token in source and views
    tokenizer: Tokenizer


def explain(model: nn.Module, tokenizer: Tokenizer, text: str, config: DecodeConfig) -> Explanation:
    """Translate one sentence with a model in eval mode, and watch."""
    sentence = normalize(text)
    if not sentence:
        raise UsageError("there is no sentence to explain", fix='give one: mt explain "The cat sat on the mat."')
    source = [*tokenizer.encode(sentence), EOS]
    network = cast(TranslationModel, model)
    src = torch.tensor([source], device=network.output_weight.device)
    with torch.inference_mode():
        candidates = trace(network, src, config)
        views = [view(model, src, each.hypothesis(config)) for each in ranking(candidates)[: config.beam]]
        tokens = sorted({BOS, *source, *(token for view in views for token in view.output)})
        neighbours = nearest(network.output_weight, tokens)
    return Explanation(sentence, source, views, candidates, neighbours, tokenizer)


def view(model: nn.Module, src: Tensor, hypothesis: Hypothesis) -> View:
    """What went on while a hypothesis for the source [1, S] was written."""
    output = [*hypothesis.tokens, EOS][: len(hypothesis.log_probs)]
    logits, maps = look(model, src, torch.tensor([[BOS, *output[:-1]]], device=src.device))
    probabilities = log_probabilities(logits, []).exp()                                      # [T, V]
    top = probabilities.topk(min(TOP, probabilities.size(-1)))
    return View(
        hypothesis,
        output,
        probabilities[range(len(output)), output].tolist(),
        [[Likely(*pair) for pair in zip(*step, strict=True)] for step in zip(top.indices.tolist(), top.values.tolist(), strict=True)],
        maps,
    )


def nearest(embedding: Tensor, tokens: list[int]) -> dict[int, list[Likely]]:
    """The tokens whose embeddings [V, D] have the largest cosine with that of each of `tokens`, itself left out."""
    directions = torch.nn.functional.normalize(embedding.float(), dim=-1)
    cosines = directions[tokens] @ directions.T                                                 # [tokens, V]
    cosines[range(len(tokens)), tokens] = -2.0
    best = cosines.topk(min(NEIGHBOURS, embedding.size(0) - 1))
    rows = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return {token: [Likely(*pair) for pair in zip(*row, strict=True)] for token, row in zip(tokens, rows, strict=True)}


def alignment(view: View, source_length: int) -> Tensor:
    """How much each output token looked at each source token [T, S]: the last layer, mean over heads; rows sum to 1.

    A decoder-only network has no attention for the source alone: there it is the source's part of what the target looked at.
    """
    last = [each for each in view.maps if each.kind in ("cross", "stack")][-1]
    weights = last.weights.mean(dim=0)
    if last.kind == "cross":
        return weights
    part = weights[source_length:, :source_length]
    return part / part.sum(dim=-1, keepdim=True)


def words(tokenizer: Tokenizer, tokens: list[int]) -> list[Word]:
    """The tokens grouped into words; punctuation stands alone, </s> too."""
    starts: list[int] = []
    pieces = tokenizer.pieces(tokens)
    for i, piece in enumerate(pieces):
        before = pieces[i - 1] if i else ""
        mark = not any(character.isalnum() or character in "'-" for character in piece)
        after_mark = not any(character.isalnum() or character in f"'-{SPACE_MARK}" for character in before)
        spaced = piece[0] in f"{SPACE_MARK}\u00a0\u202f"
        if spaced or tokens[i] == EOS or (before != SPACE_MARK and (mark or after_mark)):
            starts.append(i)
    ends = [*starts[1:], len(tokens)]
    return [Word(tokenizer.decode(tokens[a:b]).strip() or pieces[a], a, b) for a, b in zip(starts, ends, strict=True)]


def gaze(explanation: Explanation, view: View) -> list[tuple[Word, list[tuple[Word, float]]]]:
    """For each output word, each source word and its share of the look; a word looks as its tokens do on average."""
    weights = alignment(view, len(explanation.source))
    looked_at = words(explanation.tokenizer, explanation.source)
    rows = []
    for word in words(explanation.tokenizer, view.output):
        mean = weights[word.start : word.end].mean(dim=0)
        rows.append((word, [(each, float(mean[each.start : each.end].sum())) for each in looked_at]))
    return rows
