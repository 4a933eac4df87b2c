"""Laws of the search."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from fakes import TableModel

from mt.config import BOS, EOS, PAD, UNK, DecodeConfig, ModelConfig
from mt.decoding.engine import TorchEngine
from mt.decoding.hypothesis import length_penalty
from mt.decoding.search import COLUMNS, beam_search, best_continuations, greedy
from mt.model import build
from mt.packing import pack_matrices

VOCAB = 7           # PAD UNK BOS EOS and three words
LIMIT = 4           # tokens of a translation, </s> included
ALL = DecodeConfig(beam=200, n_best=1, max_ratio=0.0, max_extra=LIMIT)   # more hypotheses than there are


def exhaustive(model: TableModel, src: list[int], alpha: float) -> tuple[float, list[int]]:
    """The best score of all finished sequences within LIMIT, and its tokens: tried one by one."""
    best = (-math.inf, [0])

    def extend(tokens: list[int], total: float) -> None:
        nonlocal best
        logits = model.logits(src, [BOS, *tokens])
        logits[[PAD, UNK, BOS]] = -math.inf
        log_probs = logits.log_softmax(-1).tolist()
        length = len(tokens) + 1
        best = max(best, ((total + log_probs[EOS]) / length_penalty(length, alpha), tokens))
        if length < LIMIT:
            for token in range(EOS + 1, VOCAB):
                extend([*tokens, token], total + log_probs[token])

    extend([], 0.0)
    return best


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_trying_everything_finds(seed: int, alpha: float):
    model = TableModel(VOCAB, end=seed - 2)
    sources = [[4, seed, EOS], [5, 6, 4, EOS], [seed + 4, EOS]]
    rows = torch.tensor([source + [PAD] * (4 - len(source)) for source in sources])
    config = DecodeConfig(beam=200, max_ratio=0.0, max_extra=LIMIT, length_penalty=alpha)
    for source, [hypothesis] in zip(sources, beam_search(model, rows, config), strict=True):
        score, tokens = exhaustive(model, [t for t in source if t != PAD], alpha)
        assert hypothesis.tokens == tokens
        assert hypothesis.score == pytest.approx(score, abs=1e-5)
        assert hypothesis.finished


@pytest.mark.parametrize("end", [-2.0, 0.0, 2.0])
@pytest.mark.parametrize("vocab_size", [6, 20])
def test_a_beam_of_one_is_greedy(vocab_size: int, end: float):
    model = TableModel(vocab_size, end=end)
    src = torch.tensor([[4, 5, EOS, PAD], *([i, i + 1, i + 2, EOS] for i in range(4, 44))])
    config = DecodeConfig(beam=1)
    for [ours], [plain] in zip(beam_search(model, src, config), greedy(model, src, config), strict=True):
        assert ours.tokens == plain.tokens
        assert ours.log_probs == pytest.approx(plain.log_probs, abs=1e-5)


@pytest.mark.parametrize("beam", [1, 2, 5])
def test_neighbours_in_the_batch_change_nothing(beam: int):
    model = TableModel(12)
    sources = [[4, 5, 6, EOS], [7, EOS, PAD, PAD], [8, 9, EOS, PAD], [4, 4, EOS, PAD]]
    config = DecodeConfig(beam=beam, n_best=beam)
    search = greedy if beam == 1 else beam_search
    together = search(model, torch.tensor(sources), config)
    for source, found in zip(sources, together, strict=True):
        [alone] = search(model, torch.tensor([[t for t in source if t != PAD]]), config)
        assert [h.tokens for h in found] == [h.tokens for h in alone]


@pytest.mark.parametrize("beam", [1, 4])
def test_hypotheses_end_by_themselves_or_at_their_limit_and_say_which(beam: int):
    endless, short = TableModel(12, end=-1000.0), TableModel(12, end=1000.0)
    config = DecodeConfig(beam=beam, max_ratio=1.0, max_extra=2)
    search = greedy if beam == 1 else beam_search
    src = torch.tensor([[4, 5, 6, EOS]])
    [[runaway]], [[ended]] = search(endless, src, config), search(short, src, config)
    assert (len(runaway.tokens), runaway.finished) == (6, False)
    assert (ended.tokens, ended.finished) == ([], True)


def test_n_best_hypotheses_differ_and_are_in_order():
    config = DecodeConfig(beam=5, n_best=5)
    for found in beam_search(TableModel(30), torch.tensor([[4, EOS], [5, EOS]]), config):
        scores = [hypothesis.score for hypothesis in found]
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(hypothesis.tokens) for hypothesis in found}) == len(found)


def test_no_repeat_forbids_the_same_words_twice():
    config = DecodeConfig(beam=3, no_repeat=2, max_extra=30)
    for search in (greedy, beam_search):
        for [hypothesis, *_] in search(TableModel(8, end=-3.0), torch.tensor([[4, EOS], [6, EOS]]), config):
            pairs = list(zip(hypothesis.tokens, hypothesis.tokens[1:], strict=False))
            assert len(pairs) == len(set(pairs))


def test_marks_that_are_no_text_are_never_written():
    for [hypothesis] in greedy(TableModel(6), torch.arange(4, 44)[:, None], DecodeConfig(beam=1)):
        assert not {PAD, UNK, BOS, EOS} & set(hypothesis.tokens)


@pytest.mark.parametrize("arch", ["encoder-decoder", "decoder-only"])
@pytest.mark.parametrize("beam", [1, 3])
def test_batches_workers_and_packed_matrices_change_nothing_and_the_order_is_kept(arch: str, beam: int):
    torch.manual_seed(2)
    model = build(ModelConfig(arch=arch, d_model=32, n_heads=4, n_encoder_layers=2, n_decoder_layers=2, d_ff=64, vocab_size=30)).eval()
    sources = [torch.randint(4, 30, (length,)).tolist() for length in (3, 9, 1, 5, 5, 2, 0)]
    cpu, config = torch.device("cpu"), DecodeConfig(beam=beam)
    plain = TorchEngine(model, cpu).translate(sources, config)
    small = TorchEngine(model, cpu).translate(sources, replace(config, batch_tokens=1))
    shared = TorchEngine(model, cpu, workers=3).translate(sources, config)
    assert pack_matrices(model, torch.float32) == torch.backends.mkldnn.is_available()
    packed = TorchEngine(model, cpu).translate(sources, config)
    for [one, *_], *others in zip(plain, small, shared, packed, strict=True):
        assert [other[0].tokens for other in others] == [one.tokens] * 3
        assert [other[0].score for other in others] == pytest.approx([one.score] * 3, abs=1e-4)


@pytest.mark.parametrize("width", [COLUMNS * 5, COLUMNS * 5 + 1, COLUMNS])
@pytest.mark.parametrize("k", [1, 8, COLUMNS])
def test_the_best_continuations_are_those_of_topk(width: int, k: int):
    sentences, beam = 6, 3
    gains = torch.stack([torch.randperm(beam * width).float() for _ in range(sentences)]).view(sentences, beam, width)   # no two are equal
    gains[gains < 0.1] = -math.inf
    sums = torch.tensor([0.0, 0.25, -math.inf]).repeat(sentences, 1)   # the last hypothesis is no longer one
    totals, places = (sums[:, :, None] + gains).flatten(1).topk(k)
    best, parents, words = best_continuations(sums, gains.flatten(0, 1), k)
    assert torch.equal(best, totals)
    assert torch.equal(parents * width + words, places)
