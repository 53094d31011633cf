"""What costs the reading of a whole portfolio, shared for a moment by callers who would see the same."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final, Generic, TypeVar

from chassis import clock

SHARED_SECONDS: Final = 2.0
KEPT_MAX: Final = 64

Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")


class Recent(Generic[Asked, Answer]):
    """Answers no older than `SHARED_SECONDS`, so that a crowd costs as much as one."""

    def __init__(self, make: Callable[[Asked], Coroutine[Any, Any, Answer]]) -> None:
        """`make` finds the answer; what is asked must hold all that decides about it, the caller's scope first."""
        self._make = make
        self._begun: dict[Asked, tuple[float, asyncio.Task[Answer]]] = {}

    async def of(self, asked: Asked) -> Answer:
        """The answer, made now or a moment ago. Raises what making it raised, to all who waited for it."""
        now = clock.monotonic()
        begun_at, task = self._begun.get(asked, (None, None))
        if begun_at is None or task is None or now - begun_at > SHARED_SECONDS:
            task = asyncio.create_task(self._make(asked))
            self._begun.pop(asked, None)
            self._begun[asked] = (now, task)
            while len(self._begun) > KEPT_MAX:
                del self._begun[next(iter(self._begun))]
        # One caller who goes away must not end what the others wait for.
        return await asyncio.shield(task)
