"""A new generation, filled from the first event under a consumer group of its own while the others serve.

Whatever ends it, the next run goes on where the group was. What need not be done for each batch is done once at the
end: counts from all rows, and indexes, before the workers take over.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from chassis import clock, failpoints
from chassis.health import Unhealthy
from chassis.kafka import Cluster, Place, places_of
from chassis.metrics import Metrics
from chassis.stream.consuming import Consumer
from contracts import TOPICS, Received, received

from reporting.generations import Generations, State, group_of, name_in
from reporting.generations.switching import NotSwitchedError
from reporting.handlers import fold, recount_everything
from reporting.store import NAMES, prepare

TELL_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.05
BATCH_RECORDS: Final = 4_000
"""More than a worker takes at once: nobody waits for one of these records, and a round trip carries more of them."""
CLOSE_RECORDS: Final = 2_000
"""So few are left to the workers, which fold and count as they come."""


async def begin(generations: Generations) -> State:
    """The state with a generation under construction: the one that was begun, else a new one.

    Raises NotSwitchedError where a previous generation is still kept.
    """
    state = await generations.read()
    if state.building is not None:
        return state
    if state.other is not None:
        message = (
            f"Generation {state.other} is still kept for a rollback. Remove it first: "
            "`studyline rebuild reporting --drop-old`, then rebuild."
        )
        raise NotSwitchedError(message)
    number = state.number + 1
    await sweep(generations, state)
    change = {"number": number, "building": number, "begun_at": clock.now()}
    await generations.change({"number": state.number, "building": None}, change)
    return await generations.read()


async def sweep(generations: Generations, state: State) -> None:
    """Remove the collections of generations that there are no more."""
    wanted = {name_in(one, name) for one in (*state.kept, state.building) if one is not None for name in NAMES}
    owned = re.compile(rf"({'|'.join(NAMES)})(_g\d+)?")
    for name in await generations.database.collection_names():
        if owned.fullmatch(name) and name not in wanted:
            await generations.database.drop(name)


@dataclass(frozen=True)
class Builder:
    """Fills the generation under construction and hands it to the workers."""

    generations: Generations
    cluster: Cluster
    tell: Callable[[str], None]

    async def build(self, state: State) -> None:
        """Fill, count, index, hand over. Each step may be repeated."""
        number = state.building
        if number is None or number in state.kept:
            return
        await self._fill(number)
        target = self.generations.at(number)
        self.tell(f"generation {number}: indexing and counting")
        await prepare(target)
        await failpoints.reach("rebuild-indexed")
        await recount_everything(target)
        await failpoints.reach("rebuild-counted")
        await self.generations.change({"building": number}, {"kept": [state.present, number]})

    async def _fill(self, number: int) -> None:
        effect = partial(self._fold, number)
        database, topics = self.generations.database, tuple(TOPICS.values())
        consumer: Consumer[Received] = Consumer(
            group_of(number),
            topics,
            received,
            effect,
            database,
            self.cluster,
            Metrics(),
            batch_records=BATCH_RECORDS,
        )
        await consumer.start()
        try:
            reading = await self._reading(consumer, number)
            while reading.left > CLOSE_RECORDS:
                await self._until_close(reading, number)
                # Others may have come meanwhile, or some may have been read twice.
                reading = await self._reading(consumer, number)
        finally:
            await consumer.stop()

    async def _reading(self, consumer: Consumer[Received], number: int) -> "Reading":
        # Counted first, so that what is committed meanwhile is not taken for still to come.
        counted = consumer.progress.tally.total()
        places = await places_of(self.cluster, group_of(number), consumer.topics)
        return Reading(consumer, places, counted)

    async def _until_close(self, reading: "Reading", number: int) -> None:
        told_at = -TELL_SECONDS
        while reading.left > CLOSE_RECORDS:
            if clock.monotonic() - told_at >= TELL_SECONDS:
                told_at = clock.monotonic()
                self.tell(f"generation {number}: {reading.told}{await _trouble(reading.consumer)}")
            await asyncio.sleep(LOOK_SECONDS)

    async def _fold(self, number: int, batch: Sequence[Received]) -> None:
        await fold(self.generations.at(number), batch, await self.generations.present())


@dataclass(frozen=True)
class Reading:
    """How far a consumer has come since Kafka told where its group stood; `counted` is what it had committed by then.

    Asking Kafka takes a while, so in between the consumer's own count says it.
    """

    consumer: Consumer[Received]
    places: Sequence[Place]
    counted: int

    @property
    def left(self) -> int:
        """Records still to be read, of those that there were."""
        return sum(place.behind for place in self.places) - self._since

    @property
    def told(self) -> str:
        """Records done of all records."""
        total = sum(place.end - place.first for place in self.places)
        return f"{max(0, total - self.left):,} of {total:,} records"

    @property
    def _since(self) -> int:
        return self.consumer.progress.tally.total() - self.counted


async def _trouble(consumer: Consumer[Received]) -> str:
    try:
        await consumer.progress.ready()
    except Unhealthy as unhealthy:
        return f" ({unhealthy})"
    return ""
