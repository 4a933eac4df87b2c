"""Laws of `mt translate`: what goes in, what comes out, and where. The model is tiny and talks nonsense."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import make_model

import mt
from mt.cli.app import main
from mt.run import RunDir

Translate = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return make_model(tmp_path_factory.mktemp("translate") / "model")


@pytest.fixture
def translate(model: RunDir, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Translate:
    """`mt translate` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("MT_MODEL", str(model.path))

    def call(*arguments: str | Path, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mt", "translate", "--engine", "torch", "--device", "cpu", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        with pytest.raises(SystemExit) as leaving:
            main()
        out, err = capfdbinary.readouterr()
        return int(leaving.value.code or 0), out.decode(), err.decode()

    return call


def test_each_text_is_a_line_of_output(translate: Translate):
    code, out, _ = translate("Hello world.", "", "42", "The cat sat.")
    assert code == 0
    assert out.count("\n") == 4
    assert out.split("\n")[1:3] == ["", "42"]


def test_a_mistyped_word_is_read_as_what_was_meant_and_that_is_said(translate: Translate, model: RunDir):
    texts = (["the world"], ["teh wrold"], ["--no-spelling", "teh wrold"], ["wrold", "wrold"])
    model.words.write_text("the\t20000000\nworld\t9000\n")
    try:
        right, meant, asked, again = [translate(*words) for words in texts]
        [row] = [json.loads(line) for line in translate("--json", "teh wrold")[1].splitlines()]
    finally:
        model.words.unlink()
    assert meant[1] == right[1]
    assert meant[2].startswith('read "teh" as "the"\nread "wrold" as "world"\n')
    assert 'read "' not in asked[2] + right[2]
    assert again[2].count('read "wrold"') == 1
    assert row["mended"] == {"teh": "the", "wrold": "world"}


def test_a_pipe_gives_a_line_for_each_line(translate: Translate):
    _, out, _ = translate(stdin=b"Hello world.\n\n42\r\n  \nno line feed at the end 7")
    lines = out.split("\n")
    assert (lines[1], lines[2], lines[3], len(lines)) == ("", "42\r", "  ", 6)


def test_text_and_pipe_and_python_say_the_same(translate: Translate, model: RunDir):
    texts = ["Hello world.", "The cat sat on a mat.", "hello"]
    expected = [mt.load(model.path, device="cpu", engine="torch").translate(text).text for text in texts]
    assert translate(*texts)[1].splitlines() == expected
    assert translate(stdin="\n".join(texts).encode())[1].splitlines() == expected


def test_a_file_without_text_is_told(translate: Translate, tmp_path: Path):
    prose = tmp_path / "prose.po"
    prose.write_text("This is no file of messages.\n")
    code, out, err = translate("-i", prose)
    assert (code, out) == (0, prose.read_text())
    assert err == "warning: prose.po, read as po, has nothing to translate\n"


def test_a_file_of_lines_may_have_a_mark_of_byte_order(translate: Translate, tmp_path: Path):
    for encoding in ("utf-8-sig", "utf-16"):
        lines = tmp_path / f"{encoding}.txt"
        lines.write_text("42\n", encoding=encoding)
        assert json.loads(translate("--json", "-i", lines)[1])["source"] == "42"


def test_a_file_keeps_its_layout_and_nothing_is_printed(translate: Translate, tmp_path: Path):
    letter, result = tmp_path / "letter.txt", tmp_path / "new" / "lettre.txt"
    letter.write_bytes(b"  1\r\n\r\n\t- 2  3.\n\n> 4\x0c\n")
    assert translate("-i", letter, "-o", result) == (0, "", "")
    assert result.read_bytes() == letter.read_bytes()   # numbers are French already
    assert [path.name for path in result.parent.iterdir()] == ["lettre.txt"]


def test_a_file_is_translated_by_its_format(translate: Translate, tmp_path: Path):
    page, table = tmp_path / "page.md", tmp_path / "table.csv"
    page.write_text("# 1\n\n```\nprint('Hello')\n```\n\nHello *world*.\n")
    table.write_text("id,text\nHello,Hello\n")
    assert "# 1\n\n```\nprint('Hello')\n```\n\n" in translate("-i", page)[1]
    assert translate("-i", table, "--fields", "text")[1].startswith("id,text\nHello,")
    assert translate("-i", table, "--format", "txt")[1] != translate("-i", table)[1]


def test_a_dash_is_a_standard_stream(translate: Translate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    page, terminal = Path("page.md"), os.dup(0)
    page.write_text("# 1\n\n```\ncode\n```\n")
    try:
        with page.open() as file:
            os.dup2(file.fileno(), 0)
        assert translate("-i", "-", "--format", "md", "-o", "-")[:2] == (0, page.read_text())
    finally:
        os.dup2(terminal, 0)
        os.close(terminal)
    assert list(tmp_path.iterdir()) == [tmp_path / "page.md"]


def test_terms_of_a_glossary_are_kept_and_counted(translate: Translate, tmp_path: Path):
    terms = tmp_path / "terms.tsv"
    terms.write_text("Frobnicator\nhello\tbonjour\n")
    assert translate("--glossary", terms, "Frobnicator")[1] == "Frobnicator\n"   # nothing is left for the network
    _, out, err = translate("--glossary", terms, "See the hello and the Frobnicator there")
    assert "bonjour" in out
    assert "Frobnicator" in out
    assert "met" in err


def test_what_is_translated_already_is_taken_from_a_memory(translate: Translate, model: RunDir, tmp_path: Path):
    memory = tmp_path / "memory.tsv"
    memory.write_text("bough\trameau\nIt is late.\tIl se fait tard.\n", encoding="utf-8")
    model.phrases.write_text("bough\tbranche\ncat\tchat\n", encoding="utf-8")
    try:
        assert translate("bough", "Cat")[1] == "branche\nChat\n"
        assert translate("--memory", memory, "bough", "cat", "It is late. It is late.")[1] == "rameau\nchat\nIl se fait tard. Il se fait tard.\n"
        assert translate("--no-phrases", "--memory", memory, "bough", "cat")[1].startswith("rameau\n")
        assert "chat" not in translate("--no-phrases", "cat")[1]
    finally:
        model.phrases.unlink()


def test_strict_fails_after_all_is_written(translate: Translate):
    code, out, err = translate("--strict", "1", "Hello world.")   # which makes this network talk in circles
    assert code == 8
    assert out.splitlines()[0] == "1"
    assert "repeat itself" in err
    assert translate("Hello world.")[0] == 0


def test_strict_takes_no_offence_at_a_long_sentence(translate: Translate):
    code, _, err = translate("--strict", ", ".join(["1.5", "2.5"] * 90))
    assert (code, "in pieces" in err) == (0, False)   # nothing to translate
    code, _, err = translate("--strict", "the cat " * 60 + "ran")
    assert "in pieces" in err
    assert (code == 8) == ("repeat itself" in err)


def test_a_low_confidence_is_marked(translate: Translate):
    assert "confidence 0" in translate("--min-confidence", "1", "Hello world.")[2]
    row = json.loads(translate("--json", "--min-confidence", "1", "Hello world.")[1])
    assert row["warnings"][-1].startswith("confidence 0")
    assert translate("--min-confidence", "0", "Hello world.")[2].count("confidence") == 0


def test_json_is_one_object_for_each_line(translate: Translate, tmp_path: Path):
    text = tmp_path / "text.txt"
    text.write_text("Hello world.\n\n42 \u2028 43\x0b44\n", encoding="utf-8", newline="")
    for out in (translate("--json", "-i", text)[1], translate("--json", stdin=text.read_bytes())[1]):
        rows = [json.loads(line) for line in out.removesuffix("\n").split("\n")]
        assert [row["source"] for row in rows] == ["Hello world.", "", "42 \u2028 43\x0b44"]
        assert all(set(row) >= {"source", "text", "confidence", "alternatives", "warnings"} for row in rows)


def test_scores_stand_in_front_of_each_line(translate: Translate):
    for line in translate("--scores", "Hello world.", "42")[1].splitlines():
        assert 0 <= float(line.split("\t")[0]) <= 1


def test_more_alternatives_than_the_beam_widen_it_unless_it_is_given(translate: Translate):
    lines = translate("--n-best", "5", "Hello world", "--scores")[1].splitlines()
    assert 2 < len(set(lines)) == len(lines) <= 5
    assert translate("--n-best", "5", "--beam", "2", "Hello world")[0] == 2


def test_bytes_that_are_no_text_do_not_stop_a_pipe_and_are_told(translate: Translate):
    code, out, err = translate(stdin=b"1\n2 \xff\n3\n")
    assert (code, out) == (0, "1\n2 \ufffd\n3\n")
    assert "line 2" in err


def test_a_lone_surrogate_in_an_argument_becomes_a_replacement_mark(translate: Translate, tmp_path: Path):
    assert translate("1 \udcff")[1] == "1 \ufffd\n"
    translate("1 \udcff", "-o", tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8") == "1 \ufffd\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["-i", "bad.txt"], 3, "line 2"),
        (["-i", "missing.txt"], 3, "missing.txt"),
        (["-i", "."], 3, "cannot read"),
        (["-i", "good.txt", "Hello"], 2, "TEXT"),
        (["-i", "good.txt", "-o", "good.txt"], 7, "is the input"),
        (["-i", "good.txt", "-o", "link.txt"], 7, "is the input"),
        (["-i", "missing.txt", "-o", "good.txt"], 3, "missing.txt"),
        (["-i", "good.txt", "-o", "."], 7, "is a folder"),
        (["Hello", "-o", "."], 7, "is a folder"),
        (["--unwrap", "Hello"], 2, "--input"),
        (["--json", "--format", "md", "-i", "good.txt"], 2, "lines"),
        (["-i", "good.txt", "--format", "pdf"], 2, "pdf"),
        (["-i", "strange.pdf"], 2, ".pdf"),
        (["-i", "good.txt", "--fields", "text"], 2, "no --fields"),
        (["-i", "good.md", "--unwrap"], 2, "--unwrap"),
        (["- Hello"], 2, 'mt translate -- "'),
        (["-5 degrees"], 2, 'mt translate -- "'),
        (["--typography", "swiss", "Hello"], 2, "swiss"),
        (["--glossary", "bad.txt", "Hello"], 3, "bad.txt"),
        (["--glossary", "missing.tsv", "Hello"], 3, "missing.tsv"),
        (["--memory", "missing.tsv", "Hello"], 3, "missing.tsv"),
        (["--model", "nowhere", "Hello"], 4, "nowhere"),
        (["--device", "abacus", "Hello"], 2, "abacus"),
        (["--engine", "steam", "Hello"], 2, "steam"),
        (["Hello", "-o", "good.txt/under"], 7, "cannot write"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_lost(
    translate: Translate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
):
    monkeypatch.chdir(tmp_path)
    Path("good.txt").write_text("1\n")
    Path("bad.txt").write_bytes(b"fine\nnot \xff fine\n")
    Path("link.txt").symlink_to("good.txt")
    got, out, err = translate(*arguments)
    assert (got, out) == (code, "")
    assert words in err
    assert "fix:" in err
    assert Path("good.txt").read_text() == "1\n"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("arguments", [["Hello"], ["-i", "letter.txt"]])
def test_a_file_that_may_not_be_written_is_not_replaced(
    translate: Translate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
):
    monkeypatch.chdir(tmp_path)
    for name in ("letter.txt", "old.txt"):
        Path(name).write_text("1\n")
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)   # root may write to any file
    code, _, err = translate(*arguments, "-o", "old.txt", "--model", "nowhere")   # told before a model is looked for
    assert (code, Path("old.txt").read_text()) == (7, "1\n")
    assert "may not be written" in err


def test_a_variable_that_names_no_model_is_told(translate: Translate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MT_MODEL", "nowhere")
    code, _, err = translate("Hello")
    assert code == 4
    assert "nowhere, which MT_MODEL names" in err


def process(model: RunDir, *arguments: str, **streams: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mt", "translate", "--model", str(model.path), "--engine", "torch", "--device", "cpu", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(mt.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, **streams)


def test_a_slow_pipe_is_answered_line_by_line_and_its_end_may_be_missing(model: RunDir):
    with process(model, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for line in (b"1\n", b"2\n"):
            running.stdin.write(line)
            running.stdin.flush()
            assert running.stdout.readline() == line   # while the pipe is still open
        running.stdout.close()   # as `head` does
        running.stdin.write(b"3\n")
        running.stdin.close()
        assert running.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs /dev/stdin")
def test_the_file_that_is_standard_input_is_not_written_over(model: RunDir, tmp_path: Path):
    (tmp_path / "a.txt").write_text("1\n")
    with (tmp_path / "a.txt").open() as file, process(model, "-o", str(tmp_path / "a.txt"), stdin=file.fileno(), stderr=subprocess.PIPE) as running:
        assert b"is the input" in running.communicate(timeout=60)[1]
    assert running.returncode == 7


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_at_a_terminal_it_asks_until_the_input_ends(model: RunDir):
    import pty

    ours, theirs = pty.openpty()
    with process(model, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in (b"42\n", b"43\n"):
            os.write(ours, line)
            assert running.stdout.readline() == line   # the question itself is on standard error
        time.sleep(0.1)
        os.write(ours, b"\x04")
        assert running.wait(timeout=60) == 0
        assert b"en> " in running.stderr.read()
    os.close(ours)
    os.close(theirs)


def test_lines_are_asked_for_only_of_files_that_have_some(translate: Translate, tmp_path: Path):
    (tmp_path / "page.html").write_text("<p>Hello</p>")
    code, _, err = translate("--scores", "-i", tmp_path / "page.html")
    assert code == 2
    assert "page.html is no file of lines" in err
    for name in ("lines", "test.en", "letter.txt"):
        (tmp_path / name).write_text("Hello\n")
        assert translate("--scores", "-i", tmp_path / name)[0] == 0


def test_a_glossary_of_which_nothing_was_met_is_spoken_of(translate: Translate, tmp_path: Path):
    (tmp_path / "terms.tsv").write_text("house,maison\n")
    assert "no term of the glossary was met, such as 'house,maison'" in translate("--glossary", tmp_path / "terms.tsv", "The house.")[2]
