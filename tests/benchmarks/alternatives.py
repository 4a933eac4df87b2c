"""New pairs from what two models say of a corpus's own: alternatives.py PAIRS ENGLISH FRENCH FOLDER.

ENGLISH and FRENCH are what mt translate --n-best N --json says of the other side. In the folder come english-1.tsv, english-2.tsv, ...: each
French text with its first, second, ... English; and french.tsv: each English text with the French that is most like what people wrote,
and not the same (Kim and Rush 2016, section 3.3). The likeliest French alone would be shorter than people write.
"""

from __future__ import annotations

import json
import sys
from multiprocessing import Pool
from pathlib import Path

from mt.data.prepare import write_pairs
from mt.data.sources import Pair, parse_source, read_source


def alternatives(path: str) -> list[list[str]]:
    """What a model says of each text, the likeliest first."""
    rows = map(json.loads, Path(path).read_text(encoding="utf-8").splitlines())
    return [row["alternatives"] or [row["text"]] for row in rows]


def nearest(pair: Pair, french: list[str]) -> str:
    """The French that is most like the pair's own, by chrF, of those that are not it."""
    from sacrebleu.metrics import CHRF

    chrf = CHRF()
    return max((text for text in french if text != pair.tgt), key=lambda text: chrf.sentence_score(text, [pair.tgt]).score, default=pair.tgt)


def main() -> None:
    """Write the pairs as TSV."""
    pairs = list(read_source(parse_source(sys.argv[1])))
    english, french, folder = alternatives(sys.argv[2]), alternatives(sys.argv[3]), Path(sys.argv[4])
    for rank in range(max(map(len, english))):
        said = [texts[min(rank, len(texts) - 1)] for texts in english]
        write_pairs(folder / f"english-{rank + 1}.tsv", [Pair(text, pair.tgt) for pair, text in zip(pairs, said, strict=True)])
    with Pool() as pool:
        chosen = pool.starmap(nearest, zip(pairs, french, strict=True), chunksize=500)
    write_pairs(folder / "french.tsv", [Pair(pair.src, text) for pair, text in zip(pairs, chosen, strict=True)])


if __name__ == "__main__":
    main()
