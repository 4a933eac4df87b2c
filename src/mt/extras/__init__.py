"""Leaves: what needs a package of its own, or serves one command. Only ct2 is asked for by mt.load."""

from __future__ import annotations

from contextlib import suppress

from mt.errors import ExtraError
from mt.run import RunDir


def show_progress(run: RunDir) -> None:
    """Redraw curves.png and the events of TensorBoard in a model folder, by whichever of these extras is there."""
    with suppress(ImportError, ExtraError):
        from mt.extras.plots import curves

        curves(run)
    with suppress(ImportError):
        from mt.extras.tensorboard import write_events

        write_events(run)
