"""The fast engine: our weights run by CTranslate2, without importing torch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mt.config import BOS, EOS, PAD, UNK, Config, DecodeConfig
from mt.decoding.hypothesis import Hypothesis, length_penalty, longest_target
from mt.errors import ConfigError, ExtraError, RunError
from mt.run import RunDir, replacing
from mt.text.tokenizer import Tokenizer

QUANTIZATIONS = ("int8", "float32", "int16", "float16", "bfloat16")
MARK = "converted-from.txt"   # in the folder of converted weights: the fingerprint of those they were made from
BATCHES = 4            # into which our batch_tokens are cut, so that each core has one of its own
MAX_POSITIONS = 1024   # of the table that CTranslate2 wants; the network itself has no limit


def available() -> bool:
    """Whether the extra is installed."""
    from importlib.util import find_spec

    return find_spec("ctranslate2") is not None


def require_ctranslate2() -> Any:   # Any: the package has no types
    """The ctranslate2 module; raises ExtraError where it is not installed."""
    try:
        import ctranslate2
    except ImportError as error:
        raise ExtraError("CTranslate2 is not installed", fix="pip install 'mt[fast]'") from error
    return ctranslate2


def converted(run: RunDir) -> Path:
    """Where a model folder keeps its converted weights."""
    return run.path / "ct2"


def is_converted(run: RunDir) -> bool:
    """Whether a model folder has converted weights, and they are those it has now."""
    mark = converted(run) / MARK
    return mark.is_file() and run.weights.is_file() and mark.read_text(encoding="utf-8") == fingerprint(run.weights)


def fingerprint(weights: Path) -> str:
    """What tells the weights of one training from those of another: a hash of the last of them, which is quick."""
    with weights.open("rb") as file:
        file.seek(-min(weights.stat().st_size, 1 << 20), os.SEEK_END)
        return hashlib.sha256(file.read()).hexdigest()


def convert(run: RunDir, out: Path, quantization: str) -> None:
    """Write the model of a folder in CTranslate2's format; needs no torch."""
    require_ctranslate2()
    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"there is no quantization called {quantization!r}", fix=f"choose one of {', '.join(QUANTIZATIONS)}")
    run.check()
    config, tokenizer = run.read_config(), Tokenizer.load(run.tokenizer)
    if config.model.arch != "encoder-decoder":
        raise ConfigError(f"CTranslate2 cannot run our {config.model.arch} models", fix="use --engine torch")
    spec = build_spec(config, read_weights(run))
    pieces = tokenizer.pieces(range(tokenizer.vocab_size))
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = pieces[BOS], pieces[EOS], pieces[UNK]
    spec.config.decoder_start_token = pieces[BOS]
    spec.config.add_source_bos, spec.config.add_source_eos = False, True
    spec.validate()
    spec.optimize(quantization=None if quantization == "float32" else quantization)
    if out.exists() and not (out / "model.bin").is_file():
        raise RunError(f"{out} exists and is no CTranslate2 model", fix="choose another --out")
    with replacing(out) as temporary:
        temporary.mkdir()
        spec.save(str(temporary))
        (temporary / MARK).write_text(fingerprint(run.weights), encoding="utf-8")


def read_weights(run: RunDir) -> dict[str, np.ndarray]:
    """The weights of a model folder as float32 arrays."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: array.astype(np.float32) for name, array in load_file(run.weights).items()}
    except (OSError, SafetensorError) as error:
        raise RunError(f"cannot read {run.weights}: {error}", fix="copy the folder again, or make it again with mt train") from error


def build_spec(config: Config, weights: dict[str, np.ndarray]) -> Any:   # Any: CTranslate2's untyped specification
    """CTranslate2's description of our network, filled with our weights."""
    specs = require_ctranslate2().specs
    model, pre_norm = config.model, config.model.norm == "pre"
    spec = specs.TransformerSpec.from_config(
        (model.n_encoder_layers, model.n_decoder_layers), model.n_heads, pre_norm=pre_norm, activation=specs.Activation.RELU
    )
    embedding, positions = weights["embedding.weight"], sinusoids(MAX_POSITIONS, model.d_model)
    spec.encoder.embeddings[0].weight = spec.decoder.embeddings.weight = spec.decoder.projection.weight = embedding
    spec.encoder.scale_embeddings = spec.decoder.scale_embeddings = True
    spec.encoder.position_encodings.encodings = spec.decoder.position_encodings.encodings = positions
    if pre_norm:
        set_norm(spec.encoder.layer_norm, weights, "encoder_norm")
        set_norm(spec.decoder.layer_norm, weights, "decoder_norm")
    for i, layer in enumerate(spec.encoder.layer):
        set_self_attention(layer.self_attention, weights, f"encoder.{i}")
        set_feed_forward(layer.ffn, weights, f"encoder.{i}")
    for i, layer in enumerate(spec.decoder.layer):
        set_self_attention(layer.self_attention, weights, f"decoder.{i}")
        set_linear(layer.attention.linear[0], weights, f"decoder.{i}.cross_attention.query")
        set_linear(layer.attention.linear[1], weights, *(f"decoder.{i}.cross_attention.{part}" for part in ("key", "value")))
        set_linear(layer.attention.linear[2], weights, f"decoder.{i}.cross_attention.output")
        set_norm(layer.attention.layer_norm, weights, f"decoder.{i}.after_cross_attention.norm")
        set_feed_forward(layer.ffn, weights, f"decoder.{i}")
    return spec


def sinusoids(length: int, d_model: int) -> np.ndarray:
    """The positional encodings of `mt.model.layers.sinusoids`, in numpy."""
    angle = np.arange(length)[:, None] * np.exp(np.arange(0, d_model, 2) * (-np.log(10000.0) / d_model))
    return np.stack((np.sin(angle), np.cos(angle)), axis=-1).reshape(length, d_model).astype(np.float32)


def set_self_attention(spec: Any, weights: dict[str, np.ndarray], layer: str) -> None:
    set_linear(spec.linear[0], weights, *(f"{layer}.self_attention.{part}" for part in ("query", "key", "value")))
    set_linear(spec.linear[1], weights, f"{layer}.self_attention.output")
    set_norm(spec.layer_norm, weights, f"{layer}.after_attention.norm")


def set_feed_forward(spec: Any, weights: dict[str, np.ndarray], layer: str) -> None:
    set_linear(spec.linear_0, weights, f"{layer}.feed_forward.widen")
    set_linear(spec.linear_1, weights, f"{layer}.feed_forward.narrow")
    set_norm(spec.layer_norm, weights, f"{layer}.after_feed_forward.norm")


def set_linear(spec: Any, weights: dict[str, np.ndarray], *names: str) -> None:
    """One matrix, or several stacked, as CTranslate2 multiplies them together."""
    spec.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
    spec.bias = np.concatenate([weights[f"{name}.bias"] for name in names])


def set_norm(spec: Any, weights: dict[str, np.ndarray], name: str) -> None:
    spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]


class CT2Engine:
    """Translates token numbers with a converted model."""

    def __init__(self, folder: Path, tokenizer: Tokenizer, *, device: str = "cpu", threads: int = 1) -> None:
        ctranslate2 = require_ctranslate2()
        if not (folder / "model.bin").is_file():
            raise RunError(f"{folder} holds no converted model", fix=f"mt export {folder.parent} --to ctranslate2")
        try:
            # Each core has a batch of its own; one alone has one core.
            workers = threads if device == "cpu" else 1
            self.translator = ctranslate2.Translator(str(folder), device=device, inter_threads=workers, intra_threads=1)
        except (RuntimeError, ValueError) as error:
            raise RunError(f"CTranslate2 cannot load {folder}: {error}", fix="convert it again with mt export") from error
        self.tokenizer = tokenizer
        self.pieces = tokenizer.pieces(range(tokenizer.vocab_size))
        self.ids = {piece: token for token, piece in enumerate(self.pieces)}

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
