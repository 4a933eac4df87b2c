"""What every benchmark needs: sides in processes of their own, run in turn, and tables.

A side is one of those compared. It lives in a process of its own, so that its peak memory is its own and no library disturbs
another; it loads, runs once to warm up, and then runs when it is told to, while the others wait.
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


class Side:
    """One of those compared, in a process of its own."""

    def __init__(self, script: str, name: str, settings: dict[str, Any], options: Options) -> None:
        self.name, self.cpu_time = name, options.cpu_time
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads), "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, script, json.dumps({"side": name, "threads": options.threads, **settings})]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.ready = self.answer()

    def ask(self, question: str) -> Any:   # Any: whatever the side has to say
        """What the side answers to run, alone or end."""
        assert self.process.stdin is not None
        self.process.stdin.write(question + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} broke off; what it said stands above")
        return json.loads(line)

    def run(self) -> float:
        """Seconds of one run."""
        return self.ask("run")["cpu" if self.cpu_time else "clock"]

    def end(self) -> dict[str, Any]:
        """What the side knows about itself, its peak memory in MiB among it."""
        facts = self.ask("end")
        self.process.wait()
        return facts


def serve(load: Callable[[dict[str, Any]], tuple[Callable[[], object], Callable[[], dict[str, Any]]]]) -> None:
    """Be a side: `load` takes its settings and gives what is to be run, and what tells facts about it at the end."""
    replies, sys.stdout = sys.stdout, sys.stderr   # what libraries print is no answer
    run, facts = load(json.loads(sys.argv[1]))
    run()
    print("{}", file=replies, flush=True)
    for question in sys.stdin:
        if question.strip() == "end":
            print(json.dumps({"peak": peak_memory(), **facts()}), file=replies, flush=True)
            return
        clock, cpu = time.perf_counter(), time.process_time()
        run()
        print(json.dumps({"clock": time.perf_counter() - clock, "cpu": time.process_time() - cpu}), file=replies, flush=True)


def peak_memory() -> float:
    """MiB that this process has held at the most; not by getrusage where it can be helped, which counts the parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)   # bytes on macOS


def in_turn(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median seconds of each, run one after the other, round by round, so that a machine that drifts wrongs none."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    return {name: statistics.median(each) for name, each in seconds.items()}


def compare(script: str, sides: dict[str, dict[str, Any]], options: Options) -> tuple[dict[str, float], dict[str, dict[str, Any]]]:
    """Median seconds and facts of each side, given the settings of each."""
    running = {name: Side(script, name, settings, options) for name, settings in sides.items()}
    seconds = in_turn({name: side.run for name, side in running.items()}, options.rounds)
    return seconds, {name: side.end() for name, side in running.items()}


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
