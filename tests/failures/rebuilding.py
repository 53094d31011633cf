"""What rebuilds are tried on: reporting as processes to be killed, traffic, and readers who notice a step back."""

import asyncio
import json
import os
import random
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
from chassis import clock
from chassis.kafka import Cluster, encoded, ensure_topic, places_of, producer_of
from contracts import TOPICS, Received, derived_id
from contracts.sites import SiteIdentified, StudyMilestoneKind, StudyMilestonePlanned
from studyline.ports import free_ports
from studyline.testing import Servers
from studyline.testing.events import told
from studyline.testing.known import Known
from studyline.testing.parts import environment_of_part

LIVE_PER_SECOND: Final = int(os.environ.get("STUDYLINE_REBUILD_LIVE", "50"))
"""Events a second that come while a rebuild goes on."""
MILESTONES: Final[tuple[StudyMilestoneKind, ...]] = ("study_start", "primary_completion", "study_completion")


@dataclass
class Part:
    """One process of the service, and a client of it."""

    mode: str
    environment: dict[str, str]
    client: httpx.AsyncClient
    _running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run it, and wait until it is ready."""
        line = (sys.executable, "-m", "reporting", self.mode)
        self._running = await asyncio.create_subprocess_exec(*line, env=self.environment)
        while not await self._is_ready():  # noqa: ASYNC110 - HTTP has no event for it
            await asyncio.sleep(0.2)

    async def kill(self) -> None:
        """End it at once."""
        assert self._running is not None
        self._running.kill()
        await self._running.wait()

    async def stop(self) -> None:
        """Ask it to end."""
        if self._running is not None and self._running.returncode is None:
            self._running.terminate()
            await self._running.wait()

    async def _is_ready(self) -> bool:
        try:
            return (await self.client.get("/health/ready")).is_success
        except httpx.TransportError:
            return False


@dataclass
class Reporting:
    """Two processes over one read model, the topics they read, and what their readers found."""

    cluster: Cluster
    parts: list[Part]
    failpoints: Path
    seen: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    heard: set[str] = field(default_factory=set[str])
    reads: int = 0

    async def command(self, *options: str) -> asyncio.subprocess.Process:
        """Begin `python -m reporting rebuild`."""
        line = (sys.executable, "-m", "reporting", "rebuild", *options)
        environment = self.parts[0].environment
        return await asyncio.create_subprocess_exec(*line, env=environment, stdout=asyncio.subprocess.PIPE)

    async def done(self, *options: str) -> str:
        """Run it to a good end; what it told."""
        process = await self.command(*options)
        said, _ = await process.communicate()
        assert process.returncode == 0, said.decode()
        return said.decode()

    async def caught_up(self, *groups: str) -> None:
        """Wait until these groups have read everything."""
        for group in groups:
            while any(one.behind for one in await places_of(self.cluster, group, tuple(TOPICS.values()))):  # noqa: ASYNC110 - Kafka has no event for it
                await asyncio.sleep(0.2)

    async def reached(self, point: str, order: str) -> None:
        """Arm a fail point, and wait until a process has obeyed it."""
        armed = self.arm(point, order)
        while armed.exists():  # noqa: ASYNC110 - the file system has no event for it
            await asyncio.sleep(0.02)

    def arm(self, point: str, order: str) -> Path:
        """Arm a fail point: `kill`, or `pause <seconds>`. The file goes when it is obeyed."""
        file = self.failpoints / f"reporting.{point}"
        file.write_text(order)
        return file


@asynccontextmanager
async def running(servers: Servers, failpoints: Path) -> AsyncGenerator[Reporting]:
    """Reporting as one whole process and a second face."""
    cluster = Cluster(servers.kafka, f"{clock.new_id()[:8]}.", 1)
    for topic in TOPICS.values():
        await ensure_topic(cluster, topic)
    headers = {"Authorization": f"Bearer {servers.token('operations')}"}
    parts: list[Part] = []
    for mode, port in zip(("all", "api"), free_ports(), strict=False):
        environment = {**settings(servers, cluster, port), "STUDYLINE_FAILPOINTS": os.fspath(failpoints)}
        address = f"http://127.0.0.1:{port}"
        client = httpx.AsyncClient(base_url=address, headers=headers, timeout=30, trust_env=False)
        parts.append(Part(mode, environment, client))
    try:
        for part in parts:
            await part.start()
        yield Reporting(cluster, parts, failpoints)
    finally:
        for part in parts:
            await part.stop()
            await part.client.aclose()


def settings(servers: Servers, cluster: Cluster, port: int) -> dict[str, str]:
    """A process's environment."""
    database = f"test_{cluster.topic_prefix.rstrip('.')}"
    return environment_of_part(servers, database, port, topic_prefix=cluster.topic_prefix, log_level="ERROR")


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
            on = (date(2000, 1, 1) + timedelta(days=number)).isoformat()
            planned = StudyMilestonePlanned(study_id=known.study_id, milestone=MILESTONES[number % 3], planned=on)
            return [told(f"study/{known.study_id}", planned, sponsor=known.sponsor, version=2 + number // 2)]
        site_id = derived_id("live-site", known.study_id, str(number))
        place = {"study_id": known.study_id, "site_id": site_id, "country": known.country}
        found = SiteIdentified.model_validate({**place, "name": None, "city": None, "number": None})
        return [told(f"study-site/{site_id}", found, sponsor=known.sponsor)]


@asynccontextmanager
async def under_traffic(reporting: Reporting, live: Live, chance: random.Random) -> AsyncGenerator[None]:
    """Events that come and clients who read and listen; at the end everything that came was heard, and nothing went."""
    async with asyncio.TaskGroup() as clients:
        listening = clients.create_task(listen_on_and_on(reporting, chance))
        await asyncio.sleep(3)
        reading = clients.create_task(read_on_and_on(reporting, live.studies))
        traffic = clients.create_task(send(reporting.cluster, live.events(), per_second=LIVE_PER_SECOND))
        yield
        live.enough.set()
        await traffic
        ids = {one.envelope.id for one in live.told}
        await reporting.caught_up("reporting", "reporting.g2")
        while not ids <= reporting.heard:  # noqa: ASYNC110 - the stream is the event
            await asyncio.sleep(0.2)
        for task in (reading, listening):
            task.cancel()
    assert reporting.reads > len(live.studies)


async def read_on_and_on(reporting: Reporting, studies: list[Known]) -> None:
    """A client that asks one process after the other: what it has seen once is there from then on."""
    while True:
        for known in studies:
            ids = await _every_entry(reporting, known.study_id)
            assert ids >= reporting.seen[known.study_id], f"{len(reporting.seen[known.study_id] - ids)} entries gone"
            reporting.seen[known.study_id] = ids


async def _every_entry(reporting: Reporting, study_id: str) -> set[str]:
    """The study's whole timeline, each page from the other process than the page before."""
    ids: set[str] = set()
    asked: dict[str, str | int] = {"study": study_id, "limit": 1000}
    while True:
        reporting.reads += 1
        try:
            answer = await reporting.parts[reporting.reads % 2].client.get("/v1/timeline", params=asked)
        except httpx.TransportError:
            # A process that was killed answers nobody; the other one is asked next.
            await asyncio.sleep(0.05)
            continue
        assert answer.status_code == 200, answer.text
        page = answer.json()
        ids |= {one["event_id"] for one in page["items"]}
        if page["next"] is None:
            return ids
        asked["cursor"] = page["next"]


async def listen_on_and_on(reporting: Reporting, chance: random.Random) -> None:
    """A client of the stream that breaks off now and then and comes back with the last entry it heard of."""
    last: dict[str, str] = {}
    while True:
        try:
            async with (
                asyncio.timeout(chance.uniform(2, 6)),
                chance.choice(reporting.parts).client.stream("GET", "/v1/timeline/stream", headers=last) as stream,
            ):
                assert stream.status_code == 200, await stream.aread()
                async for entry in _entries(stream):
                    reporting.heard.add(entry["event_id"])
                    last = {"Last-Event-ID": entry["event_id"]}
        except (TimeoutError, httpx.TransportError):
            await asyncio.sleep(0.05)


async def _entries(stream: httpx.Response) -> AsyncGenerator[dict[str, Any]]:
    async for line in stream.aiter_lines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
