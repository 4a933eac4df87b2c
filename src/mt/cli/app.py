"""The `mt` program: its commands, its global options, and how an error becomes an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
from contextlib import suppress
from importlib import import_module
from itertools import takewhile
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from mt import __version__, console
from mt.errors import DeviceError, MtError, OutputError, UsageError

COMMANDS = ("translate", "prepare", "train", "tune", "evaluate", "explain", "plot", "export")   # each in a file of its name
INTERRUPTED = 130
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class Commands(TyperGroup):
    """The commands of `mt`. The commonest slips are a text in the place of a command, and one with a dash in front: errors tell what to write."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:   # Any: typer keeps the types of its parser to itself
        """The command that the first argument names; raises UsageError where there is none."""
        from mt.config import nearest

        name = args[0][:60]   # it may be a whole letter
        if name not in self.commands and not ctx.resilient_parsing:
            raise UsageError(
                f"there is no command {name!r}{nearest(name, self.commands)}",
                fix='mt --help lists the commands; to translate: mt translate "Good morning"',
            )
        for text in takewhile(lambda argument: argument != "--", args[1:]):
            if re.match(r"-(?:\d\S*)?\s", text):
                raise UsageError(f"{text[:60]!r} looks like an option", fix=f'put -- in front of the text: mt {name} -- "- Good morning"')
        return super().resolve_command(ctx, args)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        typer.echo(f"mt {__version__}")
        raise typer.Exit


def options(
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="print the version")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="say nothing but errors on standard error")] = False,
) -> None:
    """Translate English to French on your own machine, and train the model that does it."""
    if quiet:
        console.be_quiet()


def program(arguments: list[str]) -> typer.Typer:
    """The program with the command that the arguments name, or with all: to read them all takes 20 ms more."""
    app = typer.Typer(
        name="mt", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]}
    )
    app.callback()(options)
    words = [argument for argument in arguments if not argument.startswith("-")]
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        app.command()(getattr(import_module(f"mt.cli.{name}"), name))
    return app


def main() -> NoReturn:
    """Run the program; errors a user can mend are told in two lines, bugs keep their traceback.

    What typer itself finds wrong, such as an unknown option, it tells with a hint and exits 2.
    """
    try:
        program(sys.argv[1:])()
    except MtError as problem:
        fail(problem)
    except OSError as problem:
        if problem.errno not in NO_ROOM:
            raise
        console.drop(1)
        fail(OutputError(f"cannot write: {problem.strerror}", fix="make room on the disk, or write elsewhere"))
    except RuntimeError as problem:
        if type(problem).__name__ != "OutOfMemoryError":   # torch's, which need not be imported here
            raise
        fail(DeviceError("the memory of the device does not suffice", fix="use a smaller --preset or train.tokens_per_batch, or --device cpu"))
    except KeyboardInterrupt:   # inside a command typer has turned it into an exit already
        leave_at_once()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:
            leave_at_once()
        if not isinstance(leaving.__context__, BrokenPipeError):
            raise
        console.drop(1)   # its reader has had enough: mt translate ... | head
    sys.exit(0)


def fail(problem: MtError) -> NoReturn:
    """Tell what is wrong and leave."""
    console.error(problem)
    sys.exit(problem.exit_code)


def leave_at_once() -> NoReturn:
    """After Ctrl-C: what other threads are still translating is not waited for."""
    with suppress(OSError):   # its reader may be gone
        sys.stdout.flush()
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
