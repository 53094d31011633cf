"""From the answer to a command to its entry on the timeline, beside the least that such a way can be made of.

Commands of three services at a steady rate, such that they and what follows from them make so many events a second: a
study opens its trial master file, a site its checklist. The timeline is read from `GET /v1/timeline/stream`, which
tells an entry once a change stream of reporting's database has: `GET /v1/timeline` has it a little earlier, so the
times are upper bounds, and no reader that polls takes the processor from those who are measured.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from typing import Any, Final, NamedTuple

from chassis import clock
from chassis.journal import event_id
from chassis.kafka import Cluster, ensure_topic, producer_of
from chassis.mongo import Database, Document, Session
from harness import Contender, Limit, Row, Times, our_p99
from http_load import Callers, callers_of, request
from studyline.testing import Servers
from watching import WITHIN_SECONDS, steadily, tail_of

WANTED_PER_SECOND: Final = 200.0
STEADY_SHARE: Final = 0.7
"""Of what the machine manages at once: above it a queue grows, and the times tell of the queue."""
IN_FLIGHT: Final = 16
TRIED: Final = 200
QUIET_SECONDS: Final = 2.0
"""With no entry for so long, all that follows from the commands has been told."""
STUDIES: Final = 20
SECONDS: Final = 20
SECONDS_QUICK: Final = 5
TOPIC: Final = "visible"


class Rate(NamedTuple):
    """How many events a second, and how many of them one command brings about."""

    events: float
    of_a_command: float

    @property
    def commands(self) -> float:
        """Commands a second."""
        return self.events / self.of_a_command


class Command(NamedTuple):
    """A command of one service that makes an aggregate, and which one its answer says."""

    service: str
    path: str
    body: dict[str, Any]
    aggregate: str
    id_field: str


@dataclass
class Visible:
    """The platform under a steady load, and a reader of its timeline."""

    token: str
    callers: dict[str, Callers]
    cluster: Cluster
    database: Database
    commands: Sequence[Command] = ()
    rate: Rate = field(default_factory=lambda: Rate(WANTED_PER_SECOND, 1))
    _told: dict[str, float] = field(default_factory=dict[str, float])

    async def prepare(self) -> None:
        """Make what the commands are about, wait until each service has heard of it, and find a rate that holds."""
        registered = [register() for _ in range(STUDIES)]
        studies = [await self._made(one) for one in registered]
        sites = [await self._made(identify(study)) for study in studies]
        self.commands = list(mixed(studies, sites))
        async with asyncio.timeout(WITHIN_SECONDS):
            for command in self.commands:
                await self._patiently(command)
        most = await self._at_once()
        self.rate = Rate(min(WANTED_PER_SECOND, STEADY_SHARE * most.events), most.of_a_command)
        await ensure_topic(self.cluster, TOPIC)

    async def ours(self, seconds: float) -> Times:
        """Milliseconds from each answer to its entry on the stream."""
        answered: dict[str, float] = {}
        commands = self._some(int(self.rate.commands * seconds))
        async with self._reading():
            await steadily(partial(self._command, answered), commands, self.rate.commands)
            async with asyncio.timeout(WITHIN_SECONDS):
                while not answered.keys() <= self._told.keys():  # noqa: ASYNC110 - the stream is the event
                    await asyncio.sleep(0.05)
        return Times.of([(self._told[one] - at) * 1_000 for one, at in answered.items()])

    async def raw(self, seconds: float) -> Times:
        """Milliseconds from a commit of two writes over Kafka to one more write, all in this process."""
        done: dict[str, tuple[float, float]] = {}
        committed: dict[str, float] = {}
        count = int(self.rate.events * seconds)
        producer = producer_of(self.cluster)
        async with producer, tail_of(self.cluster, self.cluster.topic(TOPIC)) as consumer:
            writing = asyncio.create_task(self._write(consumer, committed, done, count))
            await steadily(partial(self._commit, producer, committed), documents(count), self.rate.events)
            async with asyncio.timeout(WITHIN_SECONDS):
                await writing
        return Times.of([(seen - at) * 1_000 for at, seen in done.values()])

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[None]:
        """Note when each entry is told, meanwhile."""
        self._told.clear()
        reading = asyncio.create_task(self._read())
        await asyncio.sleep(0.5)
        yield
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)

    async def _read(self) -> None:
        asked = request("GET", "/v1/timeline/stream", self.token)
        async for name in self.callers["reporting"].events(asked):
            self._told.setdefault(name, time.perf_counter())

    async def _command(self, answered: dict[str, float], command: Command) -> None:
        key = await self._made(command)
        answered[event_id(f"{command.aggregate}/{key}", 1)] = time.perf_counter()

    async def _made(self, command: Command) -> str:
        body = json.dumps(command.body).encode()
        asked = request("POST", f"/v1{command.path}", self.token, body, clock.new_id())
        return json.loads(await self.callers[command.service].ask(asked))[command.id_field]

    async def _patiently(self, command: Command) -> None:
        while True:
            try:
                await self._made(command)
            except AssertionError:
                await asyncio.sleep(0.1)
            else:
                return

    async def _at_once(self) -> Rate:
        """The same commands with sixteen in flight: what the platform manages until all that follows is told."""
        waiting = self._some(TRIED)

        async def caller() -> None:
            while waiting:
                await self._made(waiting.pop())

        async with self._reading():
            began = time.perf_counter()
            await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
            async with asyncio.timeout(WITHIN_SECONDS):
                while time.perf_counter() - max(self._told.values(), default=began) < QUIET_SECONDS:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.05)
        return Rate(len(self._told) / (max(self._told.values()) - began), len(self._told) / TRIED)

    def _some(self, count: int) -> list[Command]:
        return list(islice(cycle(self.commands), count))

    async def _commit(self, producer: Any, committed: dict[str, float], document: Document) -> None:
        async def write(session: Session) -> None:
            for name in ("state", "entries"):
                await self.database.collection(name).insert([dict(document)], session=session)

        await self.database.in_transaction(write)
        committed[document["_id"]] = time.perf_counter()
        await producer.send(self.cluster.topic(TOPIC), document["_id"].encode())

    async def _write(self, consumer: Any, committed: dict[str, float], done: dict[str, Any], count: int) -> None:
        while len(done) < count:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                keys = [record.value.decode() for record in records]
                await self.database.collection("seen").insert([{"_id": key, "text": "x" * 600} for key in keys])
                done |= {key: (committed[key], time.perf_counter()) for key in keys}


@asynccontextmanager
async def visible_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """The comparison."""
    seconds, name = SECONDS_QUICK if quick else SECONDS, f"bench_{clock.new_id()[-8:]}"
    cluster, database = Cluster(servers.kafka, f"{name}.", 1), Database.connect(servers.mongodb_uri, name)
    addresses = servers.addresses
    async with (
        callers_of(addresses.sites) as sites,
        callers_of(addresses.regulatory) as regulatory,
        callers_of(addresses.monitoring) as monitoring,
        callers_of(addresses.reporting) as reporting,
    ):
        callers = {"sites": sites, "regulatory": regulatory, "monitoring": monitoring, "reporting": reporting}
        bench = Visible(servers.token("operations"), callers, cluster, database)
        await bench.prepare()
        yield [row_of(bench, seconds)]


def row_of(bench: Visible, seconds: float) -> Row:
    """The row, which says what rate the machine held."""
    rate = bench.rate
    share = f"{STEADY_SHARE:.0%} of what this machine manages at once"
    return Row(
        f"command accepted → on the timeline, at {rate.events:.0f} events/s, {rate.of_a_command:.1f} a command",
        "ms, p50 / p99",
        "p99 ≤ 100 ms at 200/s",
        [
            Contender("studyline", partial(bench.ours, seconds)),
            Contender("commit, Kafka, write in one process", partial(bench.raw, seconds)),
        ],
        [Limit("p99 in ms", our_p99, most=100)],
        note="" if rate.events >= WANTED_PER_SECOND else share,
    )


def mixed(studies: Sequence[str], sites: Sequence[str]) -> Iterator[Command]:
    """Commands of three services, as many of each kind."""
    for study, site in zip(studies, sites, strict=True):
        yield register()
        yield identify(study)
        yield from (plan(site), deviate(study), prepare(study))


def register() -> Command:
    """A study."""
    body = {"sponsor": {"name": "Bench"}, "protocol_number": "B-1", "title": "A study", "countries": ["DE"]}
    return Command("sites", "/studies", {**body, "occurred_at": "2026-01-01"}, "study", "study_id")


def identify(study: str) -> Command:
    """A site of a study."""
    body = {"name": "A site", "country": "DE", "occurred_at": "2026-01-02"}
    return Command("sites", f"/studies/{study}/sites", body, "study-site", "site_id")


def plan(site: str) -> Command:
    """A monitoring visit at a site."""
    body = {"visit_type": "IMV", "planned_on": "2026-02-01", "occurred_at": "2026-01-03"}
    return Command("monitoring", f"/sites/{site}/visits", body, "monitoring-visit", "visit_id")


def deviate(study: str) -> Command:
    """A protocol deviation in a study."""
    body = {"category": "other", "important": False, "occurred_at": "2026-01-05"}
    return Command("monitoring", f"/studies/{study}/protocol-deviations", body, "protocol-deviation", "deviation_id")


def prepare(study: str) -> Command:
    """A submission about a study."""
    body = {"study_id": study, "body": "competent_authority", "country": "DE", "occurred_at": "2026-01-06"}
    return Command("regulatory", "/submissions", body, "submission", "submission_id")


def documents(count: int) -> list[Document]:
    """Documents as large as a state with its entry, for the raw way."""
    return [{"_id": clock.new_id(), "text": "x" * 1_200} for _ in range(count)]
