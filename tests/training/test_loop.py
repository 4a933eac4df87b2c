"""Laws of training: it learns, it resumes bit for bit, it refuses what it cannot go on with."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mt import load
from mt.checkpoint import load_weights
from mt.config import Config, DataConfig, DecodeConfig, update
from mt.data.prepare import Sources, prepare
from mt.data.sources import parse_source
from mt.errors import RunError, TrainingError
from mt.run import RunDir
from mt.training.loop import Budget, train

SMALL = {"d_model": 32, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1, "d_ff": 64}
SETTINGS = {"model": SMALL, "train": {"tokens_per_batch": 1000, "warmup": 20, "validate_every": 20, "valid_sentences": 20, "average": 2}}
CPU = torch.device("cpu")


@pytest.fixture(scope="session")
def shouting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder whose French is the English in capitals: to be copied letter by letter."""
    rng = random.Random(1)
    lines = sorted({" ".join(rng.choices("abcdefgh", k=rng.randint(3, 6))) for _ in range(4000)})
    folder = tmp_path_factory.mktemp("shouting")
    (folder / "corpus.tsv").write_text("".join(f"{line}\t{line.upper()}\n" for line in lines))
    config = DataConfig(vocab_size=405, tokenizer="bpe", valid_size=100, test_size=50)
    prepare(Sources([parse_source(str(folder / "corpus.tsv"))]), folder / "data", config, jobs=1)
    return folder / "data"


def run(data: Path, out: Path, steps: int, **settings: dict[str, object]) -> RunDir:
    config = update(update(Config(), SETTINGS), settings)
    train(config, data, RunDir(out), Budget(max_steps=steps), device=CPU, dtype=torch.float32)
    return RunDir(out)


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


TRAIN = """
import sys, torch
from pathlib import Path
from mt.config import Config, update
from mt.run import RunDir
from mt.training.loop import Budget, train
torch.set_num_threads(1)
settings = {settings!r}
train(update(Config(), settings), Path(sys.argv[1]), RunDir(Path(sys.argv[2])), Budget(max_steps=int(sys.argv[3])),
      device=torch.device("cpu"), dtype=torch.float32)
"""


def command(data: Path, out: Path, steps: int) -> list[str]:
    return [sys.executable, "-c", TRAIN.format(settings=SETTINGS), str(data), str(out), str(steps)]


def test_a_killed_run_goes_on_to_the_same_weights(shouting: Path, tmp_path: Path):
    subprocess.run(command(shouting, tmp_path / "whole", 60), check=True, capture_output=True)
    process = subprocess.Popen(command(shouting, tmp_path / "killed", 10_000), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (tmp_path / "killed" / "resume" / "step-00000020").exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    subprocess.run(command(shouting, tmp_path / "killed", 60), check=True, capture_output=True)
    whole, killed = (load_weights(tmp_path / name / "resume" / "step-00000060" / "weights.safetensors") for name in ("whole", "killed"))
    assert all(torch.equal(whole[key], killed[key]) for key in whole)
    steps = [json.loads(line)["step"] for line in (tmp_path / "killed" / "metrics.jsonl").read_text().splitlines()]
    assert steps == [json.loads(line)["step"] for line in (tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_its_step_and_says_how_to_go_on(shouting: Path, tmp_path: Path, number: signal.Signals):
    line = [sys.executable, "-m", "mt", "train", "--data", str(shouting), "--out", str(tmp_path / "run"), "--preset", "tiny", "--precision", "fp32"]
    process = subprocess.Popen([*line, "--set", "train.validate_every=5"], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "run" / "model.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "the same command goes on from here" in said
    assert "Traceback" not in said
    [newest] = sorted((tmp_path / "run" / "resume").glob("step-*"))[-1:]
    assert json.loads((newest / "progress.json").read_text())["progress"]["step"] == int(newest.name.removeprefix("step-"))


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


def test_a_folder_with_other_things_in_it_is_refused(shouting: Path, tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match="is not empty"):
        run(shouting, tmp_path, 20)


def test_a_loss_that_explodes_stops_with_its_fix(shouting: Path, tmp_path: Path):
    with pytest.raises(TrainingError, match="loss is"):
        run(shouting, tmp_path / "run", 400, train={**SETTINGS["train"], "lr": 1e20, "warmup": 1})


def torchrun(data: Path, out: Path, processes: int, accumulate: int) -> dict[str, float]:
    line = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={processes}", "--standalone", "-m", "mt", "train"]
    settings = ["model.dropout=0", f"train.accumulate={accumulate}", "train.validate_every=5", "train.tokens_per_batch=700"]
    options = ["--data", str(data), "--out", str(out), "--preset", "tiny", "--precision", "fp32", "--device", "cpu", "--max-steps", "5"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([*line, *options, *(f"--set={each}" for each in settings)], check=True, capture_output=True, env=environment, timeout=300)
    return json.loads((out / "metrics.jsonl").read_text().splitlines()[0])


def test_two_processes_take_the_steps_of_one_that_accumulates(shouting: Path, tmp_path: Path):
    alone, together = torchrun(shouting, tmp_path / "one", 1, 2), torchrun(shouting, tmp_path / "two", 2, 1)
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-4)
    one, two = (load_weights(tmp_path / name / "model.safetensors") for name in ("one", "two"))
    for key in one:
        torch.testing.assert_close(one[key], two[key], atol=1e-4, rtol=1e-3)
