"""mt tune: many short trainings → the settings to train with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option, echo


def tune(
    space: Annotated[Path, Argument(help='search space: TOML such as train.lr = {from = 1e-3, to = 1e-2, scale = "log"}')],
    data: Annotated[Path, Option(help="folder made by mt prepare")] = Path("data/prepared"),
    out: Annotated[Path, Option(help="folder to make, or to go on with: a model folder for each trial, best.toml")] = Path("checkpoints/tune"),
    trials: Annotated[int, Option(min=1, help="how many, with those that are in OUT already")] = 20,
    max_steps: Annotated[int | None, Option(min=1, help="optimizer steps of a trial")] = None,
    max_minutes: Annotated[float | None, Option(min=0, help="minutes of a trial")] = None,
    preset: Annotated[str, Option(help="settings to start from, as for mt train")] = "small",
    config: Annotated[Path | None, Option(help="TOML or JSON file of settings")] = None,
    settings: Annotated[list[str] | None, Option("--set", metavar="KEY=VALUE", help="one setting that all trials share; repeatable")] = None,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
    precision: Annotated[str, Option(help="auto, fp32 or bf16")] = "auto",
    seed: Annotated[int, Option(help="of what is tried; train.seed is that of each training")] = 1,
    threads: Annotated[int | None, Option(min=1, help="CPU threads")] = None,
    json_output: Annotated[bool, Option("--json", help="print the trials")] = False,
) -> None:
    """Search for good settings. Trials that do worse than most are ended early; the same command again goes on.

    Then: mt train --config OUT/best.toml
    """
    import json

    from mt import console
    from mt.config import Config, build_config
    from mt.device import choose_device, choose_precision, use_threads
    from mt.errors import UsageError
    from mt.extras.tune import Trials
    from mt.extras.tune import tune as search
    from mt.run import RunDir, only_one
    from mt.training.session import Budget

    if max_steps is None and max_minutes is None:
        raise UsageError("a trial needs an end", fix="give --max-steps or --max-minutes")
    use_threads(threads)
    chosen = choose_device(device)

    def build(more: list[str]) -> Config:
        return build_config(preset, config, [*(settings or []), *more])

    common = Trials(data, out, Budget(max_steps, max_minutes), chosen, choose_precision(precision, chosen), build)
    with only_one(RunDir(out)):
        rows = search(common, space, trials, seed=seed)
    console.table("trials", list(rows[0]), [[cell(value) for value in row.values()] for row in rows])
    console.log(f"the best settings: {common.best}")
    if json_output:
        echo(json.dumps(rows))


def cell(value: object) -> object:
    """A value as the table shows it."""
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else value
