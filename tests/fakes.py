"""Small models with the contract of mt.model, whose probabilities are known; an engine that knows sentences by heart; a model folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mt.checkpoint import save_weights
from mt.config import EOS, PAD, Config, DecodeConfig, ModelConfig
from mt.data.batches import Batch
from mt.data.spelling import Spelling
from mt.data.vocabulary import train_tokenizer
from mt.decoding.hypothesis import Engine, Hypothesis
from mt.decoding.sentence import SentenceTranslator
from mt.decoding.translator import Translator
from mt.model import build
from mt.run import RunDir
from mt.text.tokenizer import Tokenizer

SMALLEST = ModelConfig(d_model=16, n_heads=2, n_encoder_layers=1, n_decoder_layers=1, d_ff=32, dropout=0.0, vocab_size=50)


def random_batch(pairs: int) -> Batch:
    """Pairs that SMALLEST can read, one of them with a shorter target."""
    src, tgt_in, tgt_out = (torch.randint(4, 50, (pairs, length)) for length in (5, 7, 7))
    tgt_out[0, 4:] = tgt_in[0, 5:] = PAD
    return Batch(src, tgt_in, tgt_out, 7 * pairs - 3)


@dataclass
class History:
    """The source of each row, and the tokens each has been given."""

    src: Tensor
    tokens: Tensor

    def select(self, rows: Tensor) -> None:
        self.src, self.tokens = self.src[rows], self.tokens[rows]


class TableModel:
    """Logits drawn by a generator seeded with a row's source and history: any function of them, yet always the same one."""

    def __init__(self, vocab_size: int, *, end: float = 0.0) -> None:
        self.vocab_size, self.end = vocab_size, end

    def start(self, src: Tensor) -> History:
        return History(src, torch.empty(src.size(0), 0, dtype=torch.long))

    def step(self, tokens: Tensor, state: History) -> Tensor:
        state.tokens = torch.cat((state.tokens, tokens[:, None]), dim=1)
        rows = zip(state.src.tolist(), state.tokens.tolist(), strict=True)
        return torch.stack([self.logits([t for t in src if t != PAD], history) for src, history in rows])

    def logits(self, src: list[int], history: list[int]) -> Tensor:
        seed = hash((tuple(src), tuple(history))) % 2**31
        logits = 2 * torch.randn(self.vocab_size, generator=torch.Generator().manual_seed(seed))
        logits[EOS] += self.end
        return logits


class Dictionary:
    """An engine that knows a few sentences by heart and repeats the others; notes what it was asked, and how."""

    def __init__(self, tokenizer: Tokenizer, known: dict[str, str]) -> None:
        self.tokenizer, self.known = tokenizer, known
        self.asked: list[str] = []
        self.configs: list[DecodeConfig] = []

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        texts = [self.tokenizer.decode(source) for source in sources]
        self.asked += texts
        self.configs += [config] if texts else []
        return [[self.hypothesis(self.known.get(text, text))] for text in texts]

    def hypothesis(self, text: str) -> Hypothesis:
        """Each token as probable as it would be if the dictionary had as many sentences as this one has letters."""
        tokens = self.tokenizer.encode(text) if text else []
        log_probs = [-0.01 * len(text) - 0.01] * (len(tokens) + 1)
        return Hypothesis(tokens, sum(log_probs), log_probs, finished=True)


def translating(
    engine: Engine, tokenizer: Tokenizer, config: DecodeConfig | None = None, *, max_tokens: int = 100, spelling: Spelling | None = None, **rest: Any
) -> Translator:
    """A translator with an engine of the test's own; `rest` as Translator takes it."""
    return Translator(SentenceTranslator(engine, tokenizer, config or DecodeConfig(), max_tokens=max_tokens, spelling=spelling), **rest)


def make_model(folder: Path) -> RunDir:
    """A whole model folder, tiny and with random weights: it says nonsense, but as a real one would."""
    run = RunDir(folder)
    lines = [f"Hello world {i}. The cat sat on a mat. Le chat est sur le tapis." for i in range(100)]
    tokenizer = train_tokenizer(lines, run.tokenizer, vocab_size=400, kind="bpe", seed=1, threads=1)
    shape = ModelConfig(d_model=16, n_heads=2, n_encoder_layers=1, n_decoder_layers=1, d_ff=32, vocab_size=tokenizer.vocab_size)
    run.write_config(Config(model=shape, decode=DecodeConfig(beam=2, max_ratio=1.0, max_extra=2)), "0")
    with torch.random.fork_rng():
        torch.manual_seed(1)
        save_weights(run.weights, build(shape).state_dict())
    return run
