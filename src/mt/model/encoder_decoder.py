"""The Transformer of the paper: an encoder that reads English, a decoder that writes French (Vaswani et al. 2017, section 3.1).

Shapes: B batch, S source, T target, D d_model, H heads, K head width (D / H), V vocabulary, N rows = B * beam, W tokens that
the hypotheses of a sentence have written, all together.
Masks are bool, True = may attend.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mt.config import PAD, ModelConfig
from mt.model.layers import Attention, Cache, Dropout, FeedForward, Residual, initialize, sinusoids


class EncoderLayer(nn.Module):
    """Self-attention, then the feed-forward network (section 3.1, encoder; figure 1, left)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = Attention(config.d_model, config.n_heads)
        self.feed_forward = FeedForward(config.d_model, config.d_ff)
        self.after_attention = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")
        self.after_feed_forward = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")

    def forward(self, x: Tensor, source_mask: Tensor) -> Tensor:
        x = self.after_attention(x, lambda x: self.self_attention(x, x, source_mask))
        return self.after_feed_forward(x, self.feed_forward)   # [B, S, D]


class DecoderLayer(nn.Module):
    """Masked self-attention, attention over the source, then the feed-forward network (section 3.1, decoder; figure 1, right)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attention = Attention(config.d_model, config.n_heads)
        self.cross_attention = Attention(config.d_model, config.n_heads)
        self.feed_forward = FeedForward(config.d_model, config.d_ff)
        self.after_attention = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")
        self.after_cross_attention = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")
        self.after_feed_forward = Residual(config.d_model, config.dropout, pre_norm=config.norm == "pre")

    def forward(self, x: Tensor, memory: Tensor, source_mask: Tensor) -> Tensor:
        """The whole target at once, as in training; a position sees itself and what stands left of it.

        Its padding needs no mask: it comes last, where only padding can see it, and the loss does not count it.
        """
        x = self.after_attention(x, lambda x: self.self_attention(x, x, causal=True))
        x = self.after_cross_attention(x, lambda x: self.cross_attention(x, memory, source_mask))
        return self.after_feed_forward(x, self.feed_forward)   # [B, T, D]

    def step(self, x: Tensor, written: Cache, own: Tensor | None, source: tuple[Tensor, Tensor], source_mask: Tensor) -> Tensor:
        """The newest token of each hypothesis [B, beam, D] alone. The hypotheses of a sentence share what is remembered of it:

        - `source`: keys and values of the English [B, H, S, K];
        - `written`: keys and values of all that its hypotheses have written [B, H, W, K];
        - `own`: which of these a hypothesis sees, those of its own tokens [B, 1, beam, W]; None stands for all.
        """

        def look_back(x: Tensor) -> Tensor:
            return self.self_attention.attend(x, *written.append(*self.self_attention.keys_values(x)), own)

        x = self.after_attention(x, look_back)
        x = self.after_cross_attention(x, lambda x: self.cross_attention.attend(x, *source, source_mask))
        return self.after_feed_forward(x, self.feed_forward)   # [B, beam, D]


@dataclass
class DecodeState:
    """What decoding has read and written so far; N hypotheses, the same number for each of B sentences, in order."""

    source: list[tuple[Tensor, Tensor]]   # per decoder layer: keys and values of the source [B, H, S, K]
    source_mask: Tensor                   # [B, 1, 1, S]
    written: list[Cache]                  # per decoder layer: keys and values of what a sentence's hypotheses have written [B, H, W, K]
    own: Tensor                           # [N, W]: which of these tokens are a hypothesis's own
    length: int = 0                       # target tokens so far, <s> included

    def select(self, rows: list[int]) -> None:
        """Keep, reorder or repeat hypotheses: row i becomes what row rows[i] was. Sentences without a row are forgotten.

        What was written stays where it is, also by hypotheses that are given up: to look past it costs less than to copy the rest.
        """
        batch, device = self.source_mask.size(0), self.own.device
        beam = self.own.size(0) // batch
        self.own = self.own[torch.tensor(rows, dtype=torch.long, device=device)]
        groups = [(sentence, len(list(group))) for sentence, group in itertools.groupby(row // beam for row in rows)]
        even = len({size for _, size in groups}) == 1
        kept = [sentence for sentence, _ in groups] if even else [row // beam for row in rows]   # uneven: every row becomes a sentence of its own
        if kept != list(range(batch)):
            index = torch.tensor(kept, dtype=torch.long, device=device)
            for layer, (keys, values) in enumerate(self.source):   # one by one: all of them take memory
                self.source[layer] = keys.index_select(0, index), values.index_select(0, index)
            self.source_mask = self.source_mask[index]
            for cache in self.written:
                cache.select(index)


class EncoderDecoder(nn.Module):
    """The Transformer: English token numbers in, scores for the next French token out (section 3, figure 1)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.d_model = config.d_model
        # One matrix embeds the source, embeds the target and scores the output (section 3.4).
        self.embedding = nn.Embedding(config.vocab_size, config.d_model)
        self.dropout = Dropout(config.dropout)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.n_encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.n_decoder_layers))
        pre_norm = config.norm == "pre"   # which leaves the sum unnormalised: once more at the top
        self.encoder_norm = nn.LayerNorm(config.d_model) if pre_norm else nn.Identity()
        self.decoder_norm = nn.LayerNorm(config.d_model) if pre_norm else nn.Identity()
        initialize(self)

    @property
    def output_weight(self) -> Tensor:
        """The matrix [V, D] that turns features into logits."""
        return self.embedding.weight

    def logits(self, features: Tensor) -> Tensor:
        """How well each token of the vocabulary would go on: [..., D] -> [..., V]."""
        return F.linear(features, self.output_weight)

    def embed(self, tokens: Tensor, *, start: int = 0) -> Tensor:
        """Token embeddings times sqrt(D) plus positions (sections 3.4 and 3.5), dropout (5.4): [B, T, D]."""
        x = self.embedding(tokens) * math.sqrt(self.d_model)                        # [B, T, D]
        return self.dropout(x + sinusoids(tokens.size(1), self.d_model, start=start, device=tokens.device))

    def encode(self, src: Tensor) -> tuple[Tensor, Tensor]:
        """The source as the decoder sees it: memory [B, S, D], and the mask [B, 1, 1, S] that hides its padding."""
        source_mask = (src != PAD)[:, None, None, :]
        x = self.embed(src)                # [B, S, D]
        for layer in self.encoder:
            x = layer(x, source_mask)      # [B, S, D]
        return self.encoder_norm(x), source_mask

    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """What the decoder makes of each target position, before the vocabulary: [B, T, D]."""
        memory, source_mask = self.encode(src)
        x = self.embed(tgt_in)                       # [B, T, D]
        for layer in self.decoder:
            x = layer(x, memory, source_mask)        # [B, T, D]
        features: Tensor = self.decoder_norm(x)
        return features

    def forward(self, src: Tensor, tgt_in: Tensor) -> Tensor:
        """Logits [B, T, V] of each next token, given source [B, S] and target so far [B, T] (teacher forcing; section 3.4)."""
        return self.logits(self.features(src, tgt_in))

    def start(self, src: Tensor) -> DecodeState:
        """Read the sources [B, S] once; everything that later steps need of them."""
        memory, source_mask = self.encode(src)
        source = [cast(DecoderLayer, layer).cross_attention.keys_values(memory) for layer in self.decoder]
        nothing = torch.empty(src.size(0), 0, dtype=torch.bool, device=src.device)
        return DecodeState(source, source_mask, [Cache() for _ in self.decoder], nothing)

    def step(self, tokens: Tensor, state: DecodeState) -> Tensor:
        """Logits [N, V] of the next token, given each hypothesis's newest token [N]; the state moves on by one."""
        batch = state.source_mask.size(0)
        beam = tokens.size(0) // batch
        newest = torch.eye(beam, dtype=torch.bool, device=tokens.device).expand(batch, beam, beam)   # each has one of this step's
        state.own = torch.cat((state.own, newest.flatten(0, 1)), dim=1)                         # [N, W]
        x = self.embed(tokens[:, None], start=state.length).view(batch, beam, -1)              # [B, beam, D]
        state.length += 1
        own = None if state.own.size(1) == state.length else state.own.view(batch, 1, beam, -1)
        for layer, written, source in zip(self.decoder, state.written, state.source, strict=True):
            x = cast(DecoderLayer, layer).step(x, written, own, source, state.source_mask)
        return self.logits(self.decoder_norm(x)).flatten(0, 1)                                  # [N, V]
