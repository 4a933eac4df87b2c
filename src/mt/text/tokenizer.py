"""Subword tokens: SentencePiece (Kudo and Richardson 2018), reversible for any text.

Byte fallback spells what the vocabulary lacks as UTF-8 bytes, so there is no unknown word; digits are tokens of their own,
so a number never hides inside a rare piece. SentencePiece writes a space as ▁ (U+2581); a ▁ in the text itself is spelled
in bytes, so that it comes back as it was.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import sentencepiece

from mt.config import BOS, EOS, PAD, UNK
from mt.errors import RunError

SPACE_MARK = "\u2581"
RESERVED = "\x00"   # SentencePiece reads C strings in places; spelled in bytes like the space mark
SPELLED = re.compile(f"([{SPACE_MARK}{RESERVED}])")


class Tokenizer:
    """Text to token numbers and back; `decode(encode(text)) == text` for every text without lone surrogates."""

    def __init__(self, processor: sentencepiece.SentencePieceProcessor) -> None:
        self.processor = processor
        self.byte_ids = [processor.piece_to_id(f"<0x{byte:02X}>") for byte in range(256)]

    @classmethod
    def load(cls, path: Path, vocab_size: int | None = None) -> Tokenizer:
        """The tokenizer in a `tokenizer.model` file; raises RunError where there is none, or one of another size than the network's."""
        try:
            processor = sentencepiece.SentencePieceProcessor(model_proto=path.read_bytes())
        except OSError as error:
            raise RunError(f"cannot read {path}: {error.strerror}", fix="give a folder made by mt prepare or mt train") from error
        except RuntimeError as error:
            raise RunError(f"{path} is no SentencePiece model", fix="copy the folder again, or make it again") from error
        special = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
        if special != (PAD, UNK, BOS, EOS) or processor.piece_to_id("<0x00>") == UNK:
            raise RunError(f"{path} is a tokenizer of another tool", fix="make it with mt prepare")
        if vocab_size not in (None, processor.get_piece_size()):
            raise RunError(f"{path} is not the tokenizer of this network", fix="copy the model folder again, all its files together")
        return cls(processor)

    @property
    def vocab_size(self) -> int:
        return int(self.processor.get_piece_size())

    @property
    def kind(self) -> Literal["unigram", "bpe"]:
        """How it was learned: what scores a piece is its log-probability, or in BPE its rank."""
        return "bpe" if all(self.processor.get_score(token).is_integer() for token in range(self.vocab_size)) else "unigram"

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, without <s> and </s>."""
        return [token for part in self.parts(text) for token in self.encode_part(part)]

    def parts(self, text: str) -> list[str]:
        """The text with a space in front (so that a word looks the same wherever it stands), cut around what must be spelled in bytes."""
        return [part for part in SPELLED.split(" " + text) if part]

    def log_probability(self, text: str) -> float:
        """Of a text's tokens, each by itself (of a BPE vocabulary the sum of ranks, which compares alike)."""
        return sum(map(self.processor.get_score, self.encode(text)))

    def encode_part(self, part: str) -> list[int]:
        if part in (SPACE_MARK, RESERVED):
            return [self.byte_ids[byte] for byte in part.encode()]
        return list(self.processor.encode(part))

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; padding, <s> and </s> are skipped, bytes that are no UTF-8 become U+FFFD."""
        return str(self.processor.decode([token for token in tokens if token not in (PAD, BOS, EOS)])).removeprefix(" ")

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """How each token is written, ▁ standing for a space."""
        return [self.processor.id_to_piece(token) for token in tokens]
