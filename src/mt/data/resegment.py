"""Subword regularisation (Kudo 2018): a text cut into other tokens than the likeliest ones, by chance.

A model that meets `translation` also as `trans|lation` learns what the parts of words mean. A sampled cut is fixed when the data are
prepared; a source used several times (3*corpus.tsv) is cut anew each time.
"""

from __future__ import annotations

import math
import random
import re

from mt.errors import ConfigError
from mt.text.tokenizer import RESERVED, SPACE_MARK, Tokenizer

CUTS = 16     # of a word, the likeliest ones: what lies behind them is rarely sampled
ALPHA = 0.3   # probabilities to this power: 0 takes each cut as often, 1 nearly always the likeliest; here texts get a fifth longer


class Resegmenter:
    """Cuts words by chance with a unigram tokenizer; words do not share tokens, so each is cut for itself."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.known: dict[str, tuple[list[list[int]], list[float]]] = {}
        if tokenizer.kind != "unigram":
            fix = "leave out --resegment, or use --tokenizer unigram"
            raise ConfigError("only a unigram tokenizer knows several cuts of a word", fix=fix)

    def encode(self, text: str, rng: random.Random) -> list[int]:
        """The tokens of a text, cut by chance; what must be spelled in bytes is left as it is."""
        tokens = []
        for part in self.tokenizer.parts(text):
            if part in (SPACE_MARK, RESERVED):
                tokens += self.tokenizer.encode_part(part)
                continue
            for word in re.findall(" ?[^ ]+| ", part):
                tokens += rng.choices(*self.cuts(word))[0]
        return tokens

    def cuts(self, word: str) -> tuple[list[list[int]], list[float]]:
        """The likeliest cuts of a word, and how much each weighs."""
        if word not in self.known:
            processor = self.tokenizer.processor
            found: list[list[int]] = processor.nbest_encode(word, nbest_size=CUTS)
            scores = [sum(processor.get_score(token) for token in cut) for cut in found]
            self.known[word] = found, [math.exp(ALPHA * (score - max(scores))) for score in scores]
        return self.known[word]
