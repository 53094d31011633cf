"""A new generation, filled from the first event under a consumer group of its own while the others serve.

Whatever ends it, the next run goes on where the group was. What need not be done for each batch is done once at the
end: counts from all rows, and indexes, before the workers take over.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from chassis import clock
from chassis.consuming import Consumer
from chassis.health import Unhealthy
from chassis.kafka import Cluster, Place, places_of
from chassis.metrics import Metrics
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
        await recount_everything(target)
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
            places = await self._places(number)
            while (behind := sum(place.behind for place in places)) > CLOSE_RECORDS:
                self.tell(f"generation {number}: {progress_of(places)}{await _trouble(consumer)}")
                await _read_on(consumer, behind - CLOSE_RECORDS)
                places = await self._places(number)
            self.tell(f"generation {number}: {progress_of(places)}")
        finally:
            await consumer.stop()

    async def _places(self, number: int) -> list[Place]:
        return await places_of(self.cluster, group_of(number), tuple(TOPICS.values()))

    async def _fold(self, number: int, batch: Sequence[Received]) -> None:
        await fold(self.generations.at(number), batch, await self.generations.present())


def progress_of(places: Sequence[Place]) -> str:
    """Records done of all records, by topic."""
    done: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for one in places:
        done[one.topic] += one.next - one.first
        total[one.topic] += one.end - one.first
    return ", ".join(f"{topic} {done[topic]:,}/{total[topic]:,}" for topic in sorted(total))


async def _read_on(consumer: Consumer[Received], records: int) -> None:
    """Wait until so many more records are committed, but no longer than it is quiet meanwhile."""
    tally, ends = consumer.progress.tally, clock.monotonic() + TELL_SECONDS
    goal = tally.total() + records
    while tally.total() < goal and clock.monotonic() < ends:  # noqa: ASYNC110 - the tally has no event for it
        await asyncio.sleep(LOOK_SECONDS)


async def _trouble(consumer: Consumer[Received]) -> str:
    try:
        await consumer.progress.ready()
    except Unhealthy as unhealthy:
        return f" ({unhealthy})"
    return ""
