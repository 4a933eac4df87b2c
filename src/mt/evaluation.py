"""How good translations are: BLEU, chrF and TER with their signatures, whether a difference is real, and where it comes from."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mt.data.sources import Pair
from mt.decoding.translator import Translator
from mt.errors import ConfigError, DataError

METRICS = ("bleu", "chrf", "ter")
LENGTHS = (10, 20, 30, 50)   # source words: edges of the breakdown


@dataclass(frozen=True)
class Score:
    """A metric's value (0 to 100) and the signature that makes it reproducible."""

    name: str
    value: float
    signature: str


@dataclass(frozen=True)
class Report:
    """A model on a test set."""

    model: str
    test: str
    scores: list[Score]
    sentences: int
    seconds: float
    by_length: list[dict[str, Any]] = dataclasses.field(default_factory=list)


def score(hypotheses: Sequence[str], references: Sequence[str], metrics: Sequence[str]) -> list[Score]:
    """Corpus scores of detokenised text against untouched references (Post 2018)."""
    if len(hypotheses) != len(references):
        counts = f"{len(hypotheses)} translations for {len(references)} references"
        raise DataError(counts, fix="give one translation a line, in the order of the references")
    if not references:
        raise DataError("there is nothing to score", fix="give a test set with at least one line")
    results = []
    for name in metrics:
        metric = metric_named(name)
        value = metric.corpus_score(list(hypotheses), [list(references)])
        results.append(Score(value.name, float(value.score), str(metric.get_signature())))
    return results


def metric_named(name: str) -> Any:   # Any: sacrebleu's three metric classes share no base with our needs
    """The sacreBLEU metric of that name."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    known = {"bleu": BLEU, "chrf": CHRF, "ter": TER}
    if name.lower() not in known:
        raise ConfigError(f"there is no metric called {name!r}", fix=f"choose from {','.join(METRICS)}")
    return known[name.lower()]()


def translate_all(translator: Translator, sources: Sequence[str]) -> list[str]:
    """The translation of each line."""
    return [translation.text for translation in translator.translate_lines(sources)]


def evaluate(translator: Translator, test: str, pairs: Sequence[Pair], metrics: Sequence[str], *, model: str) -> tuple[Report, list[str]]:
    """Translate a test set and score it; also the translations."""
    sources, references = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    started = time.perf_counter()
    hypotheses = translate_all(translator, sources)
    seconds = time.perf_counter() - started
    report = Report(model, test, score(hypotheses, references, metrics), len(pairs), round(seconds, 2), by_length(sources, hypotheses, references))
    return report, hypotheses


def by_length(sources: Sequence[str], hypotheses: Sequence[str], references: Sequence[str]) -> list[dict[str, Any]]:
    """BLEU and chrF of the sentences of each length."""
    groups: dict[str, list[int]] = {}
    for i, source in enumerate(sources):
        words = len(source.split())
        edge = next((edge for edge in LENGTHS if words <= edge), None)
        groups.setdefault(f"up to {edge}" if edge else f"over {LENGTHS[-1]}", []).append(i)
    rows = []
    for name in [*(f"up to {edge}" for edge in LENGTHS), f"over {LENGTHS[-1]}"]:
        if name in groups:
            chosen = groups[name]
            scores = score([hypotheses[i] for i in chosen], [references[i] for i in chosen], ["bleu", "chrf"])
            rows.append({"words": name, "sentences": len(chosen), **{s.name: round(s.value, 2) for s in scores}})
    return rows


def compare(systems: Sequence[tuple[str, Sequence[str]]], references: Sequence[str]) -> list[dict[str, Any]]:
    """BLEU of each system and how likely its difference from the first is chance (paired bootstrap, Koehn 2004)."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.significance import PairedTest

    unique: list[tuple[str, Sequence[str]]] = [(f"{i}: {name}", list(texts)) for i, (name, texts) in enumerate(systems, start=1)]
    test = PairedTest(unique, {"BLEU": BLEU(references=[list(references)])}, references=None, test_type="bs", n_samples=1000)
    _, scores = test()
    results = [result for result in scores["BLEU"] if not isinstance(result, str)]
    return [
        {"model": name, "BLEU": round(result.score, 2), "p_value": result.p_value}
        for (name, _), result in zip(systems, results, strict=True)
    ]
