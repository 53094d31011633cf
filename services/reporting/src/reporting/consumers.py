"""Kafka in: each generation is fed by a consumer group of its own. A batch that comes again changes nothing."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from chassis.mongo import Database
from chassis.stream.consuming import Consumer
from chassis.stream.progress import Progress
from contracts import TOPICS, Received

from reporting.generations import Generations
from reporting.generations.switching import wait_while_held
from reporting.handlers import fold, recount

LISTENS_TO: Final = tuple(TOPICS.values())
LOOK_SECONDS: Final = 1.0


async def on_events(database: Database, batch: Sequence[Received], serving: Database | None = None) -> None:
    """Fold the batch into one generation, then count what it touched; `serving` as in `fold`."""
    await fold(database, batch, serving)
    await recount(database, batch)


async def feed(generations: Generations, number: int, batch: Sequence[Received]) -> None:
    """Take the batch into a generation; one that does not serve marks its entries as the one that serves has them."""
    await wait_while_held(generations, number)
    present = (await generations.current()).present
    serving = None if present == number else generations.at(present)
    await on_events(generations.at(number), batch, serving)


class Feeders:
    """A consumer for each generation that is kept up to date, whichever these are at the moment."""

    def __init__(self, generations: Generations, consumer_of: Callable[[int], Consumer[Received]]) -> None:
        """Nothing is read yet."""
        self._generations, self._consumer_of = generations, consumer_of
        self._running: dict[int, Consumer[Received]] = {}
        self._present = 1
        self._idle = Progress()
        self._stopping = False

    @property
    def progress(self) -> Progress:
        """The progress of the generation that serves: no other is vital."""
        consumer = self._running.get(self._present)
        return consumer.progress if consumer is not None else self._idle

    async def start(self) -> None:
        """Feed what is to be fed, until `stop`."""
        while not self._stopping:
            state = await self._generations.current()
            self._present = state.present
            for number in [one for one in self._running if one not in state.kept]:
                await self._end(number)
            for number in [one for one in state.kept if one not in self._running]:
                await self._begin(number)
            await asyncio.sleep(LOOK_SECONDS)

    async def stop(self) -> None:
        """Finish the batches in hand."""
        self._stopping = True
        await asyncio.gather(*(consumer.stop() for consumer in self._running.values()))

    async def _end(self, number: int) -> None:
        consumer = self._running.pop(number)
        await consumer.stop()
        # What is read no more is not behind either.
        consumer.metrics.consumer_lag.remove_by_labels({"consumer": consumer.name})

    async def _begin(self, number: int) -> None:
        consumer = self._consumer_of(number)
        await consumer.start()
        self._running[number] = consumer
        if self._stopping:
            await consumer.stop()
