"""The parts of the Transformer, in the order of "Attention Is All You Need" (Vaswani et al. 2017); sections are the paper's.

Shapes: B batch, S source, T target, D d_model, H heads, K head width (D / H), V vocabulary, N rows = B * beam.
Masks are bool, True = may attend.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Residual(nn.Module):
    """Adds what a sub-layer says to what came in, with layer normalisation (section 3.1).

    The paper normalises after the addition, LayerNorm(x + Sublayer(x)). Normalising before it, x + Sublayer(LayerNorm(x)),
    leaves the sum untouched from bottom to top and trains without tears (Xiong et al. 2020); it is our default.
    """

    def __init__(self, d_model: int, dropout: float, *, pre_norm: bool) -> None:
        super().__init__()
        self.pre_norm = pre_norm
        self.norm = nn.LayerNorm(d_model)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        if self.pre_norm:
            return x + self.dropout(sublayer(self.norm(x)))   # [B, T, D]
        return self.norm(x + self.dropout(sublayer(x)))       # [B, T, D]


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention, written out (section 3.2.1, equation 1): its output [B, H, T, K] and weights [B, H, T, S].

    softmax(Q K^T / sqrt(K)) V. The readable reference of `fast_attention`.
    """
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))   # [B, H, T, S]
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    weights = scores.softmax(dim=-1)
    return weights @ v, weights                                # [B, H, T, K], [B, H, T, S]


def fast_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
    """The output of `attention` [B, H, T, K] by the quickest way there is (section 3.2.1); `causal` stands for a causal mask."""
    if q.is_cpu and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled():   # PyTorch's is 3 to 8 times slower backward in bf16
        return attention(q, k, v, causal_mask(q.size(2)) if causal else mask)[0]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)


class Attention(nn.Module):
    """Multi-head attention (section 3.2.2): H small attentions side by side, each over its own projection of width K."""

    def __init__(self, d_model: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(d_model, d_model)
        self.key = nn.Linear(d_model, d_model)
        self.value = nn.Linear(d_model, d_model)
        self.output = nn.Linear(d_model, d_model)

    def heads(self, x: Tensor) -> Tensor:
        """[B, T, D] cut into heads: [B, H, T, K]."""
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)

    def keys_values(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """What a sequence [B, S, D] offers to attend to: two of [B, H, S, K]."""
        return self.heads(self.key(memory)), self.heads(self.value(memory))

    def attend(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
        """What each position of `x` [B, T, D] gathers from keys and values it was given: [B, T, D]."""
        q = self.heads(self.query(x))                                                             # [B, H, T, K]
        mixed = fast_attention(q, keys, values, mask, causal=causal)                              # [B, H, T, K]
        return self.output(mixed.transpose(1, 2).flatten(2))                                      # [B, T, D]

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor | None = None, *, causal: bool = False) -> Tensor:
        """Each position of `x` [B, T, D] looks at `memory` [B, S, D]; self-attention is the case memory = x."""
        return self.attend(x, *self.keys_values(memory), mask, causal=causal)


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """[length, length]: each position may attend to itself and to what stands left of it (section 3.2.3)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


class FeedForward(nn.Module):
    """max(0, x W1 + b1) W2 + b2, at each position alone (section 3.3, equation 2)."""

    def __init__(self, d_model: int, d_ff: int) -> None:
        super().__init__()
        self.widen = nn.Linear(d_model, d_ff)
        self.narrow = nn.Linear(d_ff, d_model)

    def forward(self, x: Tensor) -> Tensor:
        return self.narrow(F.relu(self.widen(x)))   # [B, T, D] -> [B, T, d_ff] -> [B, T, D]


def sinusoids(length: int, d_model: int, *, start: int = 0, device: torch.device | None = None) -> Tensor:
    """Positional encodings [length, D] of the positions from `start` on (section 3.5).

    PE(pos, 2i) = sin(pos / 10000^(2i/D)) and PE(pos, 2i+1) = cos of the same angle: a function of the position, not a
    table, so no sentence is too long for it.
    """
    position = torch.arange(start, start + length, device=device, dtype=torch.float32)
    rate = torch.exp(torch.arange(0, d_model, 2, device=device, dtype=torch.float32) * (-math.log(10000.0) / d_model))
    angle = position[:, None] * rate                                      # [length, D/2]
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(1)     # [length, D]


class Dropout(nn.Module):
    """Zeroes a share `p` of the activations while training and scales up the rest (section 5.4)."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        if x.is_cuda:
            return F.dropout(x, self.p)
        # On a CPU F.dropout draws one slow number per activation; 64 random bits serve four of them here.
        bits = torch.empty((x.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        keep = bits.view(torch.int16)[: x.numel()].view(x.shape) >= round(self.p * 65536) - 32768
        return x * keep.to(x.dtype).mul_(1 / (1 - self.p))


def initialize(model: nn.Module) -> None:
    """Fresh random weights: Glorot for the matrices, D^-1/2 for embeddings, which the models scale back to about 1."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=module.embedding_dim**-0.5)


class Cache:
    """Keys and values of the tokens so far [R, H, length, K], so that decoding a token does not compute them all again.

    R rows: hypotheses, or sentences of which `length` counts the tokens of all hypotheses. Not in the paper. Written in place
    into room that grows by half when it is full.
    """

    def __init__(self) -> None:
        self.keys: Tensor | None = None
        self.values: Tensor | None = None
        self.length = 0

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values, those [R, H, T, K] of the newest tokens included."""
        start, self.length = self.length, self.length + keys.size(2)
        self.keys, self.values = self.roomy(self.keys, keys, start), self.roomy(self.values, values, start)
        self.keys[:, :, start : self.length], self.values[:, :, start : self.length] = keys, values
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]

    def roomy(self, old: Tensor | None, new: Tensor, start: int) -> Tensor:
        """What holds the old and has room for the new."""
        if old is not None and self.length <= old.size(2):
            return old
        grown = new.new_empty(*new.shape[:2], max(16, self.length + self.length // 2), new.size(3))
        if old is not None:
            grown[:, :, :start] = old[:, :, :start]
        return grown

    def select(self, rows: Tensor) -> None:
        """Keep, reorder or repeat rows."""
        if self.keys is not None and self.values is not None:
            self.keys, self.values = self.keys.index_select(0, rows), self.values.index_select(0, rows)
