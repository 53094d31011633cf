"""Clearing `pending` aside: no message waits until the journal knows what became of those before it.

What is acknowledged and not yet cleared is still pending in the journal, so whoever reads on must leave it out by name.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from chassis.journal import journal_of
from chassis.mongo import Database

UNMARKED_MAX: Final = 1_000
"""So many entries may be left out by name; for more of them the reader waits."""
END_SECONDS_MAX: Final = 1.0


class Marks:
    """The entries that Kafka has and the journal still counts as pending; one write at a time clears them."""

    def __init__(self, database: Database) -> None:
        """Nothing is known yet."""
        self._journal = journal_of(database)
        self._waiting: list[str] = []
        self._marking: Sequence[str] = ()
        self._task: asyncio.Task[None] | None = None

    @property
    def unmarked(self) -> list[str]:
        """The ids to be left out."""
        return [*self._marking, *self._waiting]

    def add(self, ids: Iterable[str]) -> None:
        """Kafka has these."""
        self._waiting += ids
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def settle(self, at_most: int = UNMARKED_MAX) -> None:
        """Wait until so few are unmarked. Raises what went wrong while marking; call `forget` then."""
        while self._task is not None and (self._task.done() or len(self._waiting) + len(self._marking) > at_most):
            await asyncio.shield(self._task)
            self._task = asyncio.create_task(self._work()) if self._waiting else None

    async def forget(self) -> None:
        """Leave it at what is marked: the rest is pending and will be sent once more."""
        task, self._task = self._task, None
        self._waiting = []
        if task is not None:
            await asyncio.wait([task], timeout=END_SECONDS_MAX)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._marking = ()

    async def _work(self) -> None:
        while self._waiting:
            self._marking, self._waiting = self._waiting, []
            await self._journal.update({"_id": {"$in": list(self._marking)}}, {"$unset": {"pending": ""}})
            self._marking = ()
