"""Reading ahead: while one batch is written down, the next is fetched and decoded, so that neither waits for the other.

Only where the last batch was full, which tells that the reader is behind: who keeps up takes what has come by then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from chassis.stream.records import Record, record_of

RECORDS_AT_ONCE: Final = 250
"""Decoded without a pause: what has been written meanwhile is not kept waiting for longer."""

D = TypeVar("D")


class Read(NamedTuple, Generic[D]):
    """A record and its event, None for an unknown type, or what is wrong with it."""

    record: Record
    event: D | Exception | None

    @property
    def topic(self) -> str:
        """The record's topic, which FastStream's log names."""
        return self.record.topic


class Ahead(Generic[D]):
    """A consumer's batches, in the order in which `fetch` gives them."""

    def __init__(
        self,
        fetch: Callable[[Any], Awaitable[Sequence[Any]]],
        decode: Callable[[Record], D | Exception | None],
        full: int,
    ) -> None:
        """Nothing is read yet. A batch of `full` records tells that there are more."""
        self._fetch, self._decode, self._full = fetch, decode, full
        self._next: asyncio.Task[list[Read[D]]] | None = None

    async def get(self, consumer: Any) -> list[Read[D]]:
        """The next batch; empty where none came. What belongs to a partition that was taken away is left out."""
        reading, self._next = self._next, None
        batch = await (reading or self._read(consumer))
        if len(batch) >= self._full:
            self._next = asyncio.create_task(self._read(consumer))
        if reading is None:
            return batch
        assigned = consumer.assignment()
        return [one for one in batch if one.record.partition_read in assigned]

    async def stop(self) -> None:
        """Forget what was read ahead: it was not committed."""
        reading, self._next = self._next, None
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(self, consumer: Any) -> list[Read[D]]:
        fetched, batch = await self._fetch(consumer), list[Read[D]]()
        for first in range(0, len(fetched), RECORDS_AT_ONCE):
            records = map(record_of, fetched[first : first + RECORDS_AT_ONCE])
            batch += [Read(record, self._decode(record)) for record in records]
            await asyncio.sleep(0)
        return batch
