"""How the model that ships bears with what people type."""

from __future__ import annotations

import random

from mt import load
from mt.data.augment import Change, no_final_punctuation, title_case, typing_mistake, upper_case
from mt.data.sources import parse_source, read_source
from mt.evaluation import score, translate_all

CHANGES: dict[str, Change] = {
    "as it is": lambda src, tgt, rng: (src, tgt),
    "IN CAPITALS": upper_case,
    "In Title Case": title_case,
    "no final punctuation": no_final_punctuation,
    "a typing mistake": typing_mistake,
}


def robustness(test_set: str) -> None:
    """BLEU and chrF of a test set as it is, and typed in four other ways, the references along with it where that is fair."""
    print(f"\n{test_set} as people type it")
    pairs, translator = list(read_source(parse_source(test_set))), load(None, device="cpu")
    for name, change in CHANGES.items():
        rng = random.Random(1)
        changed = [change(src, tgt, rng) for src, tgt in pairs]
        hypotheses = translate_all(translator, [src for src, _ in changed])
        scores = score(hypotheses, [tgt for _, tgt in changed], ["bleu", "chrf"])
        print(f"{name:<22}" + "".join(f"{each.name:>8} {each.value:5.1f}" for each in scores))
