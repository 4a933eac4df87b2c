"""mt train: prepared data → a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Option


def train(
    data: Annotated[Path, Option(help="folder made by mt prepare")] = Path("data/prepared"),
    out: Annotated[Path, Option(help="model folder to make, or to go on with")] = Path("checkpoints/run"),
    preset: Annotated[str, Option(help="tiny, small, medium, base or big; paper-base or paper-big")] = "small",
    config: Annotated[Path | None, Option(help="TOML or JSON file of settings")] = None,
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="one setting, such as train.lr=3e-4; repeatable")] = None,
    init: Annotated[Path | None, Option(help="model folder whose weights to begin with, to fine-tune it, perhaps with more layers")] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
    precision: Annotated[str, Option(help="auto, fp32 or bf16")] = "auto",
    max_steps: Annotated[int | None, Option(min=1, help="stop after this many optimizer steps")] = None,
    max_minutes: Annotated[float | None, Option(min=0, help="stop after this many minutes")] = None,
    tokens_per_batch: Annotated[str | None, Option(metavar="N|auto", help="size of a batch; auto: what the GPU's memory takes")] = None,
    seed: Annotated[int | None, Option(help="of the weights, the dropout and the order of the data")] = None,
    threads: Annotated[int | None, Option(min=1, help="CPU threads")] = None,
) -> None:
    """Train a translation model. Ctrl-C saves and stops; the same command again goes on.

    Without --max-steps or --max-minutes it trains until it is stopped. From the first validation on, the best weights so far are in OUT.
    """
    from mt import console
    from mt.config import build_config, update
    from mt.device import choose_device, choose_precision, use_threads
    from mt.run import RunDir, only_one
    from mt.training.loop import train as train_model
    from mt.training.session import Budget

    flags = {"train.seed": seed, "train.tokens_per_batch": 0 if tokens_per_batch == "auto" else tokens_per_batch}
    full_config = build_config(preset, config, [*(settings or []), *(f"{key}={value}" for key, value in flags.items() if value is not None)])
    use_threads(threads)
    chosen = choose_device(device)
    dtype = choose_precision(precision, chosen)
    run, budget, begin = RunDir(out), Budget(max_steps, max_minutes), RunDir(init) if init else None
    if not full_config.train.tokens_per_batch and run.config.exists():   # what fitted when it began
        full_config = update(full_config, {"train": {"tokens_per_batch": run.read_config().train.tokens_per_batch}})
    if full_config.train.cooldown and max_steps is None:
        console.warn("train.cooldown counts back from --max-steps; without that the learning rate does not fall to zero")
    with only_one(run):
        train_model(full_config, data, run, budget, device=chosen, dtype=dtype, init=begin)
