"""BLEU as papers on Multi30k give it, lower-cased, normalised and cut by Moses: moses_bleu.py HYPOTHESES TEST_SET, e.g. after mt evaluate --out.

Needs sacremoses (pip install sacremoses). Such figures are a few points above those of sacreBLEU on the text as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mt.data.sources import parse_source, read_source


def main() -> None:
    """Print one score and its signature."""
    from sacrebleu.metrics import BLEU
    from sacremoses import MosesPunctNormalizer, MosesTokenizer

    normalizer, tokenizer = MosesPunctNormalizer("fr"), MosesTokenizer("fr")

    def cut(text: str) -> str:
        return str(tokenizer.tokenize(normalizer.normalize(text.lower()), aggressive_dash_splits=False, return_str=True, escape=False))

    hypotheses = Path(sys.argv[1]).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    references = [pair.tgt for pair in read_source(parse_source(sys.argv[2]))]
    bleu = BLEU(tokenize="none", force=True)
    print(bleu.corpus_score([cut(text) for text in hypotheses], [[cut(text) for text in references]]), bleu.get_signature())


if __name__ == "__main__":
    main()
