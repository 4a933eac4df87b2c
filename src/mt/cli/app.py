"""The `mt` program: its commands, its global options, and how an error becomes an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

import click
import typer

from mt import __version__, console
from mt.cli.evaluate import evaluate
from mt.cli.export import export
from mt.cli.prepare import prepare
from mt.cli.train import train
from mt.cli.translate import translate
from mt.errors import MtError

INTERRUPTED = 130

app = typer.Typer(name="mt", no_args_is_help=True, pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]})
for command in (translate, prepare, train, evaluate, export):
    app.command()(command)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        typer.echo(f"mt {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="print the version")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="say nothing but errors on standard error")] = False,
) -> None:
    """Translate English to French on your own machine, and train the model that does it."""
    if quiet:
        console.be_quiet()


def main() -> NoReturn:
    """Run the program; errors a user can mend are told in two lines, bugs keep their traceback."""
    try:
        app(standalone_mode=False)
    except MtError as problem:
        console.error(problem)
        sys.exit(problem.exit_code)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as problem:   # an unknown option or value: click says which, and how to get help
        problem.show()
        sys.exit(problem.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:   # the reader of our output has left: mt translate ... | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


if __name__ == "__main__":
    main()
