"""Laws of many processes and of sudden death: whatever is killed and whenever, training goes on as if nothing had been."""

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

from mt.checkpoint import load_weights
from mt.run import RunDir

SETTINGS = ("model.d_model=32", "model.n_heads=2", "model.d_ff=64", "train.warmup=20", "train.valid_sentences=5", "train.average=2")
TIMED = ("tokens_per_second", "minutes_left")   # of a line of the log


def command(data: Path, out: Path, steps: int, *settings: str, processes: int = 1) -> list[str]:
    launcher = ["-m", "torch.distributed.run", f"--nproc-per-node={processes}", "--standalone"] if processes > 1 else []
    options = ["--data", str(data), "--out", str(out), "--preset", "tiny", "--precision", "fp32", "--device", "cpu", "--max-steps", str(steps)]
    return [sys.executable, *launcher, "-m", "mt", "train", *options, *(f"--set={each}" for each in (*SETTINGS, *settings))]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def finish(line: list[str]) -> None:
    done = subprocess.run(line, capture_output=True, text=True, env=environment(), timeout=300)
    assert done.returncode == 0, done.stderr


def newest(out: Path) -> str:
    """The name of the newest snapshot; none is the empty one."""
    return max((path.name for path in RunDir(out).resume.glob("step-*")), default="")


def state(out: Path) -> tuple[dict[str, torch.Tensor], dict[str, float], list[dict[str, float]]]:
    """All tensors of the newest snapshot and of the model, what the snapshot says of itself, and the log; without times."""
    snapshot = RunDir(out).resume / newest(out)
    files = [*snapshot.glob("*.safetensors"), *RunDir(out).resume.glob("average-*"), RunDir(out).weights]
    tensors = {f"{file.name} {name}": tensor for file in files for name, tensor in load_weights(file).items()}
    progress = json.loads((snapshot / "progress.json").read_text())["progress"]
    lines = [json.loads(line) for line in RunDir(out).metrics.read_text().splitlines()]
    return tensors, progress, [{name: value for name, value in line.items() if name not in TIMED} for line in lines]


def assert_same(one: Path, other: Path) -> None:
    (tensors, progress, lines), (others, other_progress, other_lines) = state(one), state(other)
    assert tensors.keys() == others.keys()
    assert [name for name in tensors if not torch.equal(tensors[name], others[name])] == []
    assert progress == other_progress
    assert lines == other_lines


def kill_somewhere(line: list[str], out: Path, chance: random.Random) -> None:
    """Start a training and kill it: now and then while it begins, else soon after its first snapshot."""
    before, while_it_begins = newest(out), chance.random() < 0.2
    with subprocess.Popen(line, env=environment(), stderr=subprocess.DEVNULL) as process:
        while not while_it_begins and newest(out) == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 4 if while_it_begins else 0.5))
        process.kill()


@pytest.mark.parametrize(("kills", "steps"), [(2, 30), pytest.param(20, 300, marks=pytest.mark.slow)])
def test_kills_at_random_moments_change_nothing(shouting: Path, tmp_path: Path, kills: int, steps: int):
    settings, chance = ("train.tokens_per_batch=1000", "train.validate_every=5"), random.Random()
    finish(command(shouting, tmp_path / "whole", steps, *settings))
    for _ in range(kills):
        kill_somewhere(command(shouting, tmp_path / "killed", steps, *settings), tmp_path / "killed", chance)
    finish(command(shouting, tmp_path / "killed", steps, *settings))
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_two_processes_take_the_steps_of_one_that_accumulates(shouting: Path, tmp_path: Path):
    settings = ("model.dropout=0", "train.tokens_per_batch=700", "train.validate_every=3")
    finish(command(shouting, tmp_path / "one", 9, *settings, "train.accumulate=2"))
    finish(command(shouting, tmp_path / "two", 9, *settings, processes=2))
    one, two = (state(tmp_path / name)[2] for name in ("one", "two"))
    assert len(one) == len(two) == 6
    for ours, theirs in zip(one, two, strict=True):
        assert ours == pytest.approx(theirs, abs=1e-5, rel=1e-4 if "gradient_norm" in ours else 1e-6)


def test_processes_that_do_not_share_the_folder_are_told_at_once(shouting: Path, tmp_path: Path):
    line = command(shouting, tmp_path / "run", 3, processes=2)
    at, out = line.index("-m", line.index("--standalone")), line.index(str(tmp_path / "run"))
    each = [sys.executable, *line[at:out], f"{tmp_path}/run$RANK", *line[out + 1 :]]
    done = subprocess.run(
        [*line[:at], "--no-python", "sh", "-c", " ".join(each)], capture_output=True, text=True, env=environment(), timeout=300
    )
    assert done.returncode != 0
    assert "must be a folder that all machines share" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="threads are read from /proc")
def test_no_thread_of_the_group_outlives_it(shouting: Path, tmp_path: Path):
    """One that does aborts the process now and then: it lets go of a tensor while Python is being shut down."""
    script = tmp_path / "train.py"
    script.write_text("""
import atexit, pathlib
from mt.cli.app import main
names = lambda: {(thread / "comm").read_text().strip() for thread in pathlib.Path("/proc/self/task").iterdir()}
atexit.register(lambda: print("threads at exit:", *names()))
main()
""")
    line = command(shouting, tmp_path / "run", 3, processes=2)
    at = line.index("-m", line.index("--standalone"))
    done = subprocess.run([*line[:at], str(script), *line[at + 2 :]], capture_output=True, text=True, env=environment(), timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("threads at exit:") == 2
    assert "gloo" not in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("then", [2, 1, 3])
def test_a_worker_that_is_killed_ends_the_job_and_any_number_of_workers_goes_on(shouting: Path, tmp_path: Path, then: int):
    settings = ("train.tokens_per_batch=700", "train.validate_every=10")
    line = command(shouting, tmp_path / "run", 10_000, *settings, processes=2)
    job = subprocess.Popen(line, env=environment(), stderr=subprocess.PIPE, text=True)
    while not newest(tmp_path / "run"):
        assert job.poll() is None
        time.sleep(0.05)
    victim = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True, check=True).stdout.split()[-1]
    os.kill(int(victim), signal.SIGKILL)
    _, said = job.communicate(timeout=120)
    assert job.returncode != 0
    assert "this process has lost the others" in said
    done = state(tmp_path / "run")[1]["step"]
    finish(command(shouting, tmp_path / "run", done + 20, *settings, processes=then))
    steps = [line["step"] for line in state(tmp_path / "run")[2] if "loss" in line]
    assert steps == sorted(set(steps))
    assert steps[-1] == done + 20
