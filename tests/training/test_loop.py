"""Laws of training: it learns, it resumes bit for bit, it refuses what it cannot go on with."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mt import load
from mt.checkpoint import load_weights
from mt.config import Config, DecodeConfig, TrainConfig, update
from mt.errors import Diverged, RunError
from mt.run import RunDir
from mt.training import loop as room
from mt.training import meter, validation
from mt.training.loop import train
from mt.training.optim import learning_rate
from mt.training.session import Budget

SMALL = {"d_model": 32, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1, "d_ff": 64}
SETTINGS = {"model": SMALL, "train": {"tokens_per_batch": 1000, "warmup": 20, "validate_every": 20, "valid_sentences": 20, "average": 2}}
CPU = torch.device("cpu")


def run(data: Path, out: Path, steps: int, **settings: dict[str, object]) -> RunDir:
    config = update(update(Config(), SETTINGS), settings)
    train(config, data, RunDir(out), Budget(max_steps=steps), device=CPU, dtype=torch.float32)
    return RunDir(out)


def lines(out: RunDir) -> list[dict[str, float]]:
    return [json.loads(line) for line in out.metrics.read_text().splitlines()]


def test_copying_is_learned_and_the_model_folder_translates(shouting: Path, tmp_path: Path):
    model = {**SMALL, "d_model": 64, "dropout": 0.0}
    out = run(shouting, tmp_path / "run", 300, model=model, train={**SETTINGS["train"], "validate_every": 300})
    translator = load(out.path, DecodeConfig(beam=2), device="cpu", engine="torch")
    lines = [line.split("\t") for line in (shouting / "test" / "corpus.tsv").read_text().splitlines()]
    right = sum(translation.text == tgt for translation, (_, tgt) in zip(translator.translate_lines(src for src, _ in lines), lines, strict=True))
    assert right / len(lines) > 0.9


def test_a_run_in_pieces_is_the_run_in_one(shouting: Path, tmp_path: Path):
    whole, pieces = run(shouting, tmp_path / "whole", 50), None
    for steps in (13, 20, 31, 50):
        pieces = run(shouting, tmp_path / "pieces", steps)
    assert pieces is not None
    for name in ("weights.safetensors", "optimizer.safetensors", "random.safetensors"):
        one, other = (load_weights(out.resume / "step-00000050" / name) for out in (whole, pieces))
        assert one.keys() == other.keys()
        assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_its_step_and_says_how_to_go_on(shouting: Path, tmp_path: Path, number: signal.Signals):
    line = [sys.executable, "-m", "mt", "train", "--data", str(shouting), "--out", str(tmp_path / "run"), "--preset", "tiny", "--precision", "fp32"]
    process = subprocess.Popen([*line, "--set", "train.validate_every=5", "--tokens-per-batch", "auto"], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "model.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    assert RunDir(tmp_path / "run").read_config().train.tokens_per_batch == TrainConfig.tokens_per_batch   # auto, on a CPU
    assert (tmp_path / "run" / "resume" / f"step-{progress(RunDir(tmp_path / 'run'))['step']:08d}").exists()


def test_another_configuration_or_other_data_is_refused_and_nothing_is_lost(shouting: Path, tmp_path: Path):
    out = run(shouting, tmp_path / "run", 20)
    before = out.weights.read_bytes()
    with pytest.raises(RunError, match=r"train\.lr was 0\.004, is 0\.5"):
        run(shouting, tmp_path / "run", 40, train={**SETTINGS["train"], "lr": 0.5})
    manifest = json.loads(out.manifest.read_text())
    out.manifest.write_text(json.dumps({**manifest, "mt": "other"}))
    with pytest.raises(RunError, match=r"the data in .* is not what it was"):
        run(shouting, tmp_path / "run", 40)
    assert out.weights.read_bytes() == before


def test_a_model_without_its_training_state_is_never_written_over(shouting: Path, tmp_path: Path):
    out = run(shouting, tmp_path / "run", 20)
    before = out.weights.read_bytes(), out.metrics.read_bytes()
    shutil.rmtree(out.resume)   # which may be deleted
    with pytest.raises(RunError, match="holds a model, but not what training needs"):
        run(shouting, tmp_path / "run", 40)
    assert (out.weights.read_bytes(), out.metrics.read_bytes()) == before


def test_training_that_has_no_time_leaves_a_model_all_the_same(shouting: Path, tmp_path: Path):
    assert run(shouting, tmp_path / "run", 0).weights.exists()


def test_a_folder_with_other_things_in_it_is_refused(shouting: Path, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty"):
        run(shouting, tmp_path, 20)


def test_a_loss_that_explodes_stops_with_its_fix(shouting: Path, tmp_path: Path):
    with pytest.raises(Diverged, match="loss is"):
        run(shouting, tmp_path / "run", 400, train={**SETTINGS["train"], "lr": 1e20, "warmup": 1})


def progress(out: RunDir) -> dict[str, float]:
    """Where the newest snapshot stands."""
    return json.loads((sorted(out.resume.glob("step-*"))[-1] / "progress.json").read_text())["progress"]


def explode(monkeypatch: pytest.MonkeyPatch, steps: list[int]) -> None:
    """Let the learning rate be absurd at these steps, each time once."""
    left = list(steps)

    def rate(step: int, config: TrainConfig, max_steps: int | None) -> float:
        if step in left:
            left.remove(step)
            return 1e20
        return learning_rate(step, config, max_steps)

    monkeypatch.setattr(room, "learning_rate", rate)


def test_a_loss_that_explodes_once_goes_back_to_the_last_snapshot_and_on_with_other_text(shouting, tmp_path, monkeypatch, capsys):
    explode(monkeypatch, [32])
    out = run(shouting, tmp_path / "run", 60)
    assert "back to the last snapshot" in capsys.readouterr().err
    steps = [line["step"] for line in lines(out) if "loss" in line]
    assert steps == [20, 40, 50, 60]
    assert all(math.isfinite(line["loss"]) for line in lines(out) if "loss" in line)
    monkeypatch.undo()
    read = {"at 40, where it was noticed, and 40 more": run(shouting, tmp_path / "plain", 80), "rolled back": out}
    places = {(state["epoch"], state["batch"]) for state in map(progress, read.values())}
    assert len(places) == 1


def test_a_loss_that_explodes_after_the_last_validation_does_not_end_the_run(shouting, tmp_path, monkeypatch, capsys):
    explode(monkeypatch, [65])
    out = run(shouting, tmp_path / "run", 70)
    assert "back to the last snapshot" in capsys.readouterr().err
    assert progress(out)["step"] == 70
    assert [line["step"] for line in lines(out) if "loss" in line] == [20, 40, 50, 60, 70]
    assert all(torch.isfinite(tensor).all() for tensor in load_weights(out.resume / "step-00000070/weights.safetensors").values())


def test_a_loss_that_explodes_twice_stops_with_its_fix(shouting, tmp_path, monkeypatch):
    explode(monkeypatch, [32, 45])
    with pytest.raises(Diverged, match="the loss") as caught:
        run(shouting, tmp_path / "run", 60)
    assert "train.lr" in caught.value.fix
    assert (tmp_path / "run" / "resume" / "step-00000040").exists()


def test_a_loss_far_above_what_it_was_counts_as_exploded(shouting, tmp_path, monkeypatch, capsys):
    before = room.step

    def higher(training, batches, rate):
        loss, nll, norm = before(training, batches, rate)
        return loss, nll + 12 * (training.progress.step > 25), norm

    monkeypatch.setattr(room, "step", higher)
    with pytest.raises(Diverged, match="has risen from"):
        run(shouting, tmp_path / "run", 60)
    assert "has risen from" in capsys.readouterr().err


def test_the_learning_rate_follows_its_schedule_to_the_end_of_the_budget(shouting, tmp_path):
    settings = {**SETTINGS["train"], "cooldown": 30}
    config = update(update(Config(), SETTINGS), {"train": settings}).train
    rates = {line["step"]: line["lr"] for line in lines(run(shouting, tmp_path / "run", 40, train=settings)) if "lr" in line}
    assert rates == {step: learning_rate(step, config, 40) for step in (20, 40)}
    assert rates[40] < rates[20] / 10


def test_training_ends_when_patience_does(shouting, tmp_path):
    settings = {**SETTINGS["train"], "lr": 1e-30, "validate_every": 5, "patience": 2}
    out = run(shouting, tmp_path / "run", 100, train=settings)
    assert [line["step"] for line in lines(out) if "valid_nll" in line] == [5, 10, 15]


def test_the_model_kept_is_that_of_the_best_step_and_not_the_last(shouting, tmp_path, monkeypatch):
    scores = iter([3.0, 1.0, 2.0])
    monkeypatch.setattr(validation, "valid_nll", lambda training: next(scores))
    settings = {**SETTINGS["train"], "validate_every": 10, "average": 0}
    out = run(shouting, tmp_path / "run", 30, train=settings)
    kept, best, last = (load_weights(path) for path in (out.weights, *(out.resume / f"step-{step:08d}/weights.safetensors" for step in (20, 30))))
    assert all(torch.equal(kept[name], best[name]) for name in best)
    assert not all(torch.equal(kept[name], last[name]) for name in last)


@pytest.mark.parametrize("by", ["loss", "bleu"])
def test_the_model_kept_is_the_best_by_the_chosen_score(shouting, tmp_path, by):
    settings = {**SETTINGS["train"], "validate_every": 10, "average": 0, "best_by": by}
    out = run(shouting, tmp_path / "run", 30, train=settings)
    scores = {line["step"]: -line["valid_nll"] if by == "loss" else line[f"valid_{by}"] for line in lines(out) if "valid_nll" in line}
    assert lines(out)[-1]["best_step"] == max(scores, key=lambda step: (scores[step], -step))


def test_without_a_compiler_training_goes_on_with_one_line(shouting, tmp_path, monkeypatch, capsys):
    def compile(function, **options):
        raise RuntimeError("no compiler\nlong story")

    monkeypatch.setattr(torch, "compile", compile)
    run(shouting, tmp_path / "run", 2, train={**SETTINGS["train"], "compile": True})
    said = capsys.readouterr().err
    assert "without torch.compile: no compiler" in said
    assert "long story" not in said


def test_training_says_soon_how_long_it_will_take(shouting, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(meter, "FIRST_WORD", 0.0)
    run(shouting, tmp_path / "run", 5)
    assert re.search(r"target tokens a second, about \S+ minutes left", capsys.readouterr().err)
