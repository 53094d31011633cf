"""A service that is killed at its worst moments: parked records come back once, and a repeated command has one effect.

`sites` runs as a process of its own and is ended by `kill -9`. `STUDYLINE_KILLS` sets how often, `STUDYLINE_POISON`
(at most 300) how many aggregates are poisoned, `STUDYLINE_KEYS` how many commands are repeated (G7, G12).
"""

import asyncio
import os
import random
import signal
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from chassis import clock
from chassis.journal import journal_of
from chassis.kafka import Cluster, ensure_topic
from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.stream.parking import PARKED, PARKING_LOG
from contracts import Received, derived_id, regulatory
from hostile_records import genuine, hostile
from neighbours import HEARING, approved, produce
from studyline.replica_set import DATABASES
from studyline.testing import Servers
from studyline.testing.events import told

KILLS: Final = int(os.environ.get("STUDYLINE_KILLS", "2"))
POISONED: Final = int(os.environ.get("STUDYLINE_POISON", "20"))
KEYS: Final = int(os.environ.get("STUDYLINE_KEYS", "1"))
AT_ONCE: Final = 50
ANY_MOMENT: Final = "any moment"
MOMENTS: Final = ("after-commit", ANY_MOMENT, *(("after-journal-write", "before-answer") if KEYS > 1 else ()))
"""A transaction that dies before its commit holds its documents for seconds: only where there is time."""
SITES: Final = "sites"
ALL: Final = Scope.everything()


@dataclass(frozen=True)
class Process:
    """`sites` as a process of its own, on the servers of the session."""

    servers: Servers
    points: Path
    database: Database
    cluster: Cluster

    def arm(self, point: str) -> None:
        """Have it killed when it gets there."""
        (self.points / f"{SITES}.{point}").write_text("kill")

    async def armed(self, point: str) -> None:
        """Wait until somebody has got there."""
        while (self.points / f"{SITES}.{point}").exists():  # noqa: ASYNC110 - whoever obeys tells nobody
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        """End it at once, and wait until its supervisor has started it again."""
        before = self.servers.state().pids[SITES]
        os.kill(before, signal.SIGKILL)
        while self.servers.state().pids.get(SITES) in {before, None}:  # noqa: ASYNC110 - the supervisor tells nobody
            await asyncio.sleep(0.05)

    async def post(self, client: httpx.AsyncClient, path: str, body: dict[str, Any], key: str) -> httpx.Response:
        """Give a command as often as it takes until the answer is definite."""
        headers = {"Authorization": f"Bearer {self.servers.token('operations')}", "Idempotency-Key": key}
        while True:
            with suppress(httpx.TransportError):
                answer = await client.post(f"{self.servers.addresses.sites}/v1{path}", json=body, headers=headers)
                if answer.status_code != 503:
                    return answer
            await asyncio.sleep(0.1)

    async def parked(self) -> list[Document]:
        """What is parked of the aggregates that this test poisons."""
        ours, fields = {"subject": {"$regex": "/poisoned-"}}, ["subject", "event_id", "fingerprint"]
        return await self.database.collection(PARKED).find(ALL, ours, fields=fields)

    async def log(self, action: str) -> list[Document]:
        return await self.database.collection(PARKING_LOG).find(ALL, {"action": action}, sort=[("place.offset", 1)])


@pytest.fixture(scope="module")
async def process(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Process]:
    points = tmp_path_factory.mktemp("points")
    cluster = Cluster(servers.kafka, "", replication_factor=1)
    for topic in ("studyline.regulatory", "studyline.monitoring"):
        await ensure_topic(cluster, topic)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STUDYLINE_FAILPOINTS", os.fspath(points))
        await asyncio.to_thread(servers.start, SITES)
    database = Database.connect(servers.mongodb_uri, DATABASES[SITES])
    yield Process(servers, points, database, cluster)
    await asyncio.to_thread(servers.stop, SITES)
    database.close()


def withdrawn(name: str) -> Received:
    about = {"study_id": name, "submission_id": name, "body": "ethics_committee", "country": "DE", "site_id": None}
    event = regulatory.SubmissionWithdrawn.model_validate(about)
    return told(f"submission/{name}", event, sponsor="Acme", version=2)


async def poisoned(process: Process) -> list[str]:
    """Aggregates whose first record cannot be read; an approval and its withdrawal wait behind it."""
    names = [f"poisoned-{number}" for number in range(POISONED)]
    messages = [
        (number % 12, message)
        for number, name in enumerate(names)
        for message in (hostile("no JSON", approved(name)), genuine(approved(name)), genuine(withdrawn(name)))
    ]
    await produce(process.cluster, HEARING[SITES].topic, messages)
    while len(await process.parked()) < 3 * POISONED:  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(0.05)
    return names


async def histories(process: Process, names: list[str]) -> dict[str, list[tuple[int, str]]]:
    """By aggregate: after which versions its journal tells of which events, in the order of recording."""
    wanted = {"aggregate.type": "evidence", "aggregate.id": {"$in": names}}
    order = [("recorded_at", 1), ("version.after", 1)]
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for entry in await journal_of(process.database).find(ALL, wanted, sort=order):
        found[entry["aggregate"]["id"]].append((entry["version"]["after"], entry["events"][0]["type"]))
    return found


async def test_a_redrive_that_is_killed_again_and_again_has_one_effect(process: Process) -> None:
    names, chance = await poisoned(process), random.Random(7)  # noqa: S311 - repeatable on purpose
    first = next(one for one in await process.parked() if one["fingerprint"] != "behind")
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        left = 1
        while left:
            body = {"by": "fingerprint", "value": first["fingerprint"], "reason": "their sender was mended"}
            left = (await process.post(client, "/parked/discard", body, clock.new_id())).json()["left"]
        process.arm("between-redrive-and-release")
        again = {"by": "fingerprint", "value": "behind", "reason": "what they waited for is gone"}
        marked = await process.post(client, "/parked/redrive", again, "redrive-1")
        assert marked.json() == {"records": 2 * POISONED, "aggregates": POISONED}
        await process.armed("between-redrive-and-release")
        for _ in range(KILLS - 1):
            await asyncio.sleep(chance.uniform(0, 3))
            await process.kill()
        while await process.parked():  # noqa: ASYNC110 - the truth is in the database
            await asyncio.sleep(0.05)
        second = await process.post(client, "/parked/redrive", again, "redrive-2")
    assert second.json() == {"records": 0, "aggregates": 0}
    expected = [(1, "EvidenceRecorded"), (2, "EvidenceRevoked")]
    assert await histories(process, names) == dict.fromkeys(names, expected)
    let_go = [one["event_id"] for one in await process.log("redriven")]
    assert sorted(let_go) == sorted({derived_id("event", f"submission/{n}", str(v)) for n in names for v in (1, 2)})


@pytest.mark.parametrize("point", MOMENTS)
async def test_a_command_that_comes_fifty_times_at_once_while_its_service_is_killed_has_one_effect(
    process: Process, point: str
) -> None:
    chance = random.Random(11)  # noqa: S311 - repeatable on purpose
    for number in range(KEYS):
        key = f"{point.replace(' ', '-')}-{number}"
        body = {"sponsor": {"name": "Fifty"}, "protocol_number": key, "title": "A study", "occurred_at": "2026-01-01"}
        async with httpx.AsyncClient(timeout=10, trust_env=False, limits=httpx.Limits(max_connections=None)) as client:
            if point != ANY_MOMENT:
                process.arm(point)
            asking = [asyncio.create_task(process.post(client, "/studies", body, key)) for _ in range(AT_ONCE)]
            if point == ANY_MOMENT:
                await asyncio.sleep(chance.uniform(0, 0.3))
                await process.kill()
            else:
                await process.armed(point)
            answers = await asyncio.gather(*asking)
            other = await process.post(client, "/studies", {**body, "title": "Another"}, key)
        assert {(one.status_code, one.content, one.headers["etag"]) for one in answers} == {told_once(answers)}
        assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency_key_reused")
        effects = await process.database.collection("studies").find(
            ALL, {"state.particulars.protocol_number": key}, fields=["version"]
        )
        assert [one["version"] for one in effects] == [1]
        entries = await journal_of(process.database).find(ALL, {"aggregate.id": effects[0]["_id"]})
        assert len(entries) == 1


def told_once(answers: list[httpx.Response]) -> tuple[int, bytes, str]:
    """What the first of them got."""
    assert answers[0].status_code == 201, answers[0].text
    return answers[0].status_code, answers[0].content, answers[0].headers["etag"]
