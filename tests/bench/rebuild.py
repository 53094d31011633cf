"""How fast `studyline rebuild reporting` folds a topic of events again, beside the least that could be done with them.

    make bench ARGS="--only rebuild"

The rebuild is the whole of it: Kafka, decoding, every projection, counts and indexes, while another generation serves.
"""

import asyncio
import time
from typing import Any, Final

from chassis import clock, garbage
from chassis.kafka import Cluster, ensure_topic, places_of
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import TOPICS
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.annotations import KafkaMessage
from harness import Contender, Limit, Row, ratio_to
from portfolio_mix import portfolio_events, publish_all
from pymongo import AsyncMongoClient, ReplaceOne, UpdateOne
from reporting.generations import Generations, group_of
from reporting.generations.building import Builder, begin
from reporting.generations.command import OPERATION_MILLISECONDS
from reporting.store import TIMELINE
from studyline.testing import Servers

EVENTS: Final = 100_000
EVENTS_QUICK: Final = 20_000
PLAIN_EVENTS: Final = 300
RAW_BATCH: Final = 1_000
AIM: Final = "≥ 0.67 of raw, ≥ 100 times plain"


class RebuildBench:
    """A topic of events, a generation that serves, and the ways of writing it all down again."""

    def __init__(self, servers: Servers, events: int) -> None:
        self._servers, self._events = servers, events
        name = f"bench_{clock.new_id()[-8:]}"
        self._cluster = Cluster(servers.kafka, f"{name}.", 1)
        self._database = Database.connect(servers.mongodb_uri, name, timeout_ms=OPERATION_MILLISECONDS)
        self._generations = Generations(self._database)
        self._entries: list[dict[str, Any]] = []

    async def prepare(self) -> None:
        """Publish the events, and build the generation that serves while others are built."""
        garbage.search_less()
        for topic in TOPICS.values():
            await ensure_topic(self._cluster, topic)
        await publish_all(self._cluster, portfolio_events(self._events))
        await self.rebuild()
        timeline = (await self._generations.present()).collection(TIMELINE)
        self._entries = await timeline.find(Scope.everything(), {})

    async def rebuild(self) -> float:
        """Build one more generation, and let it serve; events a second."""
        state = await begin(self._generations)
        number = state.building or 0
        began = time.perf_counter()
        await Builder(self._generations, self._cluster, lambda _: None).build(state)
        seconds = time.perf_counter() - began
        places = await places_of(self._cluster, group_of(number), tuple(TOPICS.values()))
        await self._generations.change({}, {"present": number, "kept": [number], "building": None})
        return (self._events - sum(one.behind for one in places)) / seconds

    async def raw(self) -> float:
        """Upsert a document of the size of each event's entry, a thousand at once, and do nothing else."""
        async with self._client() as client:
            raw = client[self._database.name]["raw"]
            await raw.drop()
            began = time.perf_counter()
            for first in range(0, len(self._entries), RAW_BATCH):
                some = self._entries[first : first + RAW_BATCH]
                await raw.bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in some], ordered=False)
            return len(self._entries) / (time.perf_counter() - began)

    async def plain(self) -> float:
        """A subscriber as one would write it first: one message, one update, one commit."""
        done = asyncio.Event()
        times: list[float] = []
        async with self._client() as client:
            plain = client[self._database.name]["plain"]
            broker = KafkaBroker(self._cluster.bootstrap, logger=None)

            async def on_event(body: dict[str, Any], message: KafkaMessage) -> None:
                await plain.bulk_write([UpdateOne({"_id": message.headers["ce_id"]}, {"$set": body}, upsert=True)])
                times.append(time.perf_counter())
                if len(times) > PLAIN_EVENTS:
                    done.set()

            topics = [self._cluster.topic(topic) for topic in TOPICS.values()]
            group = f"plain-{clock.new_id()}"
            subscriber = broker.subscriber(
                *topics, group_id=group, auto_offset_reset="earliest", ack_policy=AckPolicy.ACK
            )
            subscriber(on_event)
            try:
                await broker.start()
                await done.wait()
            finally:
                await broker.stop()
        return PLAIN_EVENTS / (times[PLAIN_EVENTS] - times[0])

    def _client(self) -> AsyncMongoClient[dict[str, Any]]:
        return AsyncMongoClient(self._servers.mongodb_uri, w="majority", journal=True)


async def rebuild_row(servers: Servers, *, quick: bool) -> Row:
    """The comparison, ready to be run."""
    bench = RebuildBench(servers, EVENTS_QUICK if quick else EVENTS)
    await bench.prepare()
    ways = [
        Contender("studyline", bench.rebuild),
        Contender("a raw bulk upsert an event", bench.raw),
        Contender("a plain FastStream subscriber", bench.plain),
    ]
    limits = [Limit("of raw", ratio_to(1), least=0.67), Limit("times plain", ratio_to(2), least=100)]
    return Row("rebuild of reporting", "events/s", AIM, ways, limits)
