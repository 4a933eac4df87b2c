"""How good translations are: BLEU, chrF and TER with their signatures, whether a difference is real, and where it comes from."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mt import console
from mt.data.sources import Pair
from mt.decoding.translator import Translator
from mt.errors import ConfigError, DataError

METRICS = ("bleu", "chrf", "ter")
LENGTHS = (10, 20, 30, 50)   # source words: the last of each group of the breakdown
SAMPLES = 1000               # of the bootstrap


@dataclass(frozen=True)
class Score:
    """A metric's value (0 to 100) and the signature that makes it reproducible."""

    name: str
    value: float
    signature: str


@dataclass(frozen=True)
class Group:
    """The sentences of a test set whose sources have about the same number of words."""

    words: str   # such as "11 to 20"
    sentences: int
    scores: list[Score]


@dataclass(frozen=True)
class Report:
    """A model on a test set."""

    model: str
    test: str
    scores: list[Score]
    sentences: int
    seconds: float
    by_length: list[Group] = field(default_factory=list)


@dataclass(frozen=True)
class Comparison:
    """One of several models on the same test set, by one metric."""

    model: str
    test: str
    metric: str
    value: float
    margin: float          # half of the 95 % confidence interval
    p_value: float | None  # how likely its difference from the first model is chance; None for the first


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


def metric_named(name: str, references: Sequence[str] | None = None) -> Any:   # Any: sacreBLEU's classes differ in what they take
    """The sacreBLEU metric of that name; one that is to be used again and again is given its references here."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    known = {"bleu": BLEU, "chrf": CHRF, "ter": TER}
    if name.lower() not in known:
        raise ConfigError(f"there is no metric called {name!r}", fix=f"choose from {','.join(METRICS)}")
    return known[name.lower()](references=None if references is None else [list(references)])


def translate_all(translator: Translator, sources: Sequence[str]) -> list[str]:
    """The translation of each line."""
    texts = []
    with console.progress("translating", len(sources)) as advance:
        for translation in translator.translate_lines(sources):
            texts.append(translation.text)
            advance()
    return texts


def evaluate(translator: Translator, test: str, pairs: Sequence[Pair], metrics: Sequence[str], *, model: str) -> tuple[Report, list[str]]:
    """Translate a test set and score it; also the translations."""
    sources, references = [pair.src for pair in pairs], [pair.tgt for pair in pairs]
    started = time.perf_counter()
    hypotheses = translate_all(translator, sources)
    seconds = round(time.perf_counter() - started, 2)
    groups = by_length(sources, hypotheses, references, metrics)
    return Report(model, test, score(hypotheses, references, metrics), len(pairs), seconds, groups), hypotheses


def by_length(sources: Sequence[str], hypotheses: Sequence[str], references: Sequence[str], metrics: Sequence[str]) -> list[Group]:
    """The scores of the sentences of each length, the short ones first; lengths that do not occur are left out."""
    numbers: dict[int, list[int]] = {}
    for i, source in enumerate(sources):
        numbers.setdefault(bisect_left(LENGTHS, len(source.split())), []).append(i)
    return [
        Group(length_name(group), len(chosen), score([hypotheses[i] for i in chosen], [references[i] for i in chosen], metrics))
        for group, chosen in sorted(numbers.items())
    ]


def length_name(group: int) -> str:
    """What a group of lengths is called."""
    edges = (0, *LENGTHS)
    return f"over {edges[group]}" if group == len(LENGTHS) else f"{edges[group] + 1 if group else 0} to {edges[group + 1]}"


def compare(test: str, systems: Mapping[str, Sequence[str]], references: Sequence[str], metrics: Sequence[str]) -> list[Comparison]:
    """Each system's translations beside the first one's, with a paired bootstrap test of 1000 samples (Koehn 2004).

    Of two equal systems sacreBLEU says p = 0.001, since none of its samples differs by more than nothing; we say 1.
    """
    from sacrebleu.significance import PairedTest

    measures = {name: metric_named(name, references) for name in metrics}
    named: list[tuple[str, Sequence[str]]] = [(model, list(hypotheses)) for model, hypotheses in systems.items()]
    _, scores = PairedTest(named, measures, references=None, test_type="bs", n_samples=SAMPLES)()
    first = named[0][1]
    return [
        Comparison(model, test, metric, float(result.score), float(result.ci or 0.0), 1.0 if result.p_value and texts == first else result.p_value)
        for metric, results in scores.items()
        for (model, texts), result in zip(named, results, strict=True)
        if not isinstance(result, str)   # the column of names
    ]
