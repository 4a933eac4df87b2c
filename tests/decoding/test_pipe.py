"""Laws of a long pipe through `mt translate`: order, and memory that does not grow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

import mt
from mt.extras.ct2 import converted
from mt.extras.ct2_convert import convert
from mt.run import RunDir

LINES = int(os.environ.get("MT_PIPE_LINES", "160000"))   # with fewer a quarter is too short for its mean to say much
PATIENCE = 15.0   # seconds until the first line is there, the start of the program included
GROWTH = 1.1      # of mean memory, from the second quarter of the lines to the last
PAUSE = 0.01      # seconds between two looks at the memory: where two batches are largest at once it is half as much again for a moment


def line(number: int) -> str:
    """Most are to be translated; every fifth comes back as it is and so says where it stands."""
    return f"# {number}" if number % 5 == 0 else ("The cat is here.", "Good morning!", "I know it.", "Where are you?")[number % 5 - 1]


def memory(process: int) -> int:
    """Kilobytes that a process holds."""
    return next(int(each.split()[1]) for each in Path(f"/proc/{process}/status").read_text().splitlines() if each.startswith("VmRSS"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_long_pipe_keeps_its_order_in_flat_memory_and_begins_at_once(tmp_path: Path):
    pytest.importorskip("ctranslate2")
    ships = RunDir(mt.default_model())
    if not ships.weights.exists():
        pytest.skip("no model ships with this copy")
    for file in (ships.config, ships.tokenizer, ships.weights):
        (tmp_path / file.name).symlink_to(file.resolve())
    convert(RunDir(tmp_path), converted(RunDir(tmp_path)), "int8")
    command = [sys.executable, "-m", "mt", "translate", "--engine", "ct2", "--model", str(tmp_path)]
    started, measured = time.monotonic(), Event()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def feed() -> None:
            for number in range(LINES):
                stdin.write(line(number) + "\n")
            stdin.flush()
            measured.wait()   # with all read and answered it still runs, so that its memory can be seen
            stdin.close()

        quarters: list[list[int]] = [[], [], [], []]
        number = 0

        def watch() -> None:
            while not measured.wait(PAUSE):
                quarters[number * 4 // LINES].append(memory(process.pid))

        Thread(target=feed, daemon=True).start()
        watcher = Thread(target=watch, daemon=True)
        watcher.start()
        try:
            for number in range(LINES):
                text = stdout.readline().removesuffix("\n")
                assert (text == line(number)) == (number % 5 == 0), f"line {number} is {text!r}"
                if number == 0:
                    assert time.monotonic() - started < PATIENCE
        finally:
            measured.set()
        watcher.join()
        assert stdout.readline() == ""
    assert process.returncode == 0
    _, early, _, late = (sum(quarter) / len(quarter) for quarter in quarters)
    assert late < GROWTH * early
