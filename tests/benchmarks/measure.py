"""What every benchmark needs: sides in processes of their own, run in turn, and tables.

A side is one of those compared. In every round it is started anew, so that its peak memory is its own and no library disturbs
another, runs once to warm up, and then again, for a second at least, to be measured. Anew, because where the memory of a process
happens to lie makes it up to a quarter slower or faster than the same one before it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

LONG_ENOUGH = 1.0   # seconds of measured runs
NO_TRANSFORMERS = "Hugging Face is left out; to have it too: .venv/bin/pip install transformers"


@dataclass(frozen=True)
class Options:
    """How much is measured, and on what."""

    full: bool
    rounds: int
    threads: int
    cpu_time: bool          # count the processor's seconds instead of those on the clock: one thread on a busy machine
    test: str | None        # the test set whose sentences are decoded; None for the sample corpus
    sentences: int


def launched(script: str, name: str, settings: dict[str, Any], options: Options) -> dict[str, Any]:
    """What a side says of itself: the seconds of its run and its peak memory in MiB are among it."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, script, json.dumps({"side": name, "threads": options.threads, **settings})]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{name} broke off; what it said stands above")
    return json.loads(done.stdout)


def be_a_side(load: Callable[[dict[str, Any]], tuple[Callable[[], object], Callable[[], dict[str, Any]]]]) -> None:
    """What such a process does: `load` takes its settings and gives what is to be run, and what tells facts about it afterwards."""
    replies, sys.stdout = sys.stdout, sys.stderr   # what libraries print is no answer
    run, facts = load(json.loads(sys.argv[1]))
    run()
    clocks, cpus = list[float](), list[float]()
    while sum(clocks) < LONG_ENOUGH:
        clock, cpu = time.perf_counter(), time.process_time()
        run()
        clocks.append(time.perf_counter() - clock)
        cpus.append(time.process_time() - cpu)
    seconds = {"clock": statistics.median(clocks), "cpu": statistics.median(cpus)}
    print(json.dumps({**seconds, "peak": peak_memory(), **facts()}), file=replies, flush=True)


def peak_memory() -> float:
    """MiB that this process has held at the most; not by getrusage where it can be helped, which counts the parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)   # bytes on macOS


def compare(script: str, sides: dict[str, dict[str, Any]], options: Options) -> tuple[dict[str, float], dict[str, dict[str, Any]]]:
    """Median seconds and facts of each side, given the settings of each; round by round, so that a machine that drifts wrongs none."""
    said: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for _ in range(options.rounds):
        for name, settings in sides.items():
            said[name].append(launched(script, name, settings, options))
    seconds = {name: statistics.median(each["cpu" if options.cpu_time else "clock"] for each in said[name]) for name in sides}
    return seconds, {name: each[-1] for name, each in said.items()}


def table(title: str, columns: Sequence[str], rows: dict[str, Sequence[str]]) -> None:
    """A table on standard output; the first column is as wide as it must be."""
    width = max(map(len, rows), default=0) + 2
    print(f"\n{title}\n{'':<{width}}" + "".join(f"{column:>16}" for column in columns))
    for name, cells in rows.items():
        print(f"{name:<{width}}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def has_transformers() -> bool:
    """Whether Hugging Face can be compared with; a line says so where it cannot."""
    there = find_spec("transformers") is not None
    if not there:
        print(NO_TRANSFORMERS)
    return there
