"""Speed, side by side in one run: `make bench`, or `make bench-quick` for fewer and shorter rounds.

Starts its own platform on free ports. See `harness.py` for what is written where.
"""

import argparse
import asyncio
import json
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from chassis import clock
from chassis.journal import ensure_journal, journal_of
from chassis.kafka import Cluster, encoded, ensure_topic, producer_of
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.relay import Relay
from chassis.scope import Scope
from harness import Contender, Row, write
from http_load import answered_per_second, request
from studyline.testing import Servers, start_servers

IN_FLIGHT = 16
RECORDS_IN_BATCH = 500


class Bench:
    """What the rows need: the running platform, and how much to do in a round."""

    def __init__(self, servers: Servers, size: int) -> None:
        self.servers, self.size = servers, size
        self.token = servers.token("operations")
        self.database = Database.connect(servers.mongodb_uri, "bench")
        self.cluster = Cluster(servers.kafka, "bench.", 1)

    # Commands over HTTP

    async def commands(self) -> float:
        """Register studies, one command each."""
        body = json.dumps(study()).encode()
        asked = [request("POST", "/v1/studies", self.token, body, clock.new_id()) for _ in range(self.size)]
        return await answered_per_second(self.servers.addresses.sites, asked, IN_FLIGHT)

    async def raw_transactions(self) -> float:
        """The same two documents written in a transaction each, without anything around it."""
        gate, documents = asyncio.Semaphore(IN_FLIGHT), {"state": "x" * 400, "entry": "y" * 1_400}

        async def one() -> None:
            async def write_both(session: Any) -> None:
                key = clock.new_id()
                await self.database.collection("raw_state").insert([{"_id": key, **documents}], session=session)
                await self.database.collection("raw_entry").insert([{"_id": key, **documents}], session=session)

            async with gate:
                await self.database.in_transaction(write_both)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(self.size)))
        return self.size / (time.perf_counter() - began)

    # Adoption

    async def adopt(self) -> float:
        """Adopt studies in batches; records a second."""
        batches = max(2, self.size // 200)
        asked = [
            request("POST", "/v1/adoptions/studies", self.token, adoption(number), clock.new_id())
            for number in range(batches)
        ]
        return RECORDS_IN_BATCH * await answered_per_second(self.servers.addresses.sites, asked, 2)

    # The relay

    async def relay(self) -> float:
        """Publish pending journal entries; entries a second."""
        count = self.size * 10
        journal = journal_of(self.database)
        await journal.insert([{**pending(number), "_id": clock.new_id()} for number in range(count)])
        relay = Relay(self.database, self.cluster, "relay", Metrics())
        began = time.perf_counter()
        task = asyncio.create_task(relay.run())
        while await journal.count(Scope.everything(), {"pending": True}):  # noqa: ASYNC110 - the truth is there
            await asyncio.sleep(0.01)
        rate = count / (time.perf_counter() - began)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return rate

    async def raw_produce(self) -> float:
        """The same messages sent by aiokafka alone."""
        count = self.size * 10
        producer = producer_of(self.cluster)
        await producer.start()
        messages = [pending(number)["messages"][0] for number in range(count)]
        began = time.perf_counter()
        for first in range(0, count, 500):
            sent = [
                await producer.send(
                    self.cluster.topic("relay"),
                    one["body"].encode(),
                    key=one["key"].encode(),
                    headers=encoded(one["headers"]),
                )
                for one in messages[first : first + 500]
            ]
            await asyncio.gather(*sent)
        rate = count / (time.perf_counter() - began)
        await producer.stop()
        return rate

    # Pages

    async def page(self, path: str) -> float:
        """Pages answered a second, one at a time."""
        asked = [request("GET", path, self.token) for _ in range(max(20, self.size // 10))]
        return await answered_per_second(self.servers.addresses.reporting, asked, 1)


def study() -> dict[str, object]:
    """A study to register."""
    return {
        "sponsor": {"name": "Bench"},
        "protocol_number": "BENCH-1",
        "title": "A study of how long things take in a platform for clinical studies",
        "occurred_at": "2026-01-01",
    }


def adoption(number: int) -> bytes:
    """A batch of studies nobody has seen."""
    milestones = [{"kind": "study_start", "actual": "2024-01"}, {"kind": "study_completion", "planned": "2027-06"}]
    records = [
        {**study(), "key": clock.new_id(), "status": "recruiting", "milestones": milestones, "as_of": "2026-01-01"}
        for _ in range(RECORDS_IN_BATCH)
    ]
    for record in records:
        del record["occurred_at"]
    return json.dumps({"source": f"bench-{number}", "records": records}).encode()


def pending(number: int) -> dict[str, Any]:
    """A journal entry that waits to be published."""
    headers = {f"ce_{name}": "value of a usual length" for name in "abcdefghijkl"} | {"traceparent": "", "ce_type": "t"}
    message = {"key": f"study-{number % 100}", "headers": headers, "body": json.dumps({"text": "x" * 300})}
    return {
        "sponsor": "bench",
        "study": "bench",
        "recorded_at": clock.now(),
        "version": {"before": 0, "after": 1},
        "messages": [message],
        "pending": True,
    }


def rows(bench: Bench) -> list[Row]:
    """Every comparison."""
    raw = Contender("two raw writes in a transaction", bench.raw_transactions)
    produce = Contender("aiokafka alone", bench.raw_produce)
    one_by_one = Contender("one command each", bench.commands)
    portfolio, timeline = partial(bench.page, "/v1/studies?limit=100"), partial(bench.page, "/v1/timeline?limit=100")
    return [
        Row("commands over HTTP, 16 in flight", "1/s", "≥ 0.5", [Contender("studyline", bench.commands), raw]),
        Row("adoption over HTTP", "records/s", "≥ 1,000/s", [Contender("studyline", bench.adopt), one_by_one]),
        Row("relay, journal to Kafka", "entries/s", "", [Contender("studyline", bench.relay), produce]),
        Row("a page of 100 studies", "1/s", "≤ 50 ms: ≥ 20/s", [Contender("studyline", portfolio)]),
        Row("a page of 100 timeline entries", "1/s", "≤ 50 ms: ≥ 20/s", [Contender("studyline", timeline)]),
    ]


async def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder), services=True) as servers:
        bench = Bench(servers, size=300 if quick else 1_500)
        await ensure_journal(bench.database)
        await ensure_topic(bench.cluster, "relay")
        compared = rows(bench)
        for row in compared:
            await row.run(rounds=3 if quick else 7)
        memory = {name: psutil.Process(pid).memory_info().rss / 2**20 for name, pid in servers.state().pids.items()}
        write(compared, memory)


if __name__ == "__main__":
    asyncio.run(main())
