"""mt translate: text, file or pipe → French."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option, echo

if TYPE_CHECKING:
    from mt.decoding.translator import Translation, Translator


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
    from mt import default_model, load
    from mt.config import update
    from mt.errors import OutputError, UsageError
    from mt.run import RunDir, replacing

    if text and input:
        raise UsageError("there is TEXT and --input", fix="give one of them")
    if input and output and output.exists() and output.samefile(input):
        raise OutputError(f"{output} is the input", fix="choose another --output")
    document = read_text(input) if input else None
    config = RunDir(model or default_model())
    config.check()
    settings = {"beam": beam, "batch_tokens": batch_tokens, "n_best": n_best}
    if beam is None and n_best > 4:
        settings["beam"] = n_best
    decode = update(config.read_config(), {"decode": {name: value for name, value in settings.items() if value is not None}}).decode
    translator = load(model, decode, device=device, engine=engine, threads=threads)
    show = Show(scores=scores, json=json_output, n_best=n_best)
    with replacing(output) if output else nullcontext() as target, Sink(target) as write:
        if document is not None and not json_output and not scores:
            result = translator.translate(document, unwrap=unwrap)
            show.warn(result)
            write(result.text)
        elif text or document is not None or not sys.stdin.isatty():
            lines = text or (document.splitlines() if document is not None else stdin_lines())
            for result in in_lines(translator, lines):
                show.warn(result)
                write("".join(line + "\n" for line in show.lines(result)))
        else:
            prompt(translator, show)


class Show:
    """How a translation is printed."""

    def __init__(self, *, scores: bool, json: bool, n_best: int) -> None:
        self.scores, self.json, self.n_best = scores, json, n_best

    def lines(self, result: Translation) -> Iterator[str]:
        """The output lines of one input line."""
        if self.json:
            import dataclasses
            import json

            yield json.dumps(dataclasses.asdict(result), ensure_ascii=False)
            return
        for text in result.alternatives if self.n_best > 1 and result.alternatives else [result.text]:
            yield f"{result.confidence:.3f}\t{text}" if self.scores else text

    def warn(self, result: Translation) -> None:
        """Say on standard error what may be wrong."""
        from mt import console

        for warning in result.warnings:
            console.warn(f"{warning}: {result.source[:60]!r}")


class Sink:
    """Where results go: standard output, or a file; flushed as they come."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    def __enter__(self) -> Sink:
        self.file = self.path.open("w", encoding="utf-8", newline="") if self.path else None
        return self

    def __call__(self, text: str) -> None:
        if self.file:
            self.file.write(text)
        else:
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()

    def __exit__(self, *problem: object) -> None:
        if self.file:
            self.file.close()


def in_lines(translator: Translator, lines: Iterable[str]) -> Iterator[Translation]:
    """One translation for each line."""
    return translator.translate_lines(lines)


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


def stdin_lines() -> Iterator[str]:
    """The lines of standard input as they come; bytes that are no UTF-8 become U+FFFD."""
    for raw in sys.stdin.buffer:
        yield raw.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")


def prompt(translator: Translator, show: Show) -> None:
    """Ask for text until Ctrl-D."""
    import contextlib

    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  importing it gives `input` a history and editing

    echo("English, a line at a time; Ctrl-D ends.", err=True)
    while True:
        try:
            line = input("en> ")
        except EOFError:
            echo(err=True)
            return
        result = translator.translate(line)
        show.warn(result)
        for shown in show.lines(result):
            echo(f"fr> {shown}")
