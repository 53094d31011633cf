"""How long a batch may wait for what does not come: the time counts anew whenever something has come.

A request for many records may rightly take longer than others while the database works on it, and has no reason to wait
longer than others for one that hangs. So what limits it is the time without progress, up to a limit for the whole.
"""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class _Patience:
    limit: asyncio.Timeout
    seconds: float
    end: float
    is_open: bool = True


_patience: ContextVar[_Patience | None] = ContextVar("patience", default=None)


def went_on() -> None:
    """Say that something which was waited for has come; nothing happens where nobody counts."""
    patience = _patience.get()
    if patience is not None and patience.is_open and patience.limit.when() is not None and not patience.limit.expired():
        later = asyncio.get_running_loop().time() + patience.seconds
        patience.limit.reschedule(min(later, patience.end))


@contextmanager
def renewed(limit: asyncio.Timeout, seconds: float, seconds_in_all: float) -> Generator[None]:
    """Let progress put this limit off, by so much each time and by so much in all; tasks begun within count too."""
    patience = _Patience(limit, seconds, asyncio.get_running_loop().time() + seconds_in_all)
    token = _patience.set(patience)
    try:
        yield
    finally:
        # A transaction that nobody waits for any more goes on and must not touch a limit that is over.
        patience.is_open = False
        _patience.reset(token)
