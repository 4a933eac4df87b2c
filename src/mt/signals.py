"""Ctrl-C and SIGTERM for work that should come to a good end first."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from mt import console


@contextmanager
def stop_on_signals(unit: str) -> Iterator[Event]:
    """Within the block, Ctrl-C and SIGTERM only set what is yielded; a second one raises KeyboardInterrupt at once."""
    asked = Event()

    def receive(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        console.log(f"stopping after this {unit}; once more to stop at once, losing what is not saved")

    before = {number: signal.signal(number, receive) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
