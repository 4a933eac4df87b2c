"""How well the confidence tells good translations from bad, on a test set."""

from __future__ import annotations

import random
import statistics

from mt import load
from mt.data.sources import parse_source, read_source


def confidence(test_set: str) -> None:
    """Confidence beside the chrF of each of 500 sentences: how often a good one (chrF over 50) has the higher of two, and bin by bin."""
    from sacrebleu.metrics import CHRF

    pairs = random.Random(1).sample([(pair.src, pair.tgt) for pair in read_source(parse_source(test_set))], 500)
    results = load(None, device="cpu").translate_documents([source for source, _ in pairs])
    chrf = [CHRF().sentence_score(result.text, [reference]).score / 100 for result, (_, reference) in zip(results, pairs, strict=True)]
    sure = [result.confidence for result in results]
    good, bad = ([c for c, q in zip(sure, chrf, strict=True) if (q > 0.5) == wanted] for wanted in (True, False))
    auc = statistics.mean((one > other) + (one == other) / 2 for one in good for other in bad)
    print(f"\nconfidence on {test_set}: {len(good)} good, {len(bad)} others, AUC {auc:.3f}")
    for low in range(0, 10):
        inside = [(c, q) for c, q in zip(sure, chrf, strict=True) if low / 10 <= c < (low + 1) / 10]
        if inside:
            print(f"  {low / 10:.1f} to {(low + 1) / 10:.1f}: {len(inside):>4} sentences, mean chrF {statistics.mean(q for _, q in inside):.2f}")
