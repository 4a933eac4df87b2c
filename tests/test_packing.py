"""Matrices laid out for oneDNN say what they said."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mt.config import PAD, DecodeConfig, ModelConfig
from mt.decoding.engine import TorchEngine
from mt.errors import ConfigError
from mt.model import build
from mt.packing import byte_product, pack, to_bytes

has_onednn = pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this PyTorch has no oneDNN")
has_vnni = pytest.mark.skipif(not torch.cpu.get_capabilities().get("avx512_vnni"), reason="this CPU has no AVX512-VNNI")


def network(**changes: object) -> nn.Module:
    """A small network whose norms and biases are not those it begins with."""
    torch.manual_seed(2)
    shape = {"d_model": 64, "n_heads": 4, "n_encoder_layers": 2, "n_decoder_layers": 2, "d_ff": 128, "vocab_size": 200}
    model = build(ModelConfig(**{**shape, **changes}))
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter, std=0.2)
        elif "norm" in name:
            nn.init.uniform_(parameter, 0.3, 1.5)
    return model.eval()


@has_onednn
@pytest.mark.parametrize(("precision", "most", "spread"), [("bf16", 0.05, 0.025), pytest.param("int8", 0.16, 0.04, marks=has_vnni)])
def test_packed_matrices_say_nearly_the_same(precision: str, most: float, spread: float):
    model = network()
    src, tgt = torch.randint(4, 200, (3, 7)), torch.randint(4, 200, (3, 5))
    with torch.inference_mode():
        exact = model(src, tgt)
        assert pack(model, precision) == torch.float32
        rounded = model(src, tgt)
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    assert (rounded - exact).abs().max() < most * exact.std()
    assert (rounded - exact).std() < spread * exact.std()


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_sentences_read_without_padding_say_what_they_said(norm: str):
    model = network(norm=norm)
    src = torch.randint(4, 200, (6, 9))
    for row, length in zip(src, [4, 9, 9, 1, 4, 4], strict=True):   # in no order, two of one length side by side and two apart
        row[length:] = PAD
    with torch.inference_mode():
        memory, mask = model.encode(src)
        pack(model, "fp32")
        same_memory, same_mask = model.encode(src)
    assert torch.equal(mask, same_mask)
    assert torch.allclose(memory[src != PAD], same_memory[src != PAD], atol=1e-5)
    assert not same_memory[src == PAD].any()


@has_vnni
def test_in_int8_a_product_of_many_rows_is_that_of_each_alone():
    multiply = byte_product(torch.randn(24, 40), torch.randn(24))
    x = torch.randint(0, 256, (3, 15, 40), dtype=torch.uint8)
    together = multiply(x)
    assert torch.equal(together, torch.stack([torch.stack([multiply(row[None])[0] for row in rows]) for rows in x]))
    assert multiply(x[:0]).shape == (0, 15, 24)


@has_vnni
def test_int8_bears_a_number_far_from_the_others():
    model = network(d_model=256)
    nn.init.constant_(model.embedding.weight[:, 8], 2.0)     # after a norm 12 standard deviations and more from the others
    src, tgt = torch.randint(4, 200, (3, 7)), torch.randint(4, 200, (3, 5))
    with torch.inference_mode():
        exact = model(src, tgt)
        pack(model, "int8")
        assert (model(src, tgt) - exact).std() < 0.3 * exact.std()


@has_vnni
@pytest.mark.parametrize("beam", [1, 3])
def test_the_search_works_in_int8(beam: int):
    model = network()
    pack(model, "int8")
    sources, config = [torch.randint(4, 200, (length,)).tolist() for length in (3, 9, 1, 5, 5, 2, 0)], DecodeConfig(beam=beam)
    engine = TorchEngine(model, torch.device("cpu"))
    for source, [together] in zip(sources, engine.translate(sources, config), strict=True):
        [[alone]] = engine.translate([source], config)
        assert alone.score == pytest.approx(together.score, abs=0.05)


@has_vnni
def test_int8_survives_neurons_that_say_nothing():
    model = network()
    for layer in model.encoder:
        for matrix in (layer.feed_forward.widen.weight, layer.self_attention.value.weight, layer.self_attention.output.weight):
            nn.init.zeros_(matrix)
    src, tgt = torch.randint(4, 200, (3, 7)), torch.randint(4, 200, (3, 5))
    with torch.inference_mode():
        exact = model(src, tgt)
        pack(model, "int8")
        assert (model(src, tgt) - exact).std() < 0.05 * exact.std()


@pytest.mark.parametrize("changes", [{"norm": "post"}, {"arch": "decoder-only"}])
def test_int8_is_refused_where_a_product_has_no_norm_before_it(changes: dict[str, str]):
    with pytest.raises(ConfigError, match="pre-norm encoder-decoders"):
        pack(network(**changes), "int8")


def test_bytes_are_cut_off_at_both_ends():
    assert to_bytes(torch.tensor([-3.0, 0.4, 128.5, 254.99, 255.0, 1e6])).tolist() == [0, 0, 128, 254, 255, 255]
