"""Leaves: each may be deleted and breaks only its own command and test."""

from __future__ import annotations

from mt.run import RunDir


def draw_curves(run: RunDir) -> None:
    """Redraw curves.png in a model folder, where matplotlib is installed; without it, or without this extra, nothing is done."""
    try:
        from mt.extras import plots
    except ImportError:
        return
    if plots.available():
        plots.curves(run)
