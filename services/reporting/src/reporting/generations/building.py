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
from reporting.handlers import fold, recount_everything, stored_before
from reporting.store import NAMES, prepare

TELL_SECONDS: Final = 1.0
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
        self.tell(f"generation {number}: counting and indexing")
        await recount_everything(target)
        await prepare(target)
        await self.generations.change({"building": number}, {"kept": [state.present, number]})

    async def _fill(self, number: int) -> None:
        effect = partial(self._fold, number)
        database, topics = self.generations.database, tuple(TOPICS.values())
        consumer: Consumer[Received] = Consumer(
            group_of(number), topics, received, effect, database, self.cluster, Metrics()
        )
        await consumer.start()
        try:
            places = await self._places(number)
            while sum(place.behind for place in places) > CLOSE_RECORDS:
                self.tell(f"generation {number}: {progress_of(places)}{await _trouble(consumer)}")
                await asyncio.sleep(TELL_SECONDS)
                places = await self._places(number)
            self.tell(f"generation {number}: {progress_of(places)}")
        finally:
            await consumer.stop()

    async def _places(self, number: int) -> list[Place]:
        return await places_of(self.cluster, group_of(number), tuple(TOPICS.values()))

    async def _fold(self, number: int, batch: Sequence[Received]) -> None:
        present = self.generations.at((await self.generations.current()).present)
        await fold(self.generations.at(number), batch, await stored_before(present, batch))


def progress_of(places: Sequence[Place]) -> str:
    """Records done of all records, by topic."""
    done: dict[str, int] = defaultdict(int)
    total: dict[str, int] = defaultdict(int)
    for one in places:
        done[one.topic] += one.next - one.first
        total[one.topic] += one.end - one.first
    return ", ".join(f"{topic} {done[topic]:,}/{total[topic]:,}" for topic in sorted(total))


async def _trouble(consumer: Consumer[Received]) -> str:
    try:
        await consumer.progress.ready()
    except Unhealthy as unhealthy:
        return f" ({unhealthy})"
    return ""
