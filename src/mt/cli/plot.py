"""mt plot: a model folder → pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def plot(
    model: Annotated[Path | None, Argument(help="model folder; else $MT_MODEL, else the model that ships")] = None,
    out: Annotated[Path, Option(help="folder for the pictures")] = Path("plots"),
    format: Annotated[str, Option(help="png or svg")] = "png",
) -> None:
    """Draw training curves, the embedding map, positional encodings, the learning-rate schedule, a smoothed target and the causal mask."""
    from mt import console, default_model
    from mt.errors import UsageError
    from mt.extras.plots import draw_all
    from mt.run import RunDir

    if format not in ("png", "svg"):
        raise UsageError(f"cannot draw {format!r}", fix="use --format png or svg")
    files, left_out = draw_all(RunDir(model or default_model()), out, format)
    for reason in left_out:
        console.warn(reason)
    console.log(f"wrote {', '.join(str(file) for file in files)}")
