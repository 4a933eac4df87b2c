"""The vocabulary: a SentencePiece tokenizer learned from the corpus (Kudo and Richardson 2018)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import sentencepiece

from mt.config import BOS, EOS, PAD, UNK
from mt.errors import ConfigError, DataError
from mt.run import replacing
from mt.text.tokenizer import RESERVED, SPACE_MARK, Tokenizer

ALWAYS_PIECES = "".join(map(chr, range(0x21, 0x7F))) + "àâäæçéèêëîïôöœùûüÿÀÂÆÇÉÈÊËÎÏÔŒÙÛŸ«»…–—€£°\u00a0\u202f"


def train_tokenizer(
    lines: Iterable[str], path: Path, *, vocab_size: int, kind: Literal["unigram", "bpe"], seed: int, threads: int
) -> Tokenizer:
    """A tokenizer learned from lines of both languages, written to `path`.

    Unigram (Kudo 2018) or byte-pair encoding (Sennrich et al. 2016). Raises ConfigError when the text is too small for
    the vocabulary, with the largest size that fits.
    """
    sentencepiece.set_random_generator_seed(seed)
    with replacing(path) as temporary, temporary.open("wb") as model:
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=(" " + line for line in lines if SPACE_MARK not in line and RESERVED not in line),
                model_writer=model,
                model_type=kind,
                vocab_size=vocab_size,
                pad_id=PAD,
                unk_id=UNK,
                bos_id=BOS,
                eos_id=EOS,
                byte_fallback=True,
                split_digits=True,
                character_coverage=0.9999,
                required_chars=ALWAYS_PIECES,
                normalization_rule_name="identity",
                add_dummy_prefix=False,
                remove_extra_whitespaces=False,
                max_sentence_length=16384,
                num_threads=threads,
                minloglevel=2,
            )
        except RuntimeError as error:
            if "KeyboardInterrupt" in str(error):   # Ctrl-C while a line was being handed over
                raise KeyboardInterrupt from error
            raise explain(error, vocab_size) from error
        model.flush()
        os.fsync(model.fileno())
    return Tokenizer.load(path)


def explain(error: RuntimeError, vocab_size: int) -> ConfigError | DataError:
    """SentencePiece's own complaint as one of ours."""
    complaint = str(error)
    if "Vocabulary size too high" in complaint:
        largest = complaint.rpartition("<= ")[2].rstrip(". \n")
        return ConfigError(f"the corpus is too small for {vocab_size} tokens", fix=f"use --vocab-size {largest} or less")
    if "required_chars" in complaint or "too small" in complaint.lower():
        return ConfigError(f"{vocab_size} tokens cannot hold the 256 bytes and the corpus's characters", fix="use a larger --vocab-size")
    return DataError(f"no tokenizer can be learned from this corpus: {complaint.strip()}", fix="give more text")
