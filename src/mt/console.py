"""What `mt` says while it works: to standard error, so that standard output carries results only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from mt.errors import MtError

if TYPE_CHECKING:
    from rich.console import Console


class Advance(Protocol):
    """Moves a progress bar on by `count`."""

    def __call__(self, count: int = 1) -> None: ...


def stderr(*, anyone: bool = False) -> Console:
    """The console; quiet where MT_QUIET is set and, unless `anyone` may speak, on every process of a torchrun but the first."""
    from rich.console import Console  # rich takes a tenth of a second to import; most commands say nothing

    quiet = (os.environ.get("RANK", "0") != "0" and not anyone) or os.environ.get("MT_QUIET", "") == "1"
    console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True, quiet=quiet)
    setattr(console, "on_broken_pipe", lambda: drop(2))   # noqa: B010  for mypy; rich would end the program
    return console


def drop(descriptor: int) -> None:
    """Whoever read standard output (1) or error (2) has gone: what is still written to it goes nowhere, and nothing fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)


def be_quiet() -> None:
    """Say only errors from now on, in processes started from here too."""
    os.environ["MT_QUIET"] = "1"


def log(message: str) -> None:
    """Say something as it is, with its [brackets] and :colons:."""
    stderr().print(message, markup=False)


def warn(message: str, *, anyone: bool = False) -> None:
    """Say something that may need the user's attention; with `anyone` also what another process than the first has met."""
    stderr(anyone=anyone).print(f"warning: {message}", style="yellow", markup=False)


def mended(words: Mapping[str, str]) -> None:
    """Say which mistyped words were read as what."""
    for typed, meant in words.items():
        log(f'read "{typed}" as "{meant}"')


def error(problem: MtError) -> None:
    """Say what went wrong and what helps, even when quiet."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    console.print(f"error: {problem.message}", style="red", markup=False)
    if problem.fix:
        console.print(f"fix: {problem.fix}", markup=False)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Show rows under column heads; numbers to the right."""
    from rich.table import Table
    from rich.text import Text

    view = Table(title=Text(title) if title else None, title_justify="left", box=None, pad_edge=False)
    for i, column in enumerate(columns):
        numeric = all(isinstance(row[i], (int, float)) for row in rows)
        view.add_column(Text(column), justify="right" if numeric else "left")
    for row in rows:
        view.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else str(cell)) for cell in row))
    stderr().print(view)


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Advance]:
    """A bar with the time left, on a terminal; nothing elsewhere. Yields what moves it on."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = stderr()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(description, total=total)

        def advance(count: int = 1) -> None:
            bar.advance(task, count)

        yield advance
