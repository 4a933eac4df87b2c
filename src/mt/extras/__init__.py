"""Leaves: each may be deleted and breaks only its own command and test."""

from __future__ import annotations

from mt.run import RunDir


def show_progress(run: RunDir) -> None:
    """Redraw curves.png and the events of TensorBoard in a model folder, by whichever of these extras is there."""
    try:
        from mt.extras import plots

        if plots.available():
            plots.curves(run)
    except ImportError:
        pass
    try:
        from mt.extras import tensorboard

        if tensorboard.available():
            tensorboard.write_events(run)
    except ImportError:
        pass
