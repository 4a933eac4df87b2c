"""Model folders to measure with: the model that ships in each number format of CTranslate2, and a large one that knows nothing."""

from __future__ import annotations

from pathlib import Path

from mt.extras import ct2
from mt.run import RunDir


def formats(model: Path, folder: Path) -> dict[str, Path]:
    """The model as int8 and float32: folders that hold it, converted so; none without CTranslate2."""
    if not ct2.available():
        return {}
    from mt.extras.ct2_convert import convert

    made = {}
    for quantization in ("int8", "float32"):
        run = RunDir(folder / quantization)
        run.path.mkdir()
        for file in model.iterdir():
            if file.is_file():
                (run.path / file.name).symlink_to(file.resolve())
        convert(run, ct2.converted(run), quantization)
        made[quantization] = run.path
    return made


def random_model(preset: str, like: Path, folder: Path) -> Path:
    """A model of a preset's shape with random weights and the tokenizer of another, which never says </s>."""
    import dataclasses

    import torch

    from mt.checkpoint import save_weights
    from mt.config import EOS, build_config, update
    from mt.model import build

    known, run = RunDir(like), RunDir(folder)
    run.path.mkdir()
    run.tokenizer.symlink_to(known.tokenizer.resolve())
    config = update(build_config(preset), {"model": {"vocab_size": known.read_config().model.vocab_size}})
    run.write_config(dataclasses.replace(config, data=known.read_config().data), "0")
    torch.manual_seed(1)
    weights = build(config.model).state_dict()
    weights["embedding.weight"][EOS] = 0   # among 8000 random logits one of 0 is never the largest
    save_weights(run.weights, weights)
    return run.path
