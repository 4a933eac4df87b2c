"""An explanation as one page to click through: self-contained, nothing loaded from anywhere."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from torch import Tensor

from mt.config import BOS, DecodeConfig
from mt.extras.explain import Explanation, Likely, View, alignment
from mt.extras.explain.attention import AttentionMap
from mt.extras.explain.beam import ranking

TEMPLATE = Path(__file__).with_name("page.html")   # reads the object that `page_data` makes


def page(explanation: Explanation, config: DecodeConfig) -> str:
    """The page as HTML."""
    data = json.dumps(page_data(explanation, config), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # In a script element only "<" can end the data early.
    return TEMPLATE.read_text(encoding="utf-8").replace("{{data}}", data.replace("<", "\\u003c"), 1)


def page_data(explanation: Explanation, config: DecodeConfig) -> dict[str, Any]:
    """All numbers of the page; weights in thousandths, tokens by number with their `pieces` beside them."""
    candidates, views = explanation.candidates, explanation.views
    numbers = {candidate: i for i, candidate in enumerate(candidates)}
    seen_from = {candidate: i for i, candidate in enumerate(ranking(candidates)[: len(views)])}
    shown = {BOS, *explanation.source, *(candidate.token for candidate in candidates), *explanation.neighbours}
    shown |= {likely.token for near in explanation.neighbours.values() for likely in near}
    shown |= {likely.token for view in views for step in view.likely for likely in step}
    return {
        "text": explanation.text,
        "start": BOS,
        "beam": config.beam,
        "lengthPenalty": config.length_penalty,
        "pieces": dict(zip(sorted(shown), explanation.tokenizer.pieces(sorted(shown)), strict=True)),
        "source": explanation.source,
        "neighbours": {token: pairs(near) for token, near in explanation.neighbours.items()},
        "encoder": [map_data(each) for each in views[0].maps if each.kind == "encoder"],   # the same for every hypothesis
        "views": [view_data(explanation, view) for view in views],
        "candidates": [
            {
                "parent": numbers[candidate.parent] if candidate.parent else None,
                "step": candidate.step,
                "rank": candidate.rank,
                "token": candidate.token,
                "logProb": round(candidate.log_prob, 5),
                "total": round(candidate.total, 5),
                "score": round(candidate.score, 5) if candidate.score > -math.inf else None,
                "fate": candidate.fate,
                "why": candidate.why,
                "view": seen_from.get(candidate),
            }
            for candidate in candidates
        ],
    }


def view_data(explanation: Explanation, view: View) -> dict[str, Any]:
    """One hypothesis."""
    return {
        "text": explanation.tokenizer.decode(view.hypothesis.tokens),
        "score": round(view.hypothesis.score, 5),
        "confidence": round(view.hypothesis.confidence, 5),
        "output": view.output,
        "probabilities": [round(probability, 5) for probability in view.probabilities],
        "likely": [pairs(step) for step in view.likely],
        "alignment": [thousandths(row) for row in alignment(view, len(explanation.source))],
        "maps": [map_data(each) for each in view.maps if each.kind != "encoder"],
    }


def map_data(attention: AttentionMap) -> dict[str, Any]:
    """One layer's heads, each a list of weights, row after row."""
    return {"kind": attention.kind, "layer": attention.layer, "heads": [thousandths(head) for head in attention.weights]}


def thousandths(weights: Tensor) -> list[int]:
    return (weights.flatten() * 1000).round().int().tolist()


def pairs(likely: list[Likely]) -> list[tuple[int, float]]:
    return [(each.token, round(each.share, 5)) for each in likely]
