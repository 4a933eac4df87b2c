"""Laws of the parts of the network."""

from __future__ import annotations

import math

import pytest
import torch
from torch.testing import assert_close

from mt.model.layers import Attention, Cache, Dropout, Residual, attention, causal_mask, fast_attention, sinusoids


def test_positions_follow_the_formula_of_the_paper():
    table = sinusoids(50, 16)
    for position in (0, 1, 7, 49):
        for i in range(8):
            angle = position / 10000 ** (2 * i / 16)
            assert table[position, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-5)
            assert table[position, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)


def test_positions_can_start_anywhere():
    assert_close(sinusoids(3, 16, start=40), sinusoids(43, 16)[40:])


@pytest.mark.parametrize("causal", [False, True])
def test_fast_attention_agrees_with_the_reference(causal: bool):
    q, k, v = torch.randn(3, 2, 4, 6, 8).unbind(0)
    mask = torch.rand(2, 1, 1, 6) > 0.3
    mask[..., 0] = True
    chosen = None if causal else mask
    reference, weights = attention(q, k, v, causal_mask(6) if causal else mask)
    assert_close(fast_attention(q, k, v, chosen, causal=causal), reference)
    assert_close(weights.sum(-1), torch.ones(2, 4, 6))


@pytest.mark.parametrize("training", [True, False])   # which have ways of their own
@pytest.mark.parametrize("causal", [True, False])
def test_fast_attention_agrees_with_the_reference_in_bf16(training, causal):
    q, k, v = torch.randn(3, 2, 4, 6, 8).unbind(0)
    padding = torch.arange(6) < torch.tensor([6, 4])[:, None, None, None]
    with torch.set_grad_enabled(training), torch.autocast("cpu", torch.bfloat16):
        fast = fast_attention(q, k, v, None if causal else padding, causal=causal)
    assert_close(fast.float(), attention(q, k, v, causal_mask(6) if causal else padding)[0], atol=0.05, rtol=0.05)


def test_masked_positions_get_no_weight():
    q = torch.randn(1, 1, 5, 8)
    _, weights = attention(q, q, q, causal_mask(5))
    assert (weights[0, 0].triu(1) == 0).all()


def test_multi_head_attention_equals_pytorchs():
    ours = Attention(16, 4)
    theirs = torch.nn.MultiheadAttention(16, 4, batch_first=True)
    theirs.in_proj_weight.data = torch.cat([ours.query.weight, ours.key.weight, ours.value.weight])
    theirs.in_proj_bias.data = torch.cat([ours.query.bias, ours.key.bias, ours.value.bias])
    theirs.out_proj.load_state_dict(ours.output.state_dict())
    x, memory = torch.randn(2, 5, 16), torch.randn(2, 7, 16)
    assert_close(ours(x, memory), theirs(x, memory, memory, need_weights=False)[0])


def test_dropout_drops_its_share_and_keeps_the_mean():
    x = torch.ones(1000, 1001)
    y = Dropout(0.25).train()(x)
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.005)
    assert y.mean().item() == pytest.approx(1.0, abs=0.01)
    assert y.unique().tolist() == [0.0, pytest.approx(4 / 3)]


def test_dropout_passes_everything_when_not_training():
    x = torch.randn(3, 5)
    assert Dropout(0.5).eval()(x) is x


def test_dropout_gradients_follow_what_was_kept():
    x = torch.randn(40, 30, requires_grad=True)
    y = Dropout(0.5).train()(x)
    y.sum().backward()
    assert_close(x.grad, torch.where(y == 0, 0.0, 2.0))


@pytest.mark.parametrize("pre_norm", [True, False])
def test_dropout_takes_from_what_a_sublayer_says_and_not_from_the_residual(pre_norm, monkeypatch):
    residual, x = Residual(8, 0.5, pre_norm=pre_norm).train(), torch.randn(3, 8)
    monkeypatch.setattr(Dropout, "forward", lambda self, x: torch.zeros_like(x))
    assert_close(residual(x, torch.exp), x if pre_norm else residual.norm(x))


def test_a_cache_returns_all_that_was_appended_however_much():
    cache, pieces = Cache(), [torch.randn(3, 2, 1, 4) for _ in range(40)]
    for piece in pieces:
        keys, values = cache.append(piece, -piece)
    assert_close(keys, torch.cat(pieces, dim=2))
    assert_close(values, -keys)


def test_a_cache_reorders_rows():
    cache = Cache()
    cache.append(torch.arange(3.0).view(3, 1, 1, 1), torch.zeros(3, 1, 1, 1))
    cache.select(torch.tensor([2, 0, 0]))
    keys, _ = cache.append(torch.full((3, 1, 1, 1), 9.0), torch.zeros(3, 1, 1, 1))
    assert keys.flatten(1).tolist() == [[2, 9], [0, 9], [0, 9]]
