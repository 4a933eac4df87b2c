"""mt translate: text, file or pipe → French."""

from __future__ import annotations

import re
import select
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option, echo

if TYPE_CHECKING:
    from mt.decoding.translator import Translation, Translator

STALL = 0.2   # seconds without a new line after which a pipe is answered at once


def translate(
    text: Annotated[list[str] | None, Argument(metavar="[TEXT]...", help="English; without it, standard input line by line, or a prompt")] = None,
    model: Annotated[Path | None, Option(help="model folder; else $MT_MODEL, else the model that ships")] = None,
    input: Annotated[Path | None, Option("--input", "-i", help="translate a text file, its layout kept")] = None,
    output: Annotated[Path | None, Option("--output", "-o", help="write here instead of standard output")] = None,
    beam: Annotated[int | None, Option(min=1, help="hypotheses kept at each step; 1 is greedy")] = None,
    n_best: Annotated[int, Option(min=1, help="alternatives shown for each sentence")] = 1,
    scores: Annotated[bool, Option(help="put the confidence, 0 to 1, and a tab in front of each line")] = False,
    json_output: Annotated[bool, Option("--json", help="print one JSON object a line")] = False,
    unwrap: Annotated[bool, Option(help="with --input: join the lines of a paragraph first")] = False,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
    engine: Annotated[str, Option(help="auto, torch or ct2")] = "auto",
    batch_tokens: Annotated[int | None, Option(min=1, help="tokens translated together")] = None,
    threads: Annotated[int | None, Option(min=1, help="CPU threads")] = None,
) -> None:
    """Translate English to French.

    A pipe is translated line by line, in order; an empty line stays empty. A file keeps its layout.
    """
    from mt import decode_settings, load
    from mt.errors import OutputError, UsageError

    if input is None and unwrap:
        raise UsageError("--unwrap is for --input", fix="give the text as a file: mt translate --unwrap -i letter.txt")
    if text and input:
        raise UsageError("there is TEXT and --input", fix="give one of them")
    if input and output and output.exists() and output.samefile(input):
        raise OutputError(f"{output} is the input", fix="choose another --output")
    document = read_text(input) if input else None
    decode = decode_settings(model, {"beam": beam, "n_best": n_best, "batch_tokens": batch_tokens})
    translator = load(model, decode, device=device, engine=engine, threads=threads)
    show = Show(scores=scores, json=json_output, n_best=n_best)
    with writer(output) as write:
        if document is not None and show.only_text:
            write(show.whole(translator.translate(document, unwrap=unwrap)))
        elif not text and document is None and at_terminal():
            prompt(translator, show, write)
        else:
            lines = text or (stdin_lines() if document is None else split_lines(document))
            for result in translator.translate_lines(lines):
                write(show.line(result))


class Show:
    """How a translation is printed; what may be wrong with it goes to standard error."""

    def __init__(self, *, scores: bool, json: bool, n_best: int) -> None:
        self.scores, self.json, self.n_best = scores, json, n_best

    @property
    def only_text(self) -> bool:
        """Whether nothing but the translation is wanted, so that a document can stay one."""
        return not (self.scores or self.json or self.n_best > 1)

    def whole(self, result: Translation) -> str:
        """A document."""
        from mt import console

        for warning in result.warnings:
            console.warn(warning)
        return result.text

    def line(self, result: Translation) -> str:
        """What is printed for a line: itself, or a line for each alternative, or an object."""
        from mt import console

        for warning in result.warnings:
            console.warn(f"{warning}: {result.source[:60]!r}")
        if self.json:
            import dataclasses
            import json

            return json.dumps(dataclasses.asdict(result), ensure_ascii=False) + "\n"
        found = [(result.text, result.confidence)]
        if self.n_best > 1 and result.alternatives:
            found = list(zip(result.alternatives, result.alternative_confidences, strict=True))
        return "".join(f"{confidence:.3f}\t{text}\n" if self.scores else f"{text}\n" for text, confidence in found)


@contextmanager
def writer(path: Path | None) -> Iterator[Callable[[str], None]]:
    """What writes results: to standard output as they come, or to a file that is in place when all are there."""
    from mt.run import replacing

    if path is None:
        yield write_out
        return
    with replacing(path) as temporary, temporary.open("wb") as file:

        def write(text: str) -> None:
            file.write(encoded(text))

        yield write


def write_out(text: str) -> None:
    """Write to standard output, and at once."""
    sys.stdout.buffer.write(encoded(text))
    sys.stdout.buffer.flush()


def encoded(text: str) -> bytes:
    """UTF-8; lone surrogates, which it has no bytes for, become U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text).encode()


def read_text(path: Path) -> str:
    """A UTF-8 text file, line ends as they are."""
    from mt.errors import DataError

    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}", fix="check the path") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8 text", fix=f"convert it: iconv -f latin1 -t utf-8 {path}") from error


def split_lines(text: str) -> list[str]:
    """Lines as a pipe has them: only a line feed ends one."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def at_terminal() -> bool:
    """Whether someone may be typing."""
    return sys.stdin is not None and sys.stdin.isatty()   # None where standard input is closed


def stdin_lines() -> Iterator[str | None]:
    """The lines of standard input as they come; None where the next one keeps us waiting."""
    left, numbers = b"", count(1)
    while sys.stdin is not None and (data := cast(BufferedReader, sys.stdin.buffer).read1(1 << 16)):
        *lines, left = (left + data).split(b"\n")
        for line in lines:
            yield decoded(line.removesuffix(b"\r"), next(numbers))
        if not more_is_there():
            yield None
    if left:
        yield decoded(left, next(numbers))


def decoded(line: bytes, number: int) -> str:
    """A line of a pipe; one bad byte does not stop a long job, it becomes U+FFFD with a warning."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        from mt import console

        console.warn(f"standard input, line {number}: not UTF-8 text")
        return line.decode("utf-8", "replace")


def more_is_there() -> bool:
    """Whether standard input has more, or has ended; True where the system cannot tell."""
    try:
        return bool(select.select([sys.stdin], [], [], STALL)[0])
    except (OSError, ValueError):
        return True


def prompt(translator: Translator, show: Show, write: Callable[[str], None]) -> None:
    """Ask for text until Ctrl-D; Ctrl-C gives up the line, or the translation that takes too long."""
    with suppress(ImportError):
        import readline  # noqa: F401  importing it gives `input` a history and editing

    echo("English, a line at a time; Ctrl-D ends.", err=True)
    while True:
        try:
            write(show.line(translator.translate(ask("en> "))))
        except EOFError:
            echo(err=True)
            return
        except KeyboardInterrupt:
            echo(err=True)


def ask(question: str) -> str:
    """A line typed by the user; the question never gets into redirected output."""
    if sys.stdout.isatty():
        return input(question)
    echo(question, err=True, nl=False)
    return input()
