"""A rebuild under live traffic, killed again and again: nobody sees less than before, and both builds end equal."""

import asyncio
import json
import os
import random
import socket
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import httpx
import pytest
from chassis import clock
from chassis.kafka import Cluster, encoded, ensure_topic, places_of, producer_of
from contracts import TOPICS, Received, derived_id
from contracts.sites import SiteIdentified, StudyMilestoneKind, StudyMilestonePlanned
from studyline.testing import Servers
from studyline.testing.events import told
from studyline.testing.known import Known

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

STUDIES_BEFORE = 2_000
LIVE_STUDIES = 6
LIVE_PER_SECOND = 50
KILLS = 2
SEED = 7
MILESTONES: Final[tuple[StudyMilestoneKind, ...]] = ("study_start", "primary_completion", "study_completion")


@dataclass
class Reporting:
    """Two processes over one read model, the topics they read, and what their readers found."""

    cluster: Cluster
    environment: dict[str, str]
    clients: list[httpx.AsyncClient]
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    heard: set[str] = field(default_factory=set[str])
    reads: int = 0

    async def command(self, *options: str) -> asyncio.subprocess.Process:
        """Begin `python -m reporting rebuild`."""
        line = (sys.executable, "-m", "reporting", "rebuild", *options)
        return await asyncio.create_subprocess_exec(*line, env=self.environment, stdout=asyncio.subprocess.PIPE)

    async def done(self, *options: str) -> str:
        """Run it to a good end; what it told."""
        process = await self.command(*options)
        told, _ = await process.communicate()
        assert process.returncode == 0, told.decode()
        return told.decode()

    async def caught_up(self, *groups: str) -> None:
        """Wait until these groups have read everything."""
        for group in groups:
            while any(one.behind for one in await places_of(self.cluster, group, tuple(TOPICS.values()))):  # noqa: ASYNC110 - Kafka has no event for it
                await asyncio.sleep(0.2)


def settings(servers: Servers, cluster: Cluster, port: int) -> dict[str, str]:
    given = {
        "ENVIRONMENT": "development",
        "MONGODB_URI": servers.mongodb_uri,
        "MONGODB_DATABASE": f"test_{cluster.topic_prefix.rstrip('.')}",
        "KAFKA_BOOTSTRAP": servers.kafka,
        "KAFKA_REPLICATION_FACTOR": "1",
        "TOPIC_PREFIX": cluster.topic_prefix,
        "ISSUER_URL": servers.issuer_url,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
        "LOG_LEVEL": "ERROR",
    }
    return {**os.environ, **{f"STUDYLINE_{name}": value for name, value in given.items()}}


@asynccontextmanager
async def process(mode: str, environment: dict[str, str], token: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A process of the service, answering."""
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", "reporting", mode, env=environment)
    address = f"http://127.0.0.1:{environment['STUDYLINE_HTTP_PORT']}"
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30, trust_env=False) as client:
            while not await answers(client):  # noqa: ASYNC110 - HTTP has no event for it
                await asyncio.sleep(0.2)
            yield client
    finally:
        running.terminate()
        await running.wait()


async def answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/health/ready")).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
async def reporting(servers: Servers) -> AsyncGenerator[Reporting]:
    """Reporting as one whole process and a second face."""
    cluster = Cluster(servers.kafka, f"{clock.new_id()[:8]}.", 1)
    for topic in TOPICS.values():
        await ensure_topic(cluster, topic)
    whole, face = (settings(servers, cluster, port) for port in free_ports())
    token = servers.token("operations")
    async with process("all", whole, token) as first, process("api", face, token) as second:
        yield Reporting(cluster, whole, [first, second])


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


async def send(cluster: Cluster, events: Iterable[Received], *, per_second: int | None = None) -> None:
    """Publish the events as their services would."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for envelope, event in events:
            attributes = envelope.model_dump(mode="json", exclude_none=True)
            headers = encoded({f"ce_{name}": str(value) for name, value in attributes.items()})
            topic = cluster.topic(TOPICS[envelope.source.removeprefix("/studyline/")])
            await producer.send(topic, event.model_dump_json().encode(), key=envelope.study.encode(), headers=headers)
            if per_second:
                await asyncio.sleep(1 / per_second)
    finally:
        await producer.stop()


@dataclass
class Live:
    """What happens while the test runs: sites are found, and dates of studies are planned anew."""

    studies: list[Known]
    told: list[Received] = field(default_factory=list[Received])
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    def events(self) -> Iterator[Received]:
        """One event after the other, in one study after the other, until it is enough."""
        for number in count():
            for known in self.studies:
                if self.enough.is_set():
                    return
                self.told += self._next(known, number)
                yield self.told[-1]

    def _next(self, known: Known, number: int) -> list[Received]:
        if number % 2:
            planned = StudyMilestonePlanned(
                study_id=known.study_id, milestone=MILESTONES[number % 3], planned=f"{2000 + number}"
            )
            return [told(f"study/{known.study_id}", planned, sponsor=known.sponsor, version=2 + number // 2)]
        site_id = derived_id("live-site", known.study_id, str(number))
        place = {"study_id": known.study_id, "site_id": site_id, "country": known.country}
        found = SiteIdentified.model_validate({**place, "name": None, "city": None, "number": None})
        return [told(f"study-site/{site_id}", found, sponsor=known.sponsor)]


async def read_on_and_on(reporting: Reporting, studies: list[Known]) -> None:
    """A client that asks one process after the other: what it has seen once is there from then on."""
    while True:
        for known in studies:
            client = reporting.clients[reporting.reads % 2]
            answer = await client.get("/v1/timeline", params={"study": known.study_id, "limit": 1000})
            assert answer.status_code == 200, answer.text
            ids = {one["event_id"] for one in answer.json()["items"]}
            assert ids >= reporting.seen[known.study_id], f"{len(reporting.seen[known.study_id] - ids)} entries gone"
            reporting.seen[known.study_id] = ids
            reporting.reads += 1


async def listen_on_and_on(reporting: Reporting, chance: random.Random) -> None:
    """A client of the stream that breaks off now and then and comes back with the last entry it heard of."""
    last: dict[str, str] = {}
    while True:
        try:
            async with (
                asyncio.timeout(chance.uniform(2, 6)),
                chance.choice(reporting.clients).stream("GET", "/v1/timeline/stream", headers=last) as stream,
            ):
                assert stream.status_code == 200, await stream.aread()
                async for entry in entries(stream):
                    reporting.heard.add(entry["event_id"])
                    last = {"Last-Event-ID": entry["event_id"]}
        except TimeoutError:
            continue


async def entries(stream: httpx.Response) -> AsyncGenerator[dict[str, Any]]:
    async for line in stream.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


async def killed(reporting: Reporting, chance: random.Random) -> None:
    """A rebuild that is killed somewhere on its way."""
    rebuild = await reporting.command()
    await asyncio.sleep(chance.uniform(0.5, 6))
    if rebuild.returncode is None:
        rebuild.kill()
    await rebuild.wait()


async def test_a_rebuild_that_is_killed_again_and_again_under_traffic_takes_nothing_away_and_ends_equal(
    reporting: Reporting,
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a test that can be repeated
    before = [one for number in range(STUDIES_BEFORE) for one in Known.of(f"Acme {number}", "DE").events]
    live = Live([Known.of(f"Acme {number}", "DE") for number in range(LIVE_STUDIES)])
    await send(reporting.cluster, before)
    await reporting.caught_up("reporting")
    async with asyncio.TaskGroup() as clients:
        listening = clients.create_task(listen_on_and_on(reporting, chance))
        await asyncio.sleep(3)
        reading = clients.create_task(read_on_and_on(reporting, live.studies))
        traffic = clients.create_task(send(reporting.cluster, live.events(), per_second=LIVE_PER_SECOND))
        for _ in range(KILLS):
            await killed(reporting, chance)
        assert "generation 2 serves" in await reporting.done()
        assert "generation 1 serves" in await reporting.done("--rollback")
        live.enough.set()
        await traffic
        ids = {one.envelope.id for one in live.told}
        await reporting.caught_up("reporting", "reporting.g2")
        while not ids <= reporting.heard:  # noqa: ASYNC110 - the stream is the event
            await asyncio.sleep(0.2)
        for task in (reading, listening):
            task.cancel()
    assert reporting.reads > LIVE_STUDIES
    assert (await reporting.done("--compare")).splitlines()[-1] == "equal"
    assert "generation 1 serves" in await reporting.done("--drop-old")
