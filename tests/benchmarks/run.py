"""Speed beside a peer or a floor, measured in one run: make bench, or python tests/benchmarks/run.py [NAME]...

Names: train, decode, start, and confidence=FILE, which asks how well the confidence tells good from bad on a test set.

Ratios hold better than absolute figures, since machines differ and drift: every comparison alternates between the two sides
and quotes medians. Nothing else should run meanwhile; the load the machine had is printed with the figures.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from mt import default_model, load, shipped
from mt.config import DecodeConfig, build_config
from mt.data.sources import parse_source, read_source
from mt.device import autocast, choose_precision, keep_freed_memory
from mt.extras import ct2
from mt.model import build
from mt.run import RunDir
from mt.text.tokenizer import Tokenizer
from mt.training.loss import smoothed_cross_entropy
from mt.training.optim import Optimizers

ROUNDS = 5
VOCAB, ROWS, LENGTH = 8000, 128, 32   # a batch of 4096 target tokens without padding
CPU = torch.device("cpu")


def main() -> None:
    """Run the benchmarks named on the command line, or all of them."""
    chosen = sys.argv[1:] or ["train", "decode", "start"]
    print(f"{os.cpu_count()} CPUs, {torch.get_num_threads()} threads, torch {torch.__version__}, load before {os.getloadavg()[0]:.2f}")
    benchmarks = {"train": train, "decode": decode, "start": start}
    for name, _, argument in (each.partition("=") for each in chosen):
        if name == "confidence":
            confidence(argument)
        else:
            benchmarks[name]()
    print(f"load after {os.getloadavg()[0]:.2f}")


def alternate(sides: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The median seconds of each side, run in turn after one warm-up each."""
    for run in sides.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, run in sides.items():
            started = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(each) for name, each in seconds.items()}


def report(title: str, amount: float, unit: str, seconds: dict[str, float]) -> None:
    """A line for each side, with its ratio to the last, which is the peer."""
    *_, peer = seconds.values()
    print(f"\n{title}")
    for name, each in seconds.items():
        print(f"  {name:<44} {amount / each:>10,.0f} {unit}  {peer / each:5.2f} x")


def train() -> None:
    """Training steps of `small` beside a plain loop around torch.nn.Transformer of the same shape."""
    generator = torch.Generator().manual_seed(1)
    src, tgt_in, tgt_out = (torch.randint(4, VOCAB, (ROWS, LENGTH), generator=generator) for _ in range(3))
    peer = plain_step(src, tgt_in, tgt_out)   # before we change how memory is kept
    seconds = {"torch.nn.Transformer, plain loop, fp32": alternate({"peer": peer})["peer"]}
    keep_freed_memory()
    ours = {}
    for optimizer in ("muon", "adamw"):
        for precision in dict.fromkeys(("fp32", "bf16" if choose_precision("auto", CPU) == torch.bfloat16 else "fp32")):
            ours[f"mt, {optimizer}, {precision}"] = our_step(src, tgt_in, tgt_out, optimizer, precision)
    report("training, small, 4096 target tokens a step", src.numel(), "tokens/s", {**alternate(ours), **seconds})


def our_step(src: Tensor, tgt_in: Tensor, tgt_out: Tensor, optimizer: str, precision: str) -> Callable[[], None]:
    """A step of our own loop."""
    config = build_config("small", settings=[f"train.optimizer={optimizer}", f"model.vocab_size={VOCAB}"])
    model, dtype = build(config.model), choose_precision(precision, CPU)
    optimizers = Optimizers(model, config.train)

    def step() -> None:
        with autocast(CPU, dtype):
            loss = smoothed_cross_entropy(model.features(src, tgt_in), model.output_weight, tgt_out, 0.1)
        (loss.smoothed / tgt_out.numel()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizers.step(1e-4)

    return step


def plain_step(src: Tensor, tgt_in: Tensor, tgt_out: Tensor) -> Callable[[], None]:
    """A step as a tutorial would write it."""
    small = build_config("small").model
    d_model = small.d_model
    embedding = nn.Embedding(VOCAB, d_model)
    network = nn.Transformer(
        d_model, small.n_heads, small.n_encoder_layers, small.n_decoder_layers, small.d_ff, 0.1, batch_first=True, norm_first=True
    )
    parameters = [*embedding.parameters(), *network.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=1e-4)
    causal = nn.Transformer.generate_square_subsequent_mask(LENGTH)

    def step() -> None:
        features = network(embedding(src), embedding(tgt_in), tgt_mask=causal, tgt_is_causal=True)
        logits = features @ embedding.weight.T
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), tgt_out.flatten(), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def decode() -> None:
    """The model that ships over sentences of the sample corpus, raw text to raw text: each engine and beam."""
    [source] = [parse_source(str(path)) for path in shipped("_data/sample", "data/sample").glob("*.tsv")]
    lines = [pair.src for pair in read_source(source)][:300]
    config = build_config().decode
    for beam in (1, 4):
        settings = DecodeConfig(**{**vars(config), "beam": beam})
        sides = {}
        for engine in engines():
            translator = load(None, settings, device="cpu", engine=engine)
            sides[f"mt, {engine}"] = lambda translator=translator: list(translator.translate_lines(lines))
        if "ct2" in engines():
            sides["CTranslate2 called directly, int8"] = direct(lines, beam)
        report(f"decoding, beam {beam}, {len(lines)} sentences", len(lines), "sentences/s", alternate(sides))


def direct(lines: list[str], beam: int) -> Callable[[], None]:
    """Raw text to raw text with the converted model and nothing of ours but the tokenizer, by CTranslate2's best settings."""
    import ctranslate2

    run = RunDir(default_model())
    tokenizer = Tokenizer.load(run.tokenizer)
    pieces = tokenizer.pieces(range(tokenizer.vocab_size))
    numbers = {piece: number for number, piece in enumerate(pieces)}
    translator = ctranslate2.Translator(str(ct2.converted(run)), inter_threads=os.cpu_count() or 1, intra_threads=1)

    def translate() -> None:
        sources = [[pieces[token] for token in tokenizer.encode(line)] for line in lines]
        for result in translator.translate_batch(sources, beam_size=beam, max_batch_size=1024, batch_type="tokens"):
            tokenizer.decode([numbers[piece] for piece in result.hypotheses[0]])

    return translate


def engines() -> list[str]:
    """Those that can run here."""
    return ["torch", "ct2"] if ct2.is_converted(RunDir(default_model())) else ["torch"]


def confidence(test_set: str) -> None:
    """Confidence beside the chrF of each of 500 sentences: how often a good one (chrF over 50) has the higher of two, and bin by bin."""
    import random

    from sacrebleu.metrics import CHRF

    pairs = random.Random(1).sample([(pair.src, pair.tgt) for pair in read_source(parse_source(test_set))], 500)
    results = load(None, device="cpu").translate_documents([source for source, _ in pairs])
    chrf = [CHRF().sentence_score(result.text, [reference]).score / 100 for result, (_, reference) in zip(results, pairs, strict=True)]
    sure = [result.confidence for result in results]
    good, bad = ([c for c, q in zip(sure, chrf, strict=True) if (q > 0.5) == wanted] for wanted in (True, False))
    auc = statistics.mean((one > other) + (one == other) / 2 for one in good for other in bad)
    print(f"\nconfidence on {test_set}: {len(good)} good, {len(bad)} others, AUC {auc:.3f}")
    for low in range(0, 10):
        inside = [(c, q) for c, q in zip(sure, chrf, strict=True) if low / 10 <= c < (low + 1) / 10]
        if inside:
            print(f"  {low / 10:.1f} to {(low + 1) / 10:.1f}: {len(inside):>4} sentences, mean chrF {statistics.mean(q for _, q in inside):.2f}")


def start() -> None:
    """The whole process for one sentence, beside `python -c pass` and `import torch`."""
    program = Path(sys.executable).with_name("mt")
    commands = {f"mt translate, {engine}": [str(program), "translate", "--engine", engine, "Hello"] for engine in engines()}
    commands |= {"mt --help": [str(program), "--help"], "import torch": [sys.executable, "-c", "import torch"]}
    sides = {name: lambda command=command: subprocess.run(command, check=True, capture_output=True) for name, command in commands.items()}
    print("\nwhole process")
    for name, each in alternate(sides).items():
        print(f"  {name:<44} {each:>10.2f} s")


if __name__ == "__main__":
    main()
