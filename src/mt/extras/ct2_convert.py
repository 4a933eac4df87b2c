"""mt export --to ctranslate2: our weights → the files CTranslate2 reads; needs no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mt.config import BOS, EOS, UNK, Config
from mt.decoding.hypothesis import longest_target
from mt.errors import ConfigError, RunError
from mt.extras.ct2 import MARK, fingerprint, require_ctranslate2
from mt.quantize import dequantize
from mt.run import RunDir, replacing
from mt.text.tokenizer import Tokenizer

QUANTIZATIONS = ("int8", "float32", "int16", "float16", "bfloat16")
LEAST_POSITIONS = 1024   # of the table that CTranslate2 wants; the network itself has no limit


def convert(run: RunDir, out: Path, quantization: str) -> None:
    """Write the model of a folder in CTranslate2's format."""
    require_ctranslate2()
    if quantization not in QUANTIZATIONS:
        raise ConfigError(f"there is no quantization called {quantization!r}", fix=f"choose one of {', '.join(QUANTIZATIONS)}")
    run.check()
    config = run.read_config()
    if config.model.arch != "encoder-decoder":
        raise ConfigError(f"CTranslate2 cannot run our {config.model.arch} models", fix="use --engine torch")
    read = fingerprint(run.weights)   # before they are: training may save better ones meanwhile
    spec = specification(run, quantization)
    if out.exists() and not (out / "model.bin").is_file():
        raise RunError(f"{out} exists and is no CTranslate2 model", fix="choose another --out")
    if foreign := {path.name for path in out.glob("*") if not path.name.endswith("vocabulary.json")} - {"model.bin", "config.json", MARK}:
        raise RunError(f"{min(foreign)} in {out} would be lost", fix="choose another --out")
    with replacing(out) as temporary:
        temporary.mkdir()
        spec.save(str(temporary))
        (temporary / MARK).write_text(read, encoding="utf-8")


def specification(run: RunDir, quantization: str) -> Any:   # Any: CTranslate2's untyped specification
    """What CTranslate2 saves of our model: the network filled with our weights, and the vocabulary."""
    config, tokenizer = run.read_config(), Tokenizer.load(run.tokenizer)
    spec = network(config, read_weights(run))
    pieces = tokenizer.pieces(range(tokenizer.vocab_size))
    spec.register_source_vocabulary(pieces)
    spec.register_target_vocabulary(pieces)
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = pieces[BOS], pieces[EOS], pieces[UNK]
    spec.config.decoder_start_token = pieces[BOS]
    spec.config.add_source_bos, spec.config.add_source_eos = False, True
    spec.validate()
    spec.optimize(quantization=None if quantization == "float32" else quantization)
    return spec


def read_weights(run: RunDir) -> dict[str, np.ndarray]:
    """The weights of a model folder as float32 arrays."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return {name: array.astype(np.float32) for name, array in dequantize(load_file(run.weights))}
    except (OSError, SafetensorError) as error:
        raise RunError(f"cannot read {run.weights}: {error}", fix="copy the folder again, or make it again with mt train") from error


def network(config: Config, weights: dict[str, np.ndarray]) -> Any:
    """CTranslate2's description of our network, filled with our weights."""
    specs = require_ctranslate2().specs
    model, pre_norm = config.model, config.model.norm == "pre"
    spec = specs.TransformerSpec.from_config(
        (model.n_encoder_layers, model.n_decoder_layers), model.n_heads, pre_norm=pre_norm, activation=specs.Activation.RELU
    )
    embedding = weights["embedding.weight"]
    positions = sinusoids(max(LEAST_POSITIONS, longest_target(config.data.max_tokens + 1, config.decode) + 1), model.d_model)
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
