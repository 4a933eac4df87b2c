"""Laws of files in a model folder: whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mt.config import Config
from mt.errors import DataError, OutputError, RunError
from mt.run import RunDir, claim, only_one, read_json, read_text, replacing, write_json, write_text


def test_a_file_is_replaced_when_the_block_ends_well(tmp_path: Path):
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text() == "two"
    assert [p.name for p in path.parent.iterdir()] == ["file.txt"]


def test_nothing_changes_when_the_block_fails(tmp_path: Path):
    path = tmp_path / "file.txt"
    write_text(path, "kept")
    def fail_half_way() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_text() == "kept"
    assert [p.name for p in tmp_path.iterdir()] == ["file.txt"]


def test_a_folder_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "folder"
    for name in ("old", "new"):
        with replacing(path) as temporary:
            temporary.mkdir()
            (temporary / name).write_text(name)
    assert [p.name for p in path.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "kept").touch()
    rename = Path.replace

    def replace(source: Path, target: Path) -> Path:
        if source.suffix == ".tmp":
            raise OSError(13, "Permission denied")
        return rename(source, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match="cannot write"), replacing(path) as temporary:
        temporary.mkdir()
    assert [p.name for p in path.iterdir()] == ["kept"]
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_a_place_that_cannot_be_written_is_an_output_error(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        write_text(tmp_path / "file" / "below", "text")


def test_a_link_stays_one_and_what_it_points_to_is_replaced(tmp_path: Path):
    (tmp_path / "link").symlink_to("file")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes")
def test_a_pipe_is_written_to_and_stays(tmp_path: Path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_text(pipe, "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.model", "model.safetensors"])
def test_a_folder_without_one_of_its_files_is_refused(tmp_path: Path, missing: str):
    run = RunDir(tmp_path)
    for file in (run.config, run.tokenizer, run.weights):
        if file.name != missing:
            file.write_text("{}")
    with pytest.raises(RunError, match=missing):
        run.check()


def test_an_absent_folder_is_refused(tmp_path: Path):
    with pytest.raises(RunError, match="no model folder"):
        RunDir(tmp_path / "absent").check()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]"])
def test_a_damaged_json_file_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(RunError, match=r"config\.json"):
        read_json(path)


def test_a_configuration_comes_back_from_disk(tmp_path: Path):
    run = RunDir(tmp_path)
    run.write_config(Config(), "1.0")
    assert run.read_config() == Config()


def test_the_log_forgets_what_came_after_a_step_and_a_line_cut_off(tmp_path: Path):
    run = RunDir(tmp_path)
    run.forget_after(5)
    assert not run.metrics.exists()
    run.metrics.write_text('{"step": 5}\n{"step": 5, "valid_nll": 1}\n{"step": 10}\n{"step": 3')
    run.forget_after(5)
    assert run.metrics.read_text() == '{"step": 5}\n{"step": 5, "valid_nll": 1}\n'
    run.forget_after(0)
    assert run.metrics.read_text() == ""


def test_weights_for_the_average_are_forgotten_after_a_step(tmp_path: Path):
    run = RunDir(tmp_path)
    run.resume.mkdir()
    for step in (5, 10):
        (run.resume / f"average-{step:08d}.safetensors").touch()
    run.forget_after(5)
    assert [path.name for path in run.resume.iterdir()] == ["average-00000005.safetensors"]


def test_a_file_is_replaced_without_touching_what_lies_beside_it(tmp_path: Path):
    (tmp_path / ".file.old").write_text("the user's own")
    for text in ("one", "two"):
        write_text(tmp_path / "file", text)
    assert (tmp_path / ".file.old").read_text() == "the user's own"


def test_text_in_another_encoding_is_told_how_to_convert(tmp_path: Path):
    (tmp_path / "letter.txt").write_bytes(b"\x93caf\xe9\x94\n")   # quotation marks that latin1 has not
    with pytest.raises(DataError) as problem:
        read_text(tmp_path / "letter.txt")
    assert f"iconv -f cp1252 -t utf-8 {tmp_path}" in problem.value.fix


def test_a_file_keeps_its_permissions_when_it_is_replaced(tmp_path: Path):
    path = tmp_path / "file"
    for mode in (0o600, 0o640):
        path.touch()
        path.chmod(mode)
        before = path.stat().st_mode
        write_text(path, "new")
        assert path.stat().st_mode == before


@pytest.mark.skipif(sys.platform == "win32", reason="there only_one holds nothing")
def test_only_one_training_holds_a_folder(tmp_path: Path):
    run = RunDir(tmp_path / "run")
    with only_one(run), pytest.raises(RunError, match="another mt train"), only_one(run):
        pass
    assert not run.path.exists()   # nothing came of it
    with only_one(run):
        write_text(run.path / "config.json", "{}")
    with only_one(run):
        assert run.config.exists()


@pytest.mark.parametrize("words", ["the\t3\n", None])
def test_a_model_folder_takes_the_words_of_its_data_along_where_there_are_any(tmp_path: Path, words: str | None):
    data, run = RunDir(tmp_path / "data"), RunDir(tmp_path / "run")
    write_json(data.manifest, {})
    write_text(data.tokenizer, "pieces")
    if words:
        write_text(data.words, words)
    claim(run, Config(), data, "0")
    assert run.tokenizer.read_text() == "pieces"
    assert (run.words.read_text() if run.words.exists() else None) == words
    claim(run, Config(), data, "0")   # to go on is allowed
