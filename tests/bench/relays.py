"""From a committed change to Kafka, by our relay and by Debezium's outbox router, each a process of its own.

Both read from the same replica set and write to the same broker the same messages; both are watched with the same
eyes. What each needs to start is not counted: a backlog's clock runs from its first message in Kafka to its last.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from chassis import clock
from chassis.journal import Actor, Change, Context, Owner, ensure_journal, entry_of
from chassis.kafka import Cluster, encoded, ensure_topic, producer_of
from chassis.mongo import Database, Document, Session
from contracts import TOPICS, Received
from debezium import Source, connect_worker
from harness import Contender, Limit, Row, Times, p99_ratio_to, ratio_to
from portfolio_mix import portfolio_events
from publishers import Debezium, OurRelay, Publisher
from sites.domain.study import StudyStatusChanged
from studyline.testing import Servers
from watching import WITHIN_SECONDS, Ends, rss_mib, steadily, tail_of

PER_SECOND: Final = 200
DIFFERENT_MESSAGES: Final = 2_000
WARM_UP_ENTRIES: Final = 20_000
WARM_UP_SECONDS: Final = 3
INSERTED_AT_ONCE: Final = 1_000
IN_FLIGHT_RAW: Final = 500
BACKLOG: Final = 50_000
BACKLOG_QUICK: Final = 10_000
SECONDS: Final = 20
SECONDS_QUICK: Final = 5


@dataclass
class RelayBench:
    """Both relays, warm, and what is asked of them."""

    database: Database
    cluster: Cluster
    ours: Publisher
    debezium: Publisher
    entries: Sequence[Document]

    async def backlog(self, relay: Publisher, count: int) -> float:
        """Entries a second of a backlog of so many, from the first message in Kafka to the last."""
        await relay.halt()
        for first in range(0, count, INSERTED_AT_ONCE):
            await relay.record(self._some(min(INSERTED_AT_ONCE, count - first)))
        async with Ends.of(self.cluster, relay.topic) as ends:
            watching = asyncio.create_task(ends.rate(await ends.sum(), count))
            await relay.go_on()
            return await watching

    async def latencies(self, relay: Publisher, seconds: float) -> Times:
        """Milliseconds from an acknowledged commit to its message at a consumer, at a steady rate."""
        committed: dict[str, float] = {}
        seen: dict[str, float] = {}
        entries = self._some(int(PER_SECOND * seconds))
        async with tail_of(self.cluster, relay.topic) as consumer:
            reading = asyncio.create_task(_read(consumer, seen, len(entries)))
            await steadily(partial(self._commit, relay, committed), entries, PER_SECOND)
            async with asyncio.timeout(WITHIN_SECONDS):
                await reading
        return Times.of([(seen[one] - committed[one]) * 1_000 for one in committed])

    async def produce(self, count: int) -> float:
        """The same messages sent by aiokafka alone, one by one as its manual has it; messages a second."""
        producer, topic = producer_of(self.cluster), self.cluster.topic("raw")
        messages = [message for entry in self._some(count) for message in entry["messages"]]
        await producer.start()
        began = time.perf_counter()
        for first in range(0, count, IN_FLIGHT_RAW):
            sent = [
                await producer.send(topic, one["body"].encode(), one["key"].encode(), headers=encoded(one["headers"]))
                for one in messages[first : first + IN_FLIGHT_RAW]
            ]
            await asyncio.gather(*sent)
        seconds = time.perf_counter() - began
        await producer.stop()
        return count / seconds

    async def warm_up(self) -> None:
        """A round that is not counted, so that the JVM has compiled what is hot."""
        for relay in (self.ours, self.debezium):
            await self.backlog(relay, WARM_UP_ENTRIES)
            await self.latencies(relay, WARM_UP_SECONDS)

    async def _commit(self, relay: Publisher, committed: dict[str, float], entry: Document) -> None:
        async def write(session: Session) -> None:
            state = {"_id": entry["_id"], "state": "x" * 400}
            await self.database.collection("state").insert([state], session=session)
            await relay.record([entry], session)

        await self.database.in_transaction(write)
        committed[entry["messages"][0]["headers"]["ce_id"]] = time.perf_counter()

    def _some(self, count: int) -> list[Document]:
        return [renamed(entry) for entry in islice(cycle(self.entries), count)]


@asynccontextmanager
async def relay_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """The comparisons, while both relays run."""
    count, seconds = (BACKLOG_QUICK, SECONDS_QUICK) if quick else (BACKLOG, SECONDS)
    async with relay_bench(servers) as bench:
        both = (("studyline", bench.ours), ("Debezium", bench.debezium))
        raw = Contender("aiokafka alone", partial(bench.produce, count))
        rates = [Contender(name, partial(bench.backlog, one, count)) for name, one in both]
        times = [Contender(name, partial(bench.latencies, one, seconds)) for name, one in both]
        memory = [Contender(name, partial(_held, one)) for name, one in both]
        yield [
            Row(
                f"relay: a backlog of {count:,}",
                "entries/s",
                "≥ Debezium's",
                [*rates, raw],
                [Limit("times Debezium's rate", ratio_to(1), least=1)],
            ),
            Row(
                f"relay: commit → Kafka at {PER_SECOND}/s",
                "ms, p50 / p99",
                "p99 ≤ half of Debezium's",
                times,
                [Limit("of Debezium's p99", p99_ratio_to(1), most=0.5)],
            ),
            Row(
                "relay: memory of its process after that",
                "MiB RSS",
                "≤ a fifth of Debezium's",
                memory,
                [Limit("of Debezium's memory", ratio_to(1), most=0.2)],
            ),
        ]


@asynccontextmanager
async def relay_bench(servers: Servers) -> AsyncGenerator[RelayBench]:
    """Run both relays, warm, while the context is open."""
    name = f"bench_{clock.new_id()[-8:]}"
    database, cluster = Database.connect(servers.mongodb_uri, name), Cluster(servers.kafka, f"{name}.", 1)
    entries = [entry_about(one) for one in portfolio_events(DIFFERENT_MESSAGES)]
    headers = tuple(sorted({header for entry in entries for header in entry["messages"][0]["headers"]}))
    await ensure_journal(database)
    for topic in ("debezium", "raw", TOPICS["sites"]):
        await ensure_topic(cluster, topic)
    source = Source(servers.mongodb_uri, name, servers.kafka, cluster.topic("debezium"), headers)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        worker = await stack.enter_async_context(connect_worker(folder, source))
        ours = OurRelay(servers, database, cluster, folder)
        await ours.go_on()
        stack.push_async_callback(ours.halt)
        bench = RelayBench(database, cluster, ours, Debezium(worker, database, source.topic), entries)
        await _until_listening(bench)
        await bench.warm_up()
        yield bench


def entry_about(told: Received) -> Document:
    """The journal entry that would have published this event."""
    about = told.envelope
    aggregate, _, key = about.subject.partition("/")
    change = Change(
        service=about.source.rpartition("/")[2],
        aggregate=aggregate,
        aggregate_id=key,
        owner=Owner(about.sponsor, about.study),
        version_before=about.aggregateversion - 1,
        events=[StudyStatusChanged(occurred_at="2026-01-01", status="recruiting")],
        publications=[told.event],
        recorded_at=clock.now(),
        previous_hash="0" * 64,
        answer={"id": key, "version": about.aggregateversion},
    )
    return entry_of(change, Context(about.id, Actor("bench", ("operations",)), fingerprint="0" * 64))


def renamed(entry: Document) -> Document:
    """The same entry once more, recorded now."""
    key = clock.new_id()
    (message,) = entry["messages"]
    headers: Mapping[str, str] = {**message["headers"], "ce_id": key}
    return {**entry, "_id": key, "recorded_at": clock.now(), "messages": [{**message, "headers": headers}]}


async def _held(relay: Publisher) -> float:
    return rss_mib(relay.pid)


async def _read(consumer: Any, seen: dict[str, float], count: int) -> None:
    while len(seen) < count:
        record = await consumer.getone()
        headers = dict(record.headers)
        seen.setdefault(headers["ce_id"].decode(), time.perf_counter())


async def _until_listening(bench: RelayBench) -> None:
    """A connector's task counts as running a moment before its change stream is open."""
    async with Ends.of(bench.cluster, bench.debezium.topic) as ends, asyncio.timeout(WITHIN_SECONDS):
        before = await ends.sum()
        while await ends.sum() == before:
            await bench.debezium.record([renamed(bench.entries[0])])
            await asyncio.sleep(0.2)
        await asyncio.sleep(1)
