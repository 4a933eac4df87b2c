"""Translating: raw text to raw text, the same weights by each engine."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from measure import Options, be_a_side, compare, has_transformers, table
from models import formats, random_model

from mt import default_model, load, shipped
from mt.config import EOS, PAD, DecodeConfig
from mt.data.sources import parse_source, read_source
from mt.extras import ct2
from mt.run import RunDir
from mt.text.tokenizer import Tokenizer

ALONE = 10    # sentences translated one at a time, for the latency
FORCED = 20   # tokens a network that knows nothing must say
Translate = Callable[[Sequence[str]], list[str]]


def decode(options: Options) -> None:
    """The model that ships; with --full also `base`, whose weights are random and whose translations therefore all as long."""
    test = options.test or str(next(shipped("_data/sample", "data/sample").glob("*.tsv")))
    lines = [pair.src for pair in read_source(parse_source(test))]
    lines = lines[:: max(1, len(lines) // options.sentences)][: options.sentences] if options.sentences else lines
    others = has_transformers()
    for name in ("that ships", "base") if options.full else ("that ships",):
        with tempfile.TemporaryDirectory() as folder:
            model = default_model() if name == "that ships" else random_model(name, default_model(), Path(folder, "random"))
            sides = {"mt, torch float32": model, "mt, torch bfloat16": model}
            sides |= {"mt, torch int8": model} if takes_int8(model) else {}
            for number_format, converted in formats(model, Path(folder)).items():
                sides |= {f"mt, ct2 {number_format}": converted, f"CTranslate2 directly, {number_format}": converted}
            sides |= {"Hugging Face, float32": model} if others else {}
            Path(folder, "lines").write_text(json.dumps(lines), encoding="utf-8")
            for beam in (1, 4):
                settings = {"lines": f"{folder}/lines", "beam": beam, "forced": 0 if name == "that ships" else FORCED}
                seconds, facts = compare(__file__, {side: {"model": str(at), **settings} for side, at in sides.items()}, options)
                say = f", {FORCED} tokens each" if settings["forced"] else ""
                show(f"decoding, the model {name}, beam {beam}, {len(lines)} sentences of {Path(test).name}{say}", seconds, facts)


def show(title: str, seconds: dict[str, float], facts: dict[str, dict[str, Any]]) -> None:
    """The table of one beam. `same` is the share of sentences that come out as our own engine says them."""
    reference, rows = facts["mt, torch float32"]["texts"], {}
    for name, each in seconds.items():
        texts, tokens = facts[name]["texts"], facts[name]["tokens"]
        peer = seconds.get("CTranslate2 directly, int8" if name.endswith("int8") else "CTranslate2 directly, float32")
        same = statistics.mean(one == other for one, other in zip(texts, reference, strict=True))
        ratio = f"{peer / each:.2f} x" if peer else "-"
        alone, peak = f"{1000 * facts[name]['alone']:.0f} ms", f"{facts[name]['peak']:.0f} MiB"
        rows[name] = (f"{len(texts) / each:,.1f}", f"{tokens / each:,.0f}", ratio, alone, peak, f"{same:.1%}")
    table(title, ("sentences/s", "tokens/s", "of CTranslate2", "one sentence", "peak memory", "same"), rows)


def load_side(settings: dict[str, Any]) -> tuple[Callable[[], object], Callable[[], dict[str, Any]]]:
    """What a side's process runs."""
    lines = json.loads(Path(settings["lines"]).read_text(encoding="utf-8"))
    run = RunDir(Path(settings["model"]))
    config = DecodeConfig(beam=settings["beam"])
    if settings["forced"]:
        config = DecodeConfig(beam=settings["beam"], max_ratio=0.0, max_extra=settings["forced"])
    loaders = {"mt": ours, "CTranslate2 directly": direct, "Hugging Face": huggingface}
    translate = loaders[settings["side"].split(", ")[0]](run, config, settings)
    tokenizer = Tokenizer.load(run.tokenizer)
    texts: list[str] = []

    def translate_all() -> None:
        texts[:] = translate(lines)

    def facts() -> dict[str, Any]:
        seconds = []
        for line in lines[:ALONE]:
            started = time.perf_counter()
            translate([line])
            seconds.append(time.perf_counter() - started)
        return {"texts": texts, "tokens": sum(len(tokenizer.encode(text)) for text in texts), "alone": statistics.median(seconds)}

    return translate_all, facts


def ours(run: RunDir, config: DecodeConfig, settings: dict[str, Any]) -> Translate:
    """As `mt translate` does; where the length is forced the engine alone, since what never ends would be searched for again."""
    engine = "ct2" if "ct2" in settings["side"] else "torch"
    precision = "auto" if engine == "ct2" else {"float32": "fp32", "bfloat16": "bf16", "int8": "int8"}[settings["side"].split()[-1]]
    translator = load(run.path, config, device="cpu", engine=engine, threads=settings["threads"], precision=precision)
    if settings["forced"]:
        network = translator.network
        return coded(network.tokenizer, lambda sources: [found[0].tokens for found in network.engine.translate(sources, config)])
    return lambda lines: [result.text for result in translator.translate_lines(lines)]


def takes_int8(model: Path) -> bool:
    """Whether our engine multiplies this model in eight bits on this CPU."""
    from mt.errors import ConfigError

    try:
        load(model, device="cpu", engine="torch", precision="int8")
    except ConfigError:
        return False
    return True


def coded(tokenizer: Tokenizer, search: Callable[[list[list[int]]], list[list[int]]]) -> Translate:
    """Text to text by what goes from tokens to tokens."""
    return lambda lines: [tokenizer.decode(tokens) for tokens in search([tokenizer.encode(line) for line in lines])]


def direct(run: RunDir, config: DecodeConfig, settings: dict[str, Any]) -> Translate:
    """By the converted model with nothing of ours but the tokenizer, and CTranslate2's best settings."""
    import ctranslate2

    tokenizer = Tokenizer.load(run.tokenizer)
    pieces = tokenizer.pieces(range(tokenizer.vocab_size))
    numbers = {piece: number for number, piece in enumerate(pieces)}
    translator = ctranslate2.Translator(str(ct2.converted(run)), inter_threads=settings["threads"], intra_threads=1)
    limit = {"max_decoding_length": settings["forced"]} if settings["forced"] else {}

    def search(sources: list[list[int]]) -> list[list[int]]:
        written = [[pieces[token] for token in source] for source in sources]
        results = translator.translate_batch(written, beam_size=config.beam, max_batch_size=1024, batch_type="tokens", **limit)
        return [[numbers[piece] for piece in result.hypotheses[0]] for result in results]

    return coded(tokenizer, search)


def huggingface(run: RunDir, config: DecodeConfig, settings: dict[str, Any]) -> Translate:
    """By `generate`, 64 sentences of like length at a time."""
    import torch
    from huggingface import with_our_weights

    torch.set_num_threads(settings["threads"])
    network = with_our_weights(run.path)
    limits = {"min_new_tokens": settings["forced"], "max_new_tokens": settings["forced"]} if settings["forced"] else {"max_length": 256}

    def search(sources: list[list[int]]) -> list[list[int]]:
        order = sorted(range(len(sources)), key=lambda i: len(sources[i]))
        found: list[list[int]] = [[] for _ in sources]
        for chunk in (order[i : i + 64] for i in range(0, len(order), 64)):
            width = max(len(sources[i]) for i in chunk) + 1
            src = torch.tensor([[*sources[i], EOS] + [PAD] * (width - len(sources[i]) - 1) for i in chunk])
            with torch.inference_mode():
                out = network.generate(src, attention_mask=(src != PAD).long(), num_beams=config.beam, do_sample=False, **limits)
            for i, tokens in zip(chunk, out.tolist(), strict=True):
                found[i] = tokens
        return found

    return coded(Tokenizer.load(run.tokenizer), search)


if __name__ == "__main__":
    be_a_side(load_side)
