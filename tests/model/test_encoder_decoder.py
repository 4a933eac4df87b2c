"""Laws of the Transformer: the paper's network, whatever the batch around a sentence."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from mt.config import PAD, ModelConfig, build_config, update
from mt.model import build
from mt.model.encoder_decoder import EncoderDecoder
from mt.model.layers import Attention

VOCAB = 40


@pytest.fixture(params=["pre", "post"])
def model(request: pytest.FixtureRequest) -> EncoderDecoder:
    torch.manual_seed(3)
    config = ModelConfig(d_model=32, n_heads=4, n_encoder_layers=3, n_decoder_layers=2, d_ff=64, norm=request.param, vocab_size=VOCAB)
    network = build(config)
    assert isinstance(network, EncoderDecoder)
    for parameter in network.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, std=0.5)   # biases and norms that could hide a mistake if left at 0 and 1
    return network.eval()


def sentences(rows: int, length: int) -> Tensor:
    return torch.randint(4, VOCAB, (rows, length))


def copy_attention(ours: Attention, theirs: nn.MultiheadAttention) -> None:
    theirs.in_proj_weight.data = torch.cat([ours.query.weight, ours.key.weight, ours.value.weight])
    theirs.in_proj_bias.data = torch.cat([ours.query.bias, ours.key.bias, ours.value.bias])
    theirs.out_proj.load_state_dict(ours.output.state_dict())


def as_torch_transformer(model: EncoderDecoder, *, norm_first: bool) -> nn.Transformer:
    """torch.nn.Transformer with the same weights."""
    theirs = nn.Transformer(32, 4, 3, 2, 64, dropout=0.0, batch_first=True, norm_first=norm_first).eval()
    theirs.encoder.use_nested_tensor = False
    if norm_first:
        theirs.encoder.norm.load_state_dict(model.encoder_norm.state_dict())
        theirs.decoder.norm.load_state_dict(model.decoder_norm.state_dict())
    else:
        theirs.encoder.norm = theirs.decoder.norm = None
    for ours, layer in zip(model.encoder, theirs.encoder.layers, strict=True):
        copy_attention(ours.self_attention, layer.self_attn)
        layer.norm1.load_state_dict(ours.after_attention.norm.state_dict())
        layer.norm2.load_state_dict(ours.after_feed_forward.norm.state_dict())
        layer.linear1.load_state_dict(ours.feed_forward.widen.state_dict())
        layer.linear2.load_state_dict(ours.feed_forward.narrow.state_dict())
    for ours, layer in zip(model.decoder, theirs.decoder.layers, strict=True):
        copy_attention(ours.self_attention, layer.self_attn)
        copy_attention(ours.cross_attention, layer.multihead_attn)
        layer.norm1.load_state_dict(ours.after_attention.norm.state_dict())
        layer.norm2.load_state_dict(ours.after_cross_attention.norm.state_dict())
        layer.norm3.load_state_dict(ours.after_feed_forward.norm.state_dict())
        layer.linear1.load_state_dict(ours.feed_forward.widen.state_dict())
        layer.linear2.load_state_dict(ours.feed_forward.narrow.state_dict())
    return theirs


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")   # said by PyTorch of its own class
def test_gives_what_torch_nn_transformer_gives_with_the_same_weights(model: EncoderDecoder):
    theirs = as_torch_transformer(model, norm_first=model.encoder[0].after_attention.pre_norm)
    src, tgt = sentences(3, 9), sentences(3, 7)
    src[1, 6:] = src[2, 4:] = PAD
    with torch.no_grad():
        expected = theirs(
            model.embed(src),
            model.embed(tgt),
            tgt_mask=nn.Transformer.generate_square_subsequent_mask(7),
            src_key_padding_mask=(src == PAD).float().masked_fill(src == PAD, -torch.inf),
            memory_key_padding_mask=(src == PAD).float().masked_fill(src == PAD, -torch.inf),
            tgt_is_causal=True,
        )
        assert_close(model.features(src, tgt), expected, atol=1e-5, rtol=1e-5)


def test_one_matrix_embeds_and_scores(model: EncoderDecoder):
    assert model.output_weight is model.embedding.weight
    assert sum(parameter.shape == (VOCAB, 32) for parameter in model.parameters()) == 1


def millions(preset: str, vocab_size: int, **shape: int) -> float:
    """How many million parameters a preset has; no memory is taken."""
    config = update(build_config(preset), {"model": {"vocab_size": vocab_size, **shape}})
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build(config.model).parameters()) / 1e6


def test_big_has_the_papers_number_of_parameters_and_base_nearly():
    assert millions("paper-big", 37_000) == pytest.approx(213, rel=0.01)
    assert millions("paper-base", 37_000) == pytest.approx(65, rel=0.03)


@pytest.mark.parametrize(
    ("expected", "shape"),
    [
        (65, {}),
        (36, {"n_encoder_layers": 2, "n_decoder_layers": 2}),
        (50, {"n_encoder_layers": 4, "n_decoder_layers": 4}),
        (80, {"n_encoder_layers": 8, "n_decoder_layers": 8}),
        (28, {"d_model": 256}),
        (168, {"d_model": 1024}),
        (53, {"d_ff": 1024}),
        (90, {"d_ff": 4096}),
    ],
)
def test_base_and_its_variations_have_the_parameters_of_table_3(expected: int, shape: dict[str, int]):
    """With 41,000 tokens, which all these rows fit; section 5.1 speaks of "about 37000", which would be 2 million less."""
    assert millions("paper-base", 41_000, **shape) == pytest.approx(expected, rel=0.01)
