"""Laws of the guided tour: its commands run, what it shows is so, and what it points to is there."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from functools import cache
from pathlib import Path

import pytest

from mt.cli.app import main

TOUR = Path(__file__).parents[1] / "docs" / "tour.md"
SHORT = "--max-steps 2 --set train.valid_sentences=2"   # in place of the minutes or steps that the reader has
TEST_PAIRS = 4                                          # likewise, of those that prepare keeps


def commands() -> list[tuple[str, str]]:
    """The commands of the tour, and what it shows of their output."""
    blocks = re.findall(r"^```console\n(.*?)^```", TOUR.read_text(encoding="utf-8"), re.S | re.M)
    return [(command, shown) for block in blocks for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)]


def shortened(command: str) -> str:
    """The command as a test has time for it, and with the engine that is everywhere."""
    command = re.sub(r"--max-(minutes|steps) \S+", SHORT, command)
    return command.replace("mt translate", "mt translate --engine torch")


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a command, run in this process."""
    monkeypatch.setattr(sys, "argv", shlex.split(command))
    with pytest.raises(SystemExit) as leaving:
        main()
    return int(leaving.value.code or 0)


def plain(text: str) -> str:
    """Spaces of all kinds as one."""
    return re.sub(r"\s+", " ", text).strip()


def wordings(text: str) -> list[str]:
    """The lines that say something; of probabilities, whose last digit is the machine's, that they are there."""
    return [re.sub(r"[\d.]+ %", "%", plain(line)) for line in text.splitlines() if plain(line) not in ("", "...")]


def test_every_command_works_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MT_MODEL", raising=False)
    done: set[str] = set()
    for command, shown in commands():
        if command in done:
            continue
        done.add(command)
        assert run(shortened(command), monkeypatch) == 0, command
        said = capfd.readouterr().out
        if command.startswith("mt translate") and "--model" not in command:   # by the model that ships
            assert plain(said) == plain(shown)
        if command.startswith("mt explain") and "--model" not in command:
            rest = iter(wordings(said))
            assert all(wording in rest for wording in wordings(shown)), command   # and in this order
        for test in tmp_path.glob("data/*/test/*.tsv"):
            lines = test.read_text(encoding="utf-8").splitlines(keepends=True)
            test.write_text("".join(lines[:TEST_PAIRS]), encoding="utf-8")


def test_it_has_ten_stops_each_with_something_to_run_to_read_and_to_look_up():
    stops = re.split(r"^## (?=\d)", TOUR.read_text(encoding="utf-8"), flags=re.M)[1:]
    assert [stop.partition(".")[0] for stop in stops] == [str(number) for number in range(1, 11)]
    for stop in stops:
        assert "```console\n$ mt " in stop
        assert re.search(r"\]\(\.\./src/", stop)
        assert "ection" in stop   # of the paper
        assert "$" in re.sub(r"```.*?```", "", stop, flags=re.S)   # an equation


@cache
def names(path: Path) -> set[str]:
    """The functions, classes, methods and constants that a source file defines."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    classes = [node for node in body if isinstance(node, ast.ClassDef)]
    methods = {f"{owner.name}.{node.name}" for owner in classes for node in owner.body if isinstance(node, ast.FunctionDef)}
    constants = {node.target.id for node in body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)}
    return methods | constants | {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_every_file_and_name_it_points_to_is_there():
    links = re.findall(r"\[([^\]]*)\]\(([^)]+)\)", TOUR.read_text(encoding="utf-8"))
    assert links
    for text, target in links:
        if target.startswith(("https:", "#")):
            continue
        path = (TOUR.parent / target).resolve()
        assert path.exists(), target
        if path.suffix == ".py":
            assert text.strip("`") in {*names(path), "/".join(path.parts[-2:])}, f"{text} in {target}"
