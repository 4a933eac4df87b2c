"""The log as TensorBoard shows it, several trainings beside each other: tensorboard --logdir checkpoints."""

from __future__ import annotations

import json

from mt.run import RunDir, replacing


def write_events(run: RunDir) -> None:
    """Write the whole log again as MODEL/tensorboard: what a run lost that went on from a snapshot is not shown, nor anything twice."""
    from torch.utils.tensorboard import SummaryWriter

    with replacing(run.path / "tensorboard") as folder, SummaryWriter(str(folder)) as writer:
        for line in run.metrics.read_text(encoding="utf-8").splitlines():
            values = json.loads(line)
            for name in values.keys() - {"step"}:
                writer.add_scalar(name.replace("valid_", "valid/"), values[name], values["step"])
