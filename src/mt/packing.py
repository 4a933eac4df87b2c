"""A network that only decodes on a CPU: its matrices laid out once for oneDNN, in float32, bf16 or int8, and no padding read.

The operations are those that torch.compile puts into its programs; what PyTorch calls by itself is half as fast in float32 on an
AMD CPU with AVX-512, and lays out bf16 matrices again for each product.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from itertools import groupby
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mt.config import PAD
from mt.device import choose_precision
from mt.errors import ConfigError
from mt.model.encoder_decoder import DecoderLayer, EncoderDecoder, EncoderLayer
from mt.model.layers import Attention, FeedForward, fast_attention
from mt.quantize import LARGEST, in_eight_bits

Multiply = Callable[[Tensor], Tensor]

ROWS = 32     # oneDNN makes a program of half a megabyte for each number of rows, so it is given multiples of this,
FEW = 4       # or this, which does for a sentence by itself
NORMED = 10   # standard deviations that a byte reaches after a layer norm; what lies beyond is cut off
MIXED = 6     # the same, for what has gone through a matrix since
STEP = NORMED / LARGEST
ZERO = LARGEST + 1   # the byte that stands for zero
TINY = 1e-12  # so that nothing is divided by zero


def pack(model: nn.Module, precision: str) -> torch.dtype:
    """Pack a model in `precision`: fp32, bf16, auto or int8; returns the precision to run what is not packed in, attention at least.

    Raises ConfigError where the model or this CPU is not for it.
    """
    if isinstance(model, EncoderDecoder):
        leave_out_padding(model)
    if precision == "int8":
        if not isinstance(model, EncoderDecoder) or not isinstance(model.encoder_norm, nn.LayerNorm):
            raise ConfigError("int8 is for pre-norm encoder-decoders", fix="use --precision auto")
        if not torch.cpu.get_capabilities().get("avx512_vnni"):
            raise ConfigError("int8 needs a CPU with AVX512-VNNI", fix="use --precision auto")
        try:
            pack_int8(model)
        except (AttributeError, RuntimeError) as error:
            raise ConfigError("this PyTorch has no products in int8", fix="use --precision auto") from error
        return torch.float32
    dtype = choose_precision(precision, torch.device("cpu"))
    return torch.float32 if pack_matrices(model, dtype) else dtype


def pack_matrices(model: Any, dtype: torch.dtype) -> bool:
    """Let oneDNN multiply by the matrices of a model in `dtype`; False where it cannot."""

    def product(weight: Tensor, bias: Tensor | None, then: str = "none") -> Multiply:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach().to(dtype), None)
        bias = bias if bias is None else bias.detach().to(dtype)

        def multiply(x: Tensor) -> Tensor:
            rows = x.numel() // x.size(-1)
            padded = x.new_empty(padded_rows(rows), x.size(-1), dtype=dtype)
            padded[:rows] = x.reshape(rows, -1)
            y: Tensor = torch.ops.mkldnn._linear_pointwise(padded, packed, bias, then, [], "")
            return y[:rows].view(*x.shape[:-1], -1)

        return multiply

    def forward(*products: Multiply) -> Multiply:
        """Several in a row; what lies between them stays in `dtype`."""
        return lambda x: reduce(lambda y, multiply: multiply(y), products, x).to(x.dtype)

    try:
        logits = forward(product(model.output_weight, None))
        logits(torch.zeros(1, model.output_weight.size(1)))
    except (AttributeError, RuntimeError):   # a PyTorch without these
        return False
    model.logits = logits
    layers: list[Any] = [module for module in model.modules() if isinstance(module, FeedForward)]
    for layer in layers:
        layer.forward = forward(product(layer.widen.weight, layer.widen.bias, "relu"), product(layer.narrow.weight, layer.narrow.bias))
        layer.widen.weight = layer.narrow.weight = None
    linears: list[Any] = [linear for module in model.modules() if isinstance(module, Attention) for linear in module.children()]
    for linear in linears:
        linear.forward = forward(product(linear.weight, linear.bias))
        linear.weight = None
    return True


def padded_rows(rows: int) -> int:
    """How many rows oneDNN is given where there are `rows`."""
    return FEW if rows <= FEW else -(-rows // ROWS) * ROWS


def leave_out_padding(model: Any) -> None:
    """Let an encoder-decoder read the tokens of all sentences in a row, so that nothing is computed for padding.

    Only attention must know which of them are a sentence: it takes those together that are of one length and follow each other.
    """

    def encode(src: Tensor) -> tuple[Tensor, Tensor]:
        there = src != PAD                                                       # [B, S]
        lengths = [(length, len(list(same))) for length, same in groupby(there.sum(dim=1).tolist())]
        x = model.embed(src)[there]                                              # [tokens, D]
        for layer in model.encoder:
            x = layer(x, lengths)                                                # [tokens, D]
        memory = model.encoder_norm(x)
        padded = memory.new_zeros(*src.shape, memory.size(-1))                   # [B, S, D]
        padded[there] = memory
        return padded, there[:, None, None, :]

    def attend(attention: Any, x: Tensor, lengths: list[tuple[int, int]]) -> Tensor:
        parts = [product(x).split([length * count for length, count in lengths]) for product in (attention.query, attention.key, attention.value)]
        mixed = []
        for (length, count), *together in zip(lengths, *parts, strict=True):
            q, k, v = (attention.heads(part.view(count, length, -1)) for part in together)              # [count, H, length, K]
            mixed.append(fast_attention(q, k, v).transpose(1, 2).reshape(count * length, -1))
        output: Tensor = attention.output(torch.cat(mixed))                                             # [tokens, D]
        return output

    model.encode = encode
    for layer in model.encoder:
        layer.self_attention.forward = lambda x, _, lengths, attention=layer.self_attention: attend(attention, x, lengths)


@torch.no_grad()
def pack_int8(model: Any) -> None:
    """Let all matrices of a pre-norm encoder-decoder be of eight bits, and what they multiply too: up to twice as fast as bf16.

    How large a number each byte stands for is known beforehand and is no matter of the text, or of a sentence's neighbours. A layer
    norm gives D numbers of mean 0 and variance 1 before its gain and bias, and these go into the matrices that follow. A row w of
    such a matrix then gives numbers of a standard deviation of about |w|, and attention takes means of them. So each gets its own
    unit, a multiple of |w|, and the matrix that follows it the inverse, as SmoothQuant does with units that it measures
    (Xiao et al. 2023).
    """
    layers: list[Any] = [module for module in model.modules() if isinstance(module, EncoderLayer | DecoderLayer)]
    for layer in layers:
        pack_attention(layer.self_attention, layer.after_attention.norm, layer.after_attention.norm)
        if isinstance(layer, DecoderLayer):
            pack_attention(layer.cross_attention, layer.after_cross_attention.norm, model.encoder_norm)
        pack_feed_forward(layer.feed_forward, layer.after_feed_forward.norm)
    model.logits = byte_product(*after(model.decoder_norm, model.output_weight))
    norms: list[Any] = [module for module in model.modules() if isinstance(module, nn.LayerNorm)]
    for norm in norms:
        norm.weight.fill_(1 / STEP)
        norm.bias.fill_(ZERO + 0.5)   # a half, because what follows the point is then cut off
        norm.forward = lambda x, norm=norm: to_bytes(F.layer_norm(x, norm.normalized_shape, norm.weight, norm.bias, norm.eps))


def pack_attention(attention: Any, asking: nn.LayerNorm, offering: nn.LayerNorm) -> None:
    """Queries come after one layer norm, keys and values after another.

    The weights of attention sum to 1, so what is added to all values is added to their mean. The bias of the values can therefore
    come after it, and what makes a byte of the mean before it. (A mask that hides everything would make zeros, which are no bytes'
    zero; there is none: a source has </s>, a hypothesis its newest token.)
    """
    query, key = (byte_product(*after(norm, each.weight, each.bias)) for norm, each in ((asking, attention.query), (offering, attention.key)))
    weight, bias = after(offering, attention.value.weight, attention.value.bias)
    unit = weight.norm(dim=1).clamp_min(TINY) * (MIXED / LARGEST)
    value = byte_product(weight / unit[:, None], torch.full_like(unit, ZERO + 0.5))
    output = byte_product(attention.output.weight * unit, attention.output.bias + attention.output.weight @ bias, step=1.0)
    for linear, forward in zip((attention.query, attention.key, attention.value), (query, key, value), strict=True):
        linear.forward, linear.weight = forward, None
    attention.output.forward, attention.output.weight = lambda x: output(to_bytes(x)), None


def pack_feed_forward(layer: Any, norm: nn.LayerNorm) -> None:
    """After a layer norm; what lies between the two matrices is positive, and a byte too."""
    weight, bias = after(norm, layer.widen.weight, layer.widen.bias)
    unit = (MIXED * weight.norm(dim=1) + bias.abs()).clamp_min(TINY) / (ZERO + LARGEST)
    widen = byte_product(weight / unit[:, None], bias / unit, out=torch.uint8, then="relu")
    narrow = byte_product(layer.narrow.weight * unit, layer.narrow.bias, step=1.0, zero=0)
    layer.forward = lambda x: narrow(widen(x))
    layer.widen.weight = layer.narrow.weight = None


def after(norm: nn.LayerNorm, weight: Tensor, bias: Tensor | float = 0.0) -> tuple[Tensor, Tensor]:
    """Weight [O, D] and bias [O] of a product that is given what a layer norm says before its own gain and bias."""
    return weight * norm.weight, bias + weight @ norm.bias


def to_bytes(x: Tensor) -> Tensor:
    """Numbers from 0 to 255, cut off to whole ones; x is spoilt. By way of int16, which PyTorch has a quick way to."""
    return x.clamp_(0, ZERO + LARGEST).short().byte()


def byte_product(
    weight: Tensor, bias: Tensor, *, step: float = STEP, zero: int = ZERO, out: torch.dtype = torch.float32, then: str = "none"
) -> Multiply:
    """A matrix [O, D] in eight bits, to multiply bytes [..., D] by; a byte stands for `step` times what it is above `zero`."""
    numbers, scale = in_eight_bits(weight)
    packed = torch.ops.onednn.qlinear_prepack(numbers, None)
    scale, zeros, width = scale * step, torch.zeros(len(weight), dtype=torch.int32), len(weight)

    def multiply(x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.size(-1))
        missing = padded_rows(len(rows)) - len(rows)
        padded = F.pad(rows, (0, 0, 0, missing)) if missing else rows
        y: Tensor = torch.ops.onednn.qlinear_pointwise(padded, 1.0, zero, packed, scale, zeros, bias, 1.0, 0, out, then, [], "")
        return y[: len(rows)].view(*x.shape[:-1], width)

    return multiply
