"""Laws of what is said while working: on standard error, as it is, by one process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from mt import console


@pytest.mark.parametrize("message", ["[red]list[0] [/]", ":smile: at 10:30:00", "a long line " * 30 + ".", "« éà » 日本 😀", "\\[x]"])
def test_a_message_is_said_as_it_is_on_one_line_of_stderr(message: str, capsys: pytest.CaptureFixture[str]):
    console.log(message)
    console.warn(message)
    assert capsys.readouterr() == ("", f"{message}\nwarning: {message}\n")


def test_a_table_shows_titles_heads_and_cells_as_they_are(capsys: pytest.CaptureFixture[str]):
    console.table("[title]", ["[head]", "pairs"], [("[b]x[/b]", 12345), (":cat:", 7)])
    out, err = capsys.readouterr()
    assert out == ""
    assert all(text in err for text in ("[title]", "[head]", "[b]x[/b]", ":cat:", "12,345"))


@pytest.mark.parametrize(("name", "value"), [("RANK", "1"), ("MT_QUIET", "1")])
def test_other_processes_and_quiet_ones_say_only_errors(name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    from mt.errors import DataError

    monkeypatch.setenv(name, value)
    console.log("words")
    console.warn("words")
    console.table("", ["head"], [("cell",)])
    with console.progress("going", total=2) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
    console.error(DataError("what", fix="how"))
    assert capsys.readouterr().err == "error: what\nfix: how\n"


def test_progress_is_shown_on_a_terminal_only(capsys: pytest.CaptureFixture[str]):
    with console.progress("going", total=2) as advance:
        advance(2)
    assert capsys.readouterr() == ("", "")


def test_work_goes_on_when_nobody_reads_standard_error_any_more():
    code = "from mt import console\nfor i in range(3000): console.log('words' * 20)\nprint('done')"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        process.stderr.close()
        assert process.stdout.read() == "done\n"
    assert process.returncode == 0
