"""Translation as one text that goes on: source, <s>, target in a single causal stack, under the same contract.

The decoder of the paper without its cross-attention (Liu et al. 2018; Radford et al. 2018): the target looks back at the
source as at its own earlier words. Source tokens, too, see only what stands left of them.

Shapes: B batch, S source, T target, D d_model, H heads, K head width (D / H), V vocabulary, N rows = B * beam.
Masks are bool, True = may attend.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mt.config import PAD, ModelConfig
from mt.model.layers import Attention, Cache, Dropout, FeedForward, Residual, causal_mask, initialize, sinusoids


class CausalLayer(nn.Module):
    """Masked self-attention, then the feed-forward network."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = Attention(config.d_model, config.n_heads)
        self.feed_forward = FeedForward(config.d_model, config.d_ff)
        self.after_attention = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")
        self.after_feed_forward = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")

    def forward(self, x: Tensor, mask: Tensor, written: Cache | None = None) -> Tensor:
        """Positions [B, T, D] that see what `mask` lets them; with a cache, also what came before and was written there."""

        def look_back(x: Tensor) -> Tensor:
            keys, values = self.self_attention.keys_values(x)
            if written is not None:
                keys, values = written.append(keys, values)
            return self.self_attention.attend(x, keys, values, mask)

        x = self.after_attention(x, look_back)
        return self.after_feed_forward(x, self.feed_forward)   # [B, T, D]


@dataclass
class DecodeState:
    """What has been read and written so far; N hypotheses."""

    written: list[Cache]   # per layer: keys and values of source and target
    visible: Tensor        # [N, S + length]: False at the source's padding
    position: Tensor       # [N]: of the next token, padding not counted

    def select(self, rows: list[int]) -> None:
        """Keep, reorder or repeat hypotheses: row i becomes what row rows[i] was."""
        index = torch.tensor(rows, dtype=torch.long, device=self.visible.device)
        self.visible, self.position = self.visible.index_select(0, index), self.position.index_select(0, index)
        for cache in self.written:
            cache.select(index)


class DecoderOnly(nn.Module):
    """One causal stack of n_encoder_layers + n_decoder_layers layers, so that a preset keeps its depth."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.d_model = config.d_model
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = Dropout(config.dropout)
        self.layers = nn.ModuleList(CausalLayer(config) for _ in range(config.n_encoder_layers + config.n_decoder_layers))
        self.norm = nn.LayerNorm(config.d_model) if config.norm == "pre" else nn.Identity()
        initialize(self)

    @property
    def output_weight(self) -> Tensor:
        """The matrix [V, D] that turns features into logits."""
        return self.embedding.weight

    def logits(self, features: Tensor) -> Tensor:
        """How well each token of the vocabulary would go on: [..., D] -> [..., V]."""
        return F.linear(features, self.output_weight)

    def embed(self, tokens: Tensor, positions: Tensor, longest: int) -> Tensor:
        """Token embeddings times sqrt(D) plus the encodings of their positions, all below `longest`: [B, T, D]."""
        table = sinusoids(longest, self.d_model, device=tokens.device)
        return self.dropout(self.embedding(tokens) * math.sqrt(self.d_model) + table[positions])

    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """What the stack makes of each target position, before the vocabulary: [B, T, D]."""
        tokens = torch.cat((src, tgt_in), dim=1)                                 # [B, S + T]
        visible = tokens != PAD
        visible[:, src.size(1) :] = True   # target padding comes last, where only padding can see it
        mask = causal_mask(tokens.size(1), tokens.device) & visible[:, None, None, :]
        x = self.embed(tokens, visible.long().cumsum(dim=1) - 1, tokens.size(1))
        for layer in self.layers:
            x = layer(x, mask)
        features: Tensor = self.norm(x[:, src.size(1) :])
        return features

    def forward(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """Logits [B, T, V] of each next token, given source [B, S] and target so far [B, T] (teacher forcing)."""
        return self.logits(self.features(src, tgt_in))

    def start(self, src: Tensor) -> DecodeState:
        """Read the sources [B, S] once."""
        visible = src != PAD
        positions = visible.long().cumsum(dim=1) - 1
        state = DecodeState([Cache() for _ in self.layers], visible, positions[:, -1] + 1)
        mask = causal_mask(src.size(1), src.device) & visible[:, None, None, :]
        x = self.embed(src, positions, src.size(1))
        for layer, written in zip(self.layers, state.written, strict=True):
            x = layer(x, mask, written)
        return state

    def step(self, tokens: Tensor, state: DecodeState) -> Tensor:
        """Logits [N, V] of the next token, given each hypothesis's newest token [N]; the state moves on by one."""
        state.visible = F.pad(state.visible, (0, 1), value=True)
        x = self.embed(tokens[:, None], state.position[:, None], state.visible.size(1))   # [N, 1, D]
        for layer, written in zip(self.layers, state.written, strict=True):
            x = layer(x, state.visible[:, None, None, :], written)
        state.position = state.position + 1
        return self.logits(self.norm(x[:, 0]))                                   # [N, V]
