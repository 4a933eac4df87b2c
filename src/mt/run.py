"""Where each file of a model folder lives, and how a file is replaced without ever being half-written."""

from __future__ import annotations

import codecs
import dataclasses
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt.config import Config, from_json, to_json
from mt.errors import DataError, OutputError, RunError

MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))   # of byte order

try:
    import fcntl
except ImportError:   # not on Windows
    fcntl = None   # type: ignore[assignment]


@dataclass(frozen=True)
class RunDir:
    """The layout of a model folder; making one touches no disk."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def tokenizer(self) -> Path:
        return self.path / "tokenizer.model"

    @property
    def words(self) -> Path:
        return self.path / "words.tsv"

    @property
    def phrases(self) -> Path:
        return self.path / "phrases.tsv"

    @property
    def weights(self) -> Path:
        return self.path / "model.safetensors"

    @property
    def card(self) -> Path:
        return self.path / "README.md"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def resume(self) -> Path:
        return self.path / "resume"

    def check(self) -> None:
        """Raise RunError unless the folder holds a model that can translate."""
        if not self.path.is_dir():
            raise RunError(f"there is no model folder at {self.path}", fix="give a folder made by mt train")
        for file in (self.config, self.tokenizer, self.weights):
            if not file.is_file():
                raise RunError(f"{self.path} has no {file.name}", fix="give a finished model folder, or make one with mt train")

    def read_config(self) -> Config:
        """The configuration the folder was made with; raises RunError where it cannot be read."""
        return from_json(read_json(self.config), self.config)

    def write_config(self, config: Config, version: str) -> None:
        """Write config.json."""
        write_json(self.config, to_json(config, version))

    def forget_after(self, step: int) -> None:
        """Forget the lines of the log after a step, one that was never finished, and weights kept for the average since then."""
        for kept in self.resume.glob("average-*"):
            if int(kept.stem.removeprefix("average-")) > step:
                kept.unlink()
        if self.metrics.exists():
            lines = self.metrics.read_text(encoding="utf-8").splitlines(keepends=True)
            complete = [line for line in lines if line.endswith("\n")]
            write_text(self.metrics, "".join(line for line in complete if json.loads(line)["step"] <= step))


def claim(run: RunDir, config: Config, data: RunDir, version: str) -> None:
    """Make a model folder for training on a prepared folder, or check that it was made with the same configuration and data."""
    manifest = read_json(data.manifest)
    if run.config.exists():
        before, now = flatten(dataclasses.asdict(run.read_config())), flatten(dataclasses.asdict(config))
        changed = [f"{key} was {before[key]}, is {now[key]}" for key in before if before[key] != now[key]]
        if read_json(run.manifest) != manifest:
            changed.append(f"the data in {data.path} is not what it was")
        if changed:
            fix = "give the settings it was made with, or choose another --out"
            raise RunError(f"{run.path} was made with another configuration: {'; '.join(changed)}", fix=fix)
        return
    if run.path.exists() and any(run.path.iterdir()):
        raise RunError(f"{run.path} is not empty and holds no model", fix="choose another --out")
    run.resume.mkdir(parents=True)   # from now on a model here is this training's, to be written over
    write_json(run.manifest, manifest)
    files = [data.tokenizer, data.words] if data.words.is_file() else [data.tokenizer]   # data prepared by an earlier mt has no words
    for file in files:
        with replacing(run.path / file.name) as copy:
            copy.write_bytes(file.read_bytes())
    run.write_config(config, version)


@contextmanager
def only_one(run: RunDir) -> Iterator[None]:
    """Hold a model folder for this training alone, until it ends however it ends; raises RunError where another one has it.

    Of the processes of torchrun the first holds it for all.
    """
    if fcntl is None or os.environ.get("RANK", "0") != "0":
        yield
        return
    try:
        run.path.mkdir(parents=True, exist_ok=True)
        held = os.open(run.path, os.O_RDONLY)
    except OSError as error:
        raise OutputError(f"cannot make {run.path}: {error.strerror}", fix="choose another --out") from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"another mt train is at work in {run.path}", fix="let it end, or choose another --out") from error
        try:
            yield
        finally:
            with suppress(OSError):
                run.path.rmdir()   # if nothing came of it
    finally:
        os.close(held)


def flatten(settings: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level, keys joined by dots."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        flat.update(flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value})
    return flat


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file of ours; raises RunError where it is missing or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(f"cannot read {path}: {error.strerror}", fix="give a folder made by mt") from error
    except ValueError as error:
        raise RunError(f"{path} is damaged: {error}", fix="copy the folder again, or make it again") from error
    if not isinstance(value, dict):
        raise RunError(f"{path} holds no object", fix="give a folder made by mt")
    return value


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a JSON file."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def read_text(path: Path) -> str:
    """A user's text file, line ends as they are; raises DataError where it is missing or not in an encoding of `decoded`."""
    try:
        return decoded(path.read_bytes())[0]
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", fix="check the path") from error
    except DataError as error:
        raise DataError(f"{path}, {error.message}", fix=f"{error.fix} {path}") from error


def decoded(content: bytes) -> tuple[str, bytes, str]:
    """The text of UTF-8, or of UTF-16 with a mark; the mark, if there is one, and the encoding. Raises DataError for another one."""
    mark, encoding = next((each for each in MARKS if content.startswith(each[0])), (b"", "utf-8"))
    try:
        return content[len(mark) :].decode(encoding), mark, encoding
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"line {line}: not {encoding.upper()} text", fix="convert it: iconv -f cp1252 -t utf-8") from error


def write_text(path: Path, text: str) -> None:
    """Replace a UTF-8 text file."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` to write a file or a folder to; it takes `path`'s place when the block ends well.

    Whatever goes wrong, `path` is as it was and the temporary is gone. OSError becomes OutputError. A device or a pipe, such
    as /dev/stdout, is written to itself; a link stays one, and a file keeps its permissions.
    """
    path = path.resolve()
    is_special = path.exists() and not path.is_file() and not path.is_dir()
    temporary = path if is_special else path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if is_special:
            return
        if not temporary.is_dir():
            sync(temporary)
            if path.is_file():
                shutil.copymode(path, temporary)
            temporary.replace(path)
            return
        put_aside(path)   # a folder cannot be replaced in one step
        try:
            temporary.replace(path)
        except OSError:
            with suppress(OSError):   # where there was none
                old_name(path).replace(path)
            raise
        with suppress(OSError):
            remove(old_name(path))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", fix="make room, or choose a folder you may write to") from error
    finally:
        with suppress(OSError):
            if not is_special:
                remove(temporary)


def put_aside(path: Path) -> None:
    """Rename what stands at `path`, if anything does, so that a folder can take its place."""
    if path.exists():
        remove(old_name(path))
        path.replace(old_name(path))


def old_name(path: Path) -> Path:
    """Where `put_aside` puts it."""
    return path.with_name(f".{path.name}.old")


def sync(path: Path) -> None:
    """Wait until a file's bytes are on the disk, so that a power cut cannot leave it empty."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
