"""Laws of every architecture: training and decoding see the same network, whatever the batch around a sentence."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from mt.config import BOS, PAD, ModelConfig
from mt.model import build
from mt.model.layers import Dropout

VOCAB = 40


@pytest.fixture(params=[("encoder-decoder", "pre"), ("encoder-decoder", "post"), ("decoder-only", "pre"), ("decoder-only", "post")], ids="-".join)
def model(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(3)
    arch, norm = request.param
    config = ModelConfig(arch=arch, d_model=32, n_heads=4, n_encoder_layers=3, n_decoder_layers=2, d_ff=64, norm=norm, vocab_size=VOCAB)
    return build(config).eval()


def sentences(rows: int, length: int) -> Tensor:
    return torch.randint(4, VOCAB, (rows, length))


def test_a_position_does_not_see_the_target_right_of_it(model: nn.Module):
    src, tgt = sentences(2, 5), sentences(2, 6)
    changed = tgt.clone()
    changed[:, 4:] = 5
    assert_close(model(src, tgt)[:, :4], model(src, changed)[:, :4])


def test_padding_and_neighbours_do_not_change_logits(model: nn.Module):
    src, tgt = sentences(4, 9), sentences(4, 6)
    src[0, 5:] = PAD
    alone = model(src[:1, :5], tgt[:1, :4])
    assert_close(model(src, tgt)[:1, :4], alone, atol=1e-5, rtol=1e-5)


def test_decoding_step_by_step_equals_the_whole_forward(model: nn.Module):
    src, tgt = sentences(3, 8), sentences(3, 40)
    src[1, 3:] = PAD
    tgt[:, 0] = BOS
    with torch.no_grad():
        state = model.start(src)
        steps = [model.step(tgt[:, i], state) for i in range(tgt.size(1))]
        assert_close(torch.stack(steps, dim=1), model(src, tgt), atol=1e-4, rtol=1e-4)


def test_selected_hypotheses_go_on_as_if_they_had_been_alone(model: nn.Module):
    src, tgt = sentences(3, 8), sentences(6, 7)
    src[1, 3:] = PAD
    tgt[0, :3] = tgt[1, :3]                             # the first two share a beginning, as hypotheses do
    rows = torch.tensor([2, 3, 1, 1])                   # sentence 2 leaves, two of the others' rows change places
    with torch.no_grad():
        state = model.start(src)
        state.select([0, 0, 1, 1, 2, 2])
        for i in range(3):
            model.step(tgt[:, i], state)
        state.select(rows.tolist())
        after = [model.step(tgt[:4, i], state) for i in range(3, 7)]
        whole = model(src[rows // 2], torch.cat([tgt[rows, :3], tgt[:4, 3:]], dim=1))
    assert_close(torch.stack(after, dim=1), whole[:, 3:], atol=1e-4, rtol=1e-4)


def test_uneven_groups_of_hypotheses_are_served_too(model: nn.Module):
    src = sentences(2, 6)
    tokens = torch.tensor([5, 6, 7])
    rows = torch.tensor([0, 0, 1])
    with torch.no_grad():
        state = model.start(src)
        state.select(rows.tolist())
        assert_close(model.step(tokens, state), model(src[rows], tokens[:, None])[:, 0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_selected_each_hypothesis_goes_on_as_if_alone(model: nn.Module, seed: int):
    torch.manual_seed(seed)
    src = sentences(3, 7)
    src[1, 4:] = PAD
    whose, history = torch.arange(3), torch.empty(3, 0, dtype=torch.long)   # the sentence of each hypothesis, and what it has said
    with torch.no_grad():
        state = model.start(src)
        for step in range(20):
            count = [6, 6, 4, 5][step % 4] if step % 3 == 0 else len(whose)   # more, fewer, and often as many
            rows = torch.randint(len(whose), (count,))
            rows = rows[torch.randperm(count)] if step % 5 == 0 else rows.sort().values
            state.select(rows.tolist())
            newest = torch.randint(4, VOCAB, (count,))
            whose, history = whose[rows], torch.cat((history[rows], newest[:, None]), dim=1)
            assert_close(model.step(newest, state), model(src[whose], history)[:, -1], atol=1e-4, rtol=1e-4)


def test_dropout_takes_from_the_embeddings_and_the_positions(model: nn.Module, monkeypatch: pytest.MonkeyPatch):
    src, tgt = sentences(2, 5), sentences(2, 6)
    monkeypatch.setattr(Dropout, "forward", lambda self, x: torch.zeros_like(x))
    left = model.features(src, tgt)
    assert_close(left, left[0, 0].expand_as(left))      # nothing of what was read, or of where
