"""Training steps of our own loop beside plain loops around other implementations, of the same shape and batch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from measure import Options, be_a_side, compare, has_transformers, launched, table

from mt.config import ModelConfig, build_config, update

VOCAB, ROWS, LENGTH = 8000, 128, 32   # a batch of 4096 target tokens, and as many of the source, without padding
SQUARE = 1024                         # rows and columns of the matrices whose product is the measure of the machine


def train(options: Options) -> None:
    """Tokens a second, and the share of the machine's own speed in matrix products."""
    others = ["loop around torch.nn.Transformer, fp32", *(["loop around Hugging Face MarianMT, fp32"] if has_transformers() else [])]
    formats = ["fp32", "bf16"] if multiplies_bf16(options) else ["fp32"]
    ours = [f"mt, {optimizer}, {number_format}" for optimizer in ("muon", "adamw") for number_format in formats]
    products = [f"matrix product, {number_format}" for number_format in formats]
    for preset in ("small", "base") if options.full else ("small",):
        seconds, facts = compare(__file__, {name: {"preset": preset} for name in (*products, *ours, *others)}, options)
        flops, peer = flops_per_token(build_config(preset).model), min(seconds[name] for name in others)
        rates = {name.rsplit(" ", 1)[1]: 2 * SQUARE**3 / seconds[name] for name in products}
        rows = {}
        for name in (*ours, *others):
            speed = ROWS * LENGTH / seconds[name]
            share = speed * flops / rates[name.rsplit(" ", 1)[1]]
            memory = f"{facts[name]['peak']:.0f} MiB"
            rows[name] = (f"{speed:,.0f}", f"{peer / seconds[name]:.2f} x", f"{speed * flops / 1e9:.1f}", f"{share:.0%}", memory)
        measured = ", ".join(f"{number_format} {rate / 1e9:.1f} GFLOP/s" for number_format, rate in rates.items())
        title = f"training, {preset}, {ROWS * LENGTH} target tokens a step, {flops / 1e6:.1f} MFLOP each; products of {SQUARE}² matrices: {measured}"
        table(title, ("tokens/s", "of best peer", "GFLOP/s", "of product", "peak memory"), rows)


def flops_per_token(model: ModelConfig) -> float:
    """Operations of a step per target token, the source being as long: 6 per matrix weight and token, and attention.

    A weight is used once forward and twice backward, by a multiplication and an addition each; so is each pair of positions
    that attends, over d_model twice: for the score and for the sum. Lookup, norms and the like are not counted.
    """
    square, feed_forward = model.d_model**2, 2 * model.d_model * model.d_ff
    encoder = model.n_encoder_layers * (4 * square + feed_forward)
    decoder = model.n_decoder_layers * (8 * square + feed_forward) + VOCAB * model.d_model
    looked_at = model.n_encoder_layers * LENGTH + model.n_decoder_layers * (LENGTH / 2 + LENGTH)   # half: a token sees only its left
    return 6 * (encoder + decoder) + 12 * model.d_model * looked_at


def multiplies_bf16(options: Options) -> bool:
    """Whether this machine does; asked elsewhere, so that PyTorch is not loaded here."""
    return bool(launched(__file__, "asking", {}, options)["bf16"])


def load_side(settings: dict[str, Any]) -> tuple[Callable[[], object], Callable[[], dict[str, Any]]]:
    """What a side's process runs."""
    import torch

    from mt.device import cpu_multiplies_bf16

    torch.set_num_threads(settings["threads"])
    kind, *rest = settings["side"].split(", ")
    if kind == "asking":
        return lambda: None, lambda: {"bf16": cpu_multiplies_bf16()}
    loaders = {"mt": our_step, "loop around torch.nn.Transformer": plain_step, "loop around Hugging Face MarianMT": marian_step}
    return matrix_product(rest[0]) if kind == "matrix product" else loaders[kind](settings["preset"], *rest), dict


def batch() -> Any:   # Any: three tensors; PyTorch is imported only in a side's process
    """Source, target in and target out of one step."""
    import torch

    generator = torch.Generator().manual_seed(1)
    return [torch.randint(4, VOCAB, (ROWS, LENGTH), generator=generator) for _ in range(3)]


def matrix_product(number_format: str) -> Callable[[], object]:
    """The best of what the machine can do."""
    import torch

    from mt.device import PRECISIONS

    one, other = (torch.randn(SQUARE, SQUARE).to(PRECISIONS[number_format]) for _ in range(2))
    out = torch.empty_like(one)
    return lambda: torch.mm(one, other, out=out)


def our_step(preset: str, optimizer: str, precision: str) -> Callable[[], None]:
    """A step of our own loop."""
    import torch

    from mt import heap
    from mt.device import autocast, choose_precision
    from mt.model import build
    from mt.training.loss import smoothed_cross_entropy
    from mt.training.optim import Optimizers

    heap.manage()
    src, tgt_in, tgt_out = batch()
    config = update(build_config(preset), {"model": {"vocab_size": VOCAB}, "train": {"optimizer": optimizer}})
    cpu = torch.device("cpu")
    model, dtype = build(config.model), choose_precision(precision, cpu)
    optimizers = Optimizers(model, config.train)

    def step() -> None:
        with autocast(cpu, dtype):
            loss = smoothed_cross_entropy(model.features(src, tgt_in), model.output_weight, tgt_out, 0.1)
        (loss.smoothed / tgt_out.numel()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
        optimizers.step(1e-4)

    return step


def plain_step(preset: str, _: str) -> Callable[[], None]:
    """A step as a tutorial would write it."""
    import torch
    from torch import nn

    src, tgt_in, tgt_out = batch()
    shape = build_config(preset).model
    embedding = nn.Embedding(VOCAB, shape.d_model)
    warnings.filterwarnings("ignore", message="enable_nested_tensor")   # PyTorch's own, of what it cannot speed up
    network = nn.Transformer(
        shape.d_model, shape.n_heads, shape.n_encoder_layers, shape.n_decoder_layers, shape.d_ff, 0.1, batch_first=True, norm_first=True
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


def marian_step(preset: str, _: str) -> Callable[[], None]:
    """The same around Hugging Face's network."""
    import torch
    from huggingface import marian

    src, tgt_in, tgt_out = batch()
    network = marian(update(build_config(preset), {"model": {"vocab_size": VOCAB}}).model).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)

    def step() -> None:
        logits = network(input_ids=src, decoder_input_ids=tgt_in, use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), tgt_out.flatten(), label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    return step


if __name__ == "__main__":
    be_a_side(load_side)
