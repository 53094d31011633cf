"""Redriving: parked records applied again in their order, by the consumer that reads their partition.

An operator marks an aggregate in the database, whichever process answers; the consumer finds the mark between two
batches or when idle. Each step may be repeated after a crash: effects are idempotent, and a record leaves the lot last.
What is being applied is marked too: an operator discards a record before that or never.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, Generic, TypeVar

import structlog

from chassis import failpoints
from chassis.mongo import Document
from chassis.stream.applying import OUTAGES, Apply, Held, apply_sound
from chassis.stream.parking import LOOK_SECONDS, ParkingLot, Queue, record_in
from chassis.stream.records import Record

RECORDS_AT_ONCE: Final = 200

D = TypeVar("D")
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Redriver(Generic[D]):
    """Redrives what is requested, in turn with the consumer's batches: `turn` is held by one of them at a time.

    `decode` gives the event, None for an unknown type, or what is wrong with the record. `look` refreshes the lot.
    """

    lot: ParkingLot
    decode: Callable[[Record], D | Exception | None]
    apply: Apply[D]
    look: Callable[[], Awaitable[object]]
    turn: asyncio.Lock

    async def run(self) -> None:
        """Look every second, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._round()
            except OUTAGES as error:
                _log.warning("redriving waits", error=type(error).__name__, detail=str(error)[:200])

    async def _round(self) -> None:
        async with self.turn:
            await self.look()
            queues = list(self.lot.requested())
        for queue in queues:
            await self._redrive(queue)

    async def _redrive(self, queue: Queue) -> None:
        """A queue from its first record until it is empty or one fails again: what came behind meanwhile as well."""
        request = None
        while True:
            async with self.turn:
                documents = await self.lot.first_of(queue, RECORDS_AT_ONCE)
                request = request or next((one["redrive"] for one in documents if "redrive" in one), None)
                if request is None or not documents or not await self._claimed(queue, documents, request):
                    return

    async def _claimed(self, queue: Queue, documents: Sequence[Document], request: str) -> bool:
        claimed = await self.lot.claim(documents)
        try:
            return await self._again(queue, claimed, request)
        except OUTAGES:
            await self.lot.unclaim(claimed)
            raise

    async def _again(self, queue: Queue, documents: Sequence[Document], request: str) -> bool:
        """Whether all of these were applied."""
        decoded = [(record, self.decode(record)) for record in map(record_in, documents)]
        sound = list(takewhile(lambda one: not isinstance(one[1], Exception), decoded))
        known = [(record, event) for record, event in sound if event is not None and not isinstance(event, Exception)]
        held = await apply_sound(self.apply, known)
        held += [Held(record, event) for record, event in decoded[len(sound) :] if isinstance(event, Exception)]
        await failpoints.reach("between-redrive-and-release")
        if not held:
            await self.lot.release(documents, request)
            return True
        record, error = held[0]
        assert error is not None, "the first of an aggregate that is held has failed itself"
        at = [one.place for one, _ in decoded].index(record.place)
        await self.lot.release(documents[:at], request)
        await self.lot.keep(queue, documents[at], error, request)
        return False
