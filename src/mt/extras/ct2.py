"""The fast engine: our weights run by CTranslate2, without importing torch."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mt.config import BOS, EOS, PAD, UNK, DecodeConfig, parse_device
from mt.decoding.hypothesis import Hypothesis, length_penalty, longest_target
from mt.errors import ExtraError, RunError
from mt.run import RunDir

MARK = "converted-from.txt"   # in the folder of converted weights: the fingerprint of those they were made from
VOCABULARY = "shared_vocabulary.json"   # there: the pieces of the tokenizer in their order
BATCHES = 4   # into which our batch_tokens are cut, so that each core has one of its own


def available() -> bool:
    """Whether the extra is installed."""
    from importlib.util import find_spec

    return find_spec("ctranslate2") is not None


def require_ctranslate2() -> Any:   # Any: the package has no types
    """The ctranslate2 module; raises ExtraError where it is not installed."""
    try:
        import ctranslate2
    except ImportError as error:
        raise ExtraError(f"CTranslate2 cannot be used: {error}", fix="pip install 'mt[fast]', or translate with --engine torch") from error
    return ctranslate2


def converted(run: RunDir) -> Path:
    """Where a model folder keeps its converted weights."""
    return run.path / "ct2"


def is_converted(run: RunDir) -> bool:
    """Whether a model folder has converted weights, and they are those it has now."""
    return was_converted(run) and (converted(run) / MARK).read_bytes() == fingerprint(run.weights).encode()


def was_converted(run: RunDir) -> bool:
    """Whether it has converted weights, perhaps of an earlier training."""
    return (converted(run) / MARK).is_file()


def fingerprint(weights: Path) -> str:
    """What tells the weights of one training from those of another: a checksum of the last of them, which is quick."""
    with weights.open("rb") as file:
        file.seek(-min(weights.stat().st_size, 1 << 20), os.SEEK_END)
        return f"{zlib.crc32(file.read()):08x}"


class CT2Engine:
    """Translates token numbers with a converted model."""

    def __init__(self, folder: Path, *, device: str = "cpu", threads: int = 1) -> None:
        ctranslate2 = require_ctranslate2()
        kind, number = parse_device("cpu" if device == "auto" else device)
        if not (folder / "model.bin").is_file():
            raise RunError(f"{folder} holds no converted model", fix=f"mt export {folder.parent} --to ctranslate2")
        try:
            # Each core has a batch of its own; one alone has one core.
            workers = threads if kind == "cpu" else 1
            self.translator = ctranslate2.Translator(
                str(folder), device=kind, device_index=number or 0, inter_threads=workers, intra_threads=1
            )
            self.pieces = json.loads((folder / VOCABULARY).read_bytes())
        except (OSError, RuntimeError, ValueError) as error:
            raise RunError(f"CTranslate2 cannot load {folder}: {error}", fix="convert it again with mt export") from error
        self.ids = {piece: token for token, piece in enumerate(self.pieces)}
        self.translator.translate_batch([self.pieces[-1:]], max_decoding_length=1)   # the first takes ten times as long as those that follow

    def translate(self, sources: Sequence[Sequence[int]], config: DecodeConfig) -> list[list[Hypothesis]]:
        """The n_best hypotheses of each source, best first; of all that were found, by our own length penalty."""
        limits = [longest_target(len(source) + 1, config) for source in sources]
        results = self.translator.translate_batch(
            [[self.pieces[token] for token in source] for source in sources],
            beam_size=config.beam,
            num_hypotheses=config.beam,
            length_penalty=1,   # of another form than ours: the score is the mean log-probability, from which ours follows
            max_batch_size=max(1, config.batch_tokens // BATCHES),
            batch_type="tokens",
            max_input_length=0,
            max_decoding_length=max(limits, default=1),
            no_repeat_ngram_size=config.no_repeat,
            suppress_sequences=[[self.pieces[token]] for token in (PAD, UNK, BOS)],
            return_scores=True,
            return_end_token=True,
        )
        found = [
            [self.hypothesis(pieces, score, limit, config) for pieces, score in zip(result.hypotheses, result.scores, strict=True)]
            for result, limit in zip(results, limits, strict=True)
        ]
        return [sorted(hypotheses, key=lambda hypothesis: -hypothesis.score)[: config.n_best] for hypotheses in found]

    def hypothesis(self, pieces: Sequence[str], mean: float, limit: int, config: DecodeConfig) -> Hypothesis:
        """CTranslate2 has one length limit for all, so one that runs past its own is cut there, whatever stood beside it.

        It gives the mean log-probability of a hypothesis, not that of each token.
        """
        tokens = [self.ids[piece] for piece in pieces]
        finished = len(tokens) <= limit and tokens[-1:] == [EOS]
        words = tokens[:-1] if finished else tokens[:limit]
        log_probs = [mean] * max(1, len(tokens))
        return Hypothesis(words, sum(log_probs) / length_penalty(len(log_probs), config.length_penalty), log_probs, finished)
