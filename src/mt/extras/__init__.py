"""Leaves: what needs a package of its own, or serves one command. Only ct2 is asked for by mt.load."""

from __future__ import annotations

from mt import console
from mt.errors import ExtraError
from mt.run import RunDir


def show_progress(run: RunDir) -> None:
    """Redraw curves.png and the events of TensorBoard in a model folder, by whichever of these extras is there."""

    def draw_curves() -> None:
        from mt.extras.plots import curves

        curves(run)

    def write_events() -> None:
        from mt.extras.tensorboard import write_events

        write_events(run)

    for show in (draw_curves, write_events):
        try:
            show()
        except (ImportError, ExtraError):
            pass   # not installed
        except Exception as problem:   # whatever it is, training is worth more than a picture of it
            console.warn(f"cannot show the progress of training: {problem}")
