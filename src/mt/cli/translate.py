"""mt translate: text, file or pipe → French."""

from __future__ import annotations

import os
import re
import select
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

from typer import Argument, Option, echo, style

if TYPE_CHECKING:
    from mt.decoding.translator import Translation, Translator
    from mt.extras.formats import Options
    from mt.text.glossary import Check, Glossary

WITH_FIELDS = ("json", "jsonl", "csv", "tsv")
STALL = 0.2   # seconds without a new line after which a pipe is answered at once


def translate(
    text: Annotated[list[str] | None, Argument(metavar="[TEXT]...", help="English; without it, standard input line by line, or a prompt")] = None,
    model: Annotated[Path | None, Option(help="model folder; else $MT_MODEL, else the model that ships")] = None,
    input: Annotated[Path | None, Option("--input", "-i", help="translate a file, its layout and markup kept; - is standard input")] = None,
    output: Annotated[Path | None, Option("--output", "-o", help="write here instead of standard output")] = None,
    format: Annotated[str | None, Option(help="of --input, else by its suffix: txt, md, html, srt, vtt, po, json, jsonl, csv, tsv, docx")] = None,
    fields: Annotated[str, Option(help="of JSON and tables: which keys or columns are text, as a,b")] = "",
    unwrap: Annotated[bool, Option(help="with --input: join the lines of a paragraph first")] = False,
    beam: Annotated[int | None, Option(min=1, help="hypotheses kept at each step; 1 is greedy")] = None,
    n_best: Annotated[int, Option(min=1, help="alternatives shown for each line that is one sentence")] = 1,
    scores: Annotated[bool, Option(help="put the confidence, 0 to 1, and a tab in front of each line")] = False,
    min_confidence: Annotated[float, Option(min=0, max=1, help="warn of translations less sure than this")] = 0.0,
    json_output: Annotated[bool, Option("--json", help="print one JSON object a line")] = False,
    glossary: Annotated[Path | None, Option(help="terms and their translations: TERM, a tab, TRANSLATION; a TERM alone stays")] = None,
    memory: Annotated[str | None, Option(metavar="FILE", help="translations you have, .tsv, .tmx or .jsonl: a sentence found there is taken")] = None,
    phrases: Annotated[bool, Option(help="take short text that the model's phrases.tsv has from there")] = True,
    spelling: Annotated[bool, Option(help="read mistyped words, and those of chats, as what was meant, and say so")] = True,
    typography: Annotated[str, Option(help="fr: no-break spaces, guillemets, ’; plain: none of them; keep: quotation marks of the source")] = "keep",
    strict: Annotated[bool, Option(help="exit 8 if a number, a URL, a placeholder, a term or the like was lost")] = False,
    device: Annotated[str, Option(help="auto, cpu, cuda or cuda:N")] = "auto",
    engine: Annotated[str, Option(help="auto, torch or ct2")] = "auto",
    batch_tokens: Annotated[int | None, Option(min=1, help="tokens translated together")] = None,
    threads: Annotated[int | None, Option(min=1, help="CPU threads")] = None,
    precision: Annotated[str, Option(help="of the torch engine: auto, fp32, bf16 or int8")] = "auto",
) -> None:
    """Translate English to French.

    A pipe is translated line by line, in order; an empty line stays empty. A file keeps its layout and markup.
    """
    from mt import decode_settings, load
    from mt.run import read_text

    input = Path("/dev/stdin") if input == Path("-") else input
    output = None if output == Path("-") else output
    only_text = not (scores or json_output or n_best > 1)   # so that a document can stay one
    check(text, input, output, by_format=bool(format or fields or unwrap), only_text=only_text)
    decode = decode_settings(model, {"beam": beam, "n_best": n_best, "batch_tokens": batch_tokens})
    translator = load(
        model, decode, device=device, engine=engine, threads=threads, precision=precision,
        glossary=glossary, memory=memory, phrases=phrases, spelling=spelling, typography=typography,
    )
    show = Show(translator.glossary, scores=scores, json=json_output, n_best=n_best, min_confidence=min_confidence)
    if input is not None and only_text:
        whole_file(translator, show, input, output, file_options(input, format, fields, unwrap=unwrap), model)
    else:
        with writer(output) as write:
            if not text and input is None and at_terminal():
                prompt(translator, show, write)
            else:
                lines = text or (stdin_lines(b"" if only_text else b"\r") if input is None else split_lines(read_text(input)))
                for result in translator.translate_lines(lines):
                    write(show.line(result))
    show.close(strict=strict)


def check(text: list[str] | None, input: Path | None, output: Path | None, *, by_format: bool, only_text: bool) -> None:
    """Refuse what contradicts itself before anything is loaded."""
    from mt.errors import OutputError, UsageError
    from mt.extras.formats import FORMATS

    if by_format and input is None:
        raise UsageError("--format, --fields and --unwrap are for --input", fix="give the text as a file: mt translate --unwrap -i letter.txt")
    if by_format and not only_text:
        raise UsageError("--json, --scores and --n-best give lines, not a file", fix="leave out --format, --fields and --unwrap")
    if input and not only_text and any(input.suffix.lower() in suffixes for name, (_, suffixes) in FORMATS.items() if name != "txt"):
        raise UsageError(f"--json, --scores and --n-best give lines, and {input.name} is no file of lines", fix="leave them out")
    if text and input:
        raise UsageError("there is TEXT and --input", fix="give one of them")
    if output and output.is_dir():
        raise OutputError(f"{output} is a folder", fix="name a file in it")
    if output and output.is_file() and not os.access(output, os.W_OK):
        raise OutputError(f"{output} may not be written to", fix="choose another --output")   # its folder would let us replace it
    read = input or Path("/dev/stdin")
    if output and output.is_file() and not text and read.exists() and output.samefile(read):
        raise OutputError(f"{output} is the input", fix="choose another --output")


def file_options(path: Path, format: str | None, fields: str, *, unwrap: bool) -> Options:
    """How a file is to be read."""
    from mt.errors import UsageError
    from mt.extras.formats import Options, format_of

    chosen = format or format_of(path)
    if fields and chosen not in WITH_FIELDS:
        raise UsageError(f"{chosen} files have no --fields", fix=f"leave it out; it is for {', '.join(WITH_FIELDS)}")
    if unwrap and chosen != "txt":
        raise UsageError(f"{chosen} files are not unwrapped", fix="leave out --unwrap; it is for txt")
    return Options(chosen, tuple(name.strip() for name in fields.split(",") if name.strip()), unwrap)


def whole_file(translator: Translator, show: Show, path: Path, output: Path | None, options: Options, model: Path | None) -> None:
    """Translate a file. With an output, what is done is remembered beside it until all is, and the same command goes on there."""
    from mt import console, default_model
    from mt.cli.document import Unfinished, translate_document
    from mt.run import RunDir
    from mt.text.casing import has_letters

    weights = RunDir(model or default_model()).weights
    how = (translator.network.config, translator.glossary.entries, translator.network.spelling.lines, translator.style)
    asked = chain((weights, weights.stat().st_mtime, options, *how), *(memory.entries.items() for memory in translator.memories))
    place = output.resolve() if output and (output.is_file() or not output.exists()) else None   # beside a pipe nothing can lie
    unfinished = Unfinished(place and place.with_name(f".{place.name}.mt-part"), asked)
    content, results = translate_document(translator, path, options, unfinished)
    if not results and has_letters(content.decode(errors="ignore")):
        console.warn(f"{path.name}, read as {options.format}, has nothing to translate")
    with bytes_writer(output) as write:
        write(content)
    unfinished.forget()
    for result in results:
        show.note(result)


class Show:
    """How translations are printed; what may be wrong with one goes to standard error, at once and summed up at the end."""

    def __init__(self, glossary: Glossary, *, scores: bool, json: bool, n_best: int, min_confidence: float) -> None:
        self.glossary, self.scores, self.json, self.n_best, self.min_confidence = glossary, scores, json, n_best, min_confidence
        self.flawed = 0
        self.terms: list[Check] = []
        self.told = set[str]()   # the mistyped words that have been spoken of

    def note(self, result: Translation) -> None:
        """Say what was read as what, and what may be wrong with a translation."""
        from mt import console
        from mt.decoding.sentence import IN_PIECES

        self.flawed += any(warning != IN_PIECES for warning in result.warnings)
        self.terms += self.glossary.check(result.source, result.text)
        console.mended({typed: meant for typed, meant in result.mended.items() if typed not in self.told})
        self.told |= result.mended.keys()
        for warning in [*result.warnings, *self.unsure(result)]:
            console.warn(f"{warning}: {' '.join(result.source.split())[:60]!r}")

    def unsure(self, result: Translation) -> list[str]:
        """A warning where the confidence is below what was asked for."""
        return [f"confidence {result.confidence:.2f}"] if result.confidence < self.min_confidence else []

    def line(self, result: Translation) -> str:
        """What is printed for a line: itself, or a line for each alternative, or an object."""
        self.note(result)
        if self.json:
            import dataclasses
            import json

            marked = dataclasses.replace(result, warnings=[*result.warnings, *self.unsure(result)])
            return json.dumps(dataclasses.asdict(marked), ensure_ascii=False) + "\n"
        found = [(result.text, result.confidence)]
        if self.n_best > 1 and result.alternatives:
            found = list(zip(result.alternatives, result.alternative_confidences, strict=True))
        return "".join(f"{coloured(confidence)}\t{text}\n" if self.scores else f"{text}\n" for text, confidence in found)

    def close(self, *, strict: bool) -> None:
        """Say at the end how the glossary was kept; with `strict`, fail where something was not."""
        from mt import console
        from mt.errors import FidelityError

        if self.terms:
            console.table("glossary", ["term", "translation", "met", "kept"], compliance(self.terms))
        elif self.glossary.entries:
            console.log(f"no term of the glossary was met, such as {next(iter(self.glossary.entries))!r}")
        if strict and self.flawed:
            raise FidelityError(f"{self.flawed} of the translations may have lost something", fix="read the warnings above; change these by hand")


def compliance(checks: Iterable[Check]) -> list[tuple[str, str, int, int]]:
    """Rows of term, translation, times met and times kept, for a table; the worst kept first."""
    rows: dict[tuple[str, str], tuple[str, str, int, int]] = {}
    for check in checks:
        entry = (check.term.lower(), check.target.lower())
        term, target, met, kept = rows.get(entry, (check.term, check.target, 0, 0))
        rows[entry] = (term, target, met + 1, kept + check.kept)
    return sorted(rows.values(), key=lambda row: (row[3] / row[2], -row[2], row[0]))


def coloured(confidence: float) -> str:
    """A confidence, red, yellow or green on a terminal."""
    text = f"{confidence:.3f}"
    colour = "red" if confidence < 0.4 else "yellow" if confidence < 0.6 else "green"
    return style(text, fg=colour) if sys.stdout.isatty() else text


@contextmanager
def writer(path: Path | None) -> Iterator[Callable[[str], None]]:
    """What writes text: to standard output as it comes, or to a file that is in place when all is there."""
    with bytes_writer(path) as write:
        yield lambda text: write(encoded(text))


@contextmanager
def bytes_writer(path: Path | None) -> Iterator[Callable[[bytes], None]]:
    """The same for bytes."""
    from mt.run import replacing

    if path is None:
        yield write_out
        return
    with replacing(path) as temporary, temporary.open("wb") as file:

        def write(content: bytes) -> None:
            file.write(content)

        yield write


def write_out(content: bytes) -> None:
    """Write to standard output, and at once."""
    from mt.errors import OutputError

    if sys.stdout is None:
        raise OutputError("standard output is closed", fix="open it, or name a file with --output")
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def encoded(text: str) -> bytes:
    """UTF-8; lone surrogates, which it has no bytes for, become U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text).encode()


def split_lines(text: str) -> list[str]:
    """Lines as a pipe has them: only a line feed ends one."""
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []


def at_terminal() -> bool:
    """Whether someone may be typing."""
    return sys.stdin is not None and sys.stdin.isatty()   # None where standard input is closed


def stdin_lines(end: bytes) -> Iterator[str | None]:
    """The lines of standard input as they come, without an `end` in front of the line feed; None where the next one keeps us waiting."""
    left, numbers = b"", count(1)
    while sys.stdin is not None and (data := cast(BufferedReader, sys.stdin.buffer).read1(1 << 16)):
        *lines, left = (left + data).split(b"\n")
        for line in lines:
            yield decoded(line.removesuffix(end), next(numbers))
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
