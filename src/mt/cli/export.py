"""mt export: a model folder → the format of another engine, or a copy fit to be given away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option


def export(
    model: Annotated[Path | None, Argument(help="model folder; none: the model that ships")] = None,
    to: Annotated[str, Option(help="ctranslate2; or mt: the folder without what only training needs, matrices in eight bits")] = "ctranslate2",
    out: Annotated[Path | None, Option(help="folder to make; for ctranslate2 MODEL/ct2 if not given, where mt translate finds it")] = None,
    average_with: Annotated[list[Path] | None, Option(help="with --to mt: the mean of its weights and those of this model; may be repeated")] = None,
    quantization: Annotated[str, Option(help="for ctranslate2: int8, float32, int16, float16 or bfloat16")] = "int8",
) -> None:
    """Convert a model for CTranslate2 (faster start, faster translation, less memory), or make it small enough to ship."""
    from mt import console, default_model
    from mt.errors import UsageError
    from mt.extras.ct2 import converted
    from mt.extras.ct2_convert import convert
    from mt.run import RunDir

    model = model or default_model()
    if to == "mt" and (out is None or quantization != "int8"):
        raise UsageError("--to mt makes a folder, its matrices always in eight bits", fix="add --out DIR, leave out --quantization")
    if to == "mt" and out is not None:
        from mt.checkpoint import ship

        ship(RunDir(model), out, [RunDir(other) for other in average_with or ()])
        console.log(f"wrote {out}")
        return
    if to != "ctranslate2":
        raise UsageError(f"cannot export to {to!r}", fix="use --to ctranslate2, or --to mt --out DIR")
    if average_with:
        raise UsageError("--average-with is for --to mt", fix="mt export MODEL --average-with OTHER --to mt --out DIR, then mt export DIR")
    target = out or converted(RunDir(model))
    convert(RunDir(model), target, quantization)
    console.log(f"wrote {target}; mt translate --model {model} uses it from now on" if out is None else f"wrote {target}")
