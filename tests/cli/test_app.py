"""Laws of the program as a whole: where its words go, and what its exit code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mt
from mt import errors
from mt.cli.app import main

TIMEOUT = 60   # seconds; a program that starts takes less than one


def run(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """The program as a process of its own."""
    command = [sys.executable, "-m", "mt", *arguments]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, encoding="utf-8", timeout=TIMEOUT)


def run_command_that(does: str) -> subprocess.CompletedProcess[str]:
    """The program with one command more, whose body is `does`."""
    code = f"""
import sys, types
from mt.cli import app as program
from mt.errors import *
def command():
    {does}
sys.modules["mt.cli.command"] = types.SimpleNamespace(command=command)
program.COMMANDS = ("command",)
sys.argv = ["mt", "command"]
program.main()
"""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=TIMEOUT)


def leave(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    """The exit code of the program, run in this process."""
    monkeypatch.setattr(sys, "argv", ["mt", *arguments])
    with pytest.raises(SystemExit) as leaving:
        main()
    return leaving.value.code


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Usage: .*mt"),
        (["--nonsense"], "--help|-h"),
        (["trian"], "did you mean 'train'"),
        (["Good morning [all]"], r"'Good morning \[all\]'[^☺]*fix: .*mt translate"),
        (["translate", "--beem", "4"], "--beam"),
        (["translate", "--beam", "many", "Hello"], "--beam"),
        (["translate", "--beam", "0", "Hello"], "--beam"),
        (["translate", "--input", "a.txt", "Hello"], "fix: "),
    ],
)
def test_a_wrong_command_line_exits_2_and_tells_what_helps(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert leave(arguments, monkeypatch) == 2
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert re.search(words, out + err)
    assert not out or not arguments   # without any argument, the help is the result


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["translate", "--model", "no/such/folder", "Hello"], 4),
        (["translate", "--input", "no/such/file.txt"], 3),
        (["prepare", "no/such/corpus.tsv"], 3),
    ],
)
def test_an_error_is_told_in_two_lines_on_stderr(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    monkeypatch.chdir(tmp_path)
    assert leave(arguments, monkeypatch) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert re.fullmatch(r"error: .*no/such.*\nfix: .+\n", err)
    assert list(tmp_path.iterdir()) == []   # nothing half-made is left


def test_each_error_exits_with_the_code_its_family_tree_shows():
    shown = re.findall(r"(\w+Error) +(\d+) ", errors.__doc__ or "")
    family = [errors.MtError, *errors.MtError.__subclasses__()]
    assert [(kind.__name__, str(kind.exit_code)) for kind in family] == shown


@pytest.mark.parametrize(
    ("does", "code", "words"),
    [
        ('raise FidelityError("a [number] was :lost:", fix="mend it")', 8, r"error: a \[number\] was :lost:\nfix: mend it\n"),
        ('raise TrainingError("no fix is known")', 6, r"error: no fix is known\n"),
        ('raise OSError(28, "No space left on device")', 7, r"error: .*No space left on device\nfix: .+\n"),
        ('raise type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory")', 2, r"error: the memory of the device .*\nfix: .+\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("1 / 0", 1, r"Traceback [\s\S]*ZeroDivisionError.*\n"),
        ("pass", 0, ""),
    ],
)
def test_what_ends_a_command_decides_the_exit_code(does: str, code: int, words: str):
    result = run_command_that(does)
    assert (result.returncode, result.stdout) == (code, "")
    assert re.fullmatch(words, result.stderr)


def test_a_reader_that_has_left_ends_the_program_quietly():
    reader = subprocess.Popen([sys.executable, "-c", "pass"], stdin=subprocess.PIPE)
    assert reader.stdin
    with reader.stdin as pipe:
        reader.wait(TIMEOUT)
        result = run("--version", stdout=pipe.fileno())
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_an_error_with_a_fix():
    with Path("/dev/full").open("w") as full:
        result = run("--version", stdout=full.fileno())
    assert result.returncode == 7
    assert re.fullmatch(r"error: .+\nfix: .+\n", result.stderr)


def test_the_version_is_the_only_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert leave(["--version"], monkeypatch) == 0
    assert capsys.readouterr() == (f"mt {mt.__version__}\n", "")


def test_the_version_is_the_one_of_the_package():
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{mt.__version__}"\n' in project


@pytest.mark.parametrize("command", ["translate", "prepare", "train", "evaluate", "explain", "plot", "export"])
def test_every_command_has_help(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert leave([command, "--help"], monkeypatch) == 0
    out, err = capsys.readouterr()
    assert command in out
    assert err == ""


def test_quiet_silences_words_but_not_errors():
    told = 'from mt import console; console.be_quiet(); console.log("words"); console.warn("words"); raise DataError("an error")'
    assert run_command_that(told).stderr == "error: an error\n"
    assert run("--quiet", "translate", "--model", "no/such/folder", "Hello").stderr.startswith("error: ")
