"""Laws of the log for TensorBoard: what metrics.jsonl says, each line once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mt.extras import show_progress
from mt.run import RunDir

pytest.importorskip("tensorboard")

LINES = [
    {"step": 50, "loss": 5.5, "lr": 0.001},
    {"step": 100, "loss": 4.5, "lr": 0.002},
    {"step": 100, "valid_bleu": 12.0},
    {"step": 150, "loss": 4.0},
]


def shown(run: RunDir) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path / "tensorboard")).Reload()
    return {name: [(each.step, pytest.approx(each.value)) for each in events.Scalars(name)] for name in events.Tags()["scalars"]}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")   # of TensorBoard's own
def test_the_events_are_those_of_the_log_though_training_went_back(tmp_path: Path):
    run = RunDir(tmp_path)
    for lines in (LINES, LINES[:2], LINES[:3]):
        run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        show_progress(run)
    assert shown(run) == {"loss": [(50, 5.5), (100, 4.5)], "lr": [(50, 0.001), (100, 0.002)], "valid/bleu": [(100, 12.0)]}


def test_a_training_goes_on_without_a_picture_that_cannot_be_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(run: RunDir) -> None:
        raise ValueError("no room on the paper")

    monkeypatch.setattr("mt.extras.tensorboard.write_events", fail)
    show_progress(RunDir(tmp_path))
    assert "no room on the paper" in capsys.readouterr().err
