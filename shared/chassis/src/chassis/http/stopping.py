"""Hearing of the end in time: the HTTP server waits for open answers, so answers without an end must be ended first."""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def called_at_stop(act: Callable[[], None]) -> Generator[None]:
    """Call `act` in the running loop when the process is told to stop, and let whoever listened before hear it too.

    Signals reach the main thread only: a service that runs in another one is stopped by other means.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(act)
        if callable(handler := before[signal.Signals(number)]):
            handler(number, frame)

    for number in STOP_SIGNALS:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
