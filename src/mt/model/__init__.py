"""The network: what training and decoding may ask of it, whatever its architecture."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor, nn

from mt.config import ModelConfig
from mt.model.decoder_only import DecoderOnly
from mt.model.encoder_decoder import EncoderDecoder

__all__ = ["DecodeState", "TranslationModel", "build"]


class DecodeState(Protocol):
    """What decoding has read and written so far, one row per hypothesis."""

    def select(self, rows: list[int]) -> None: ...   # row i becomes what row rows[i] was


class TranslationModel(Protocol):
    """The contract between architectures and the rest: training asks for features, search for start and step."""

    @property
    def output_weight(self) -> Tensor: ...                                 # [V, D]
    def features(self, src: Tensor, tgt_in: Tensor) -> Tensor: ...         # [B, S], [B, T] -> [B, T, D]
    def forward(self, src: Tensor, tgt_in: Tensor) -> Tensor: ...          # [B, S], [B, T] -> logits [B, T, V]
    def start(self, src: Tensor) -> DecodeState: ...                       # [B, S]: reads the source once
    def step(self, tokens: Tensor, state: DecodeState) -> Tensor: ...      # [N] -> logits [N, V]; advances the state


def build(config: ModelConfig) -> nn.Module:
    """A network with fresh random weights, as torch's global generator gives them."""
    return DecoderOnly(config) if config.arch == "decoder-only" else EncoderDecoder(config)
