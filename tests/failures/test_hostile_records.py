"""Nothing on a topic is skipped silently or stops a service: every record is applied, passed by, or parked.

The kinds stand in `hostile_records.py`. `STUDYLINE_HOSTILE_ROUNDS` says how often each is sent among good traffic.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis.kafka import PARTITIONS, Cluster, producer_of
from chassis.parking import PARKED
from chassis.scope import Scope
from chassis.service import Service
from contracts import Received, Sponsor, regulatory, sponsor_id
from contracts.sites import StudyRegistered
from hostile_records import KINDS, Message, genuine, hostile
from studyline.testing import Servers
from studyline.testing.events import told
from studyline.testing.service import Face, running

ROUNDS: Final = int(os.environ.get("STUDYLINE_HOSTILE_ROUNDS", "2"))
GOOD_FOR_EACH_HOSTILE: Final = 20
SEED: Final = 2026
MEMORY_GROWTH_MAX_MB: Final = 50
ALL: Final = Scope.everything()
Traffic = list[tuple[int, Message]]


def registered(name: str) -> Received:
    """What `sites` tells of a study; `monitoring` and `regulatory` keep it."""
    event = StudyRegistered(
        study_id=name,
        sponsor=Sponsor(id=sponsor_id("Acme"), name="Acme"),
        protocol_number="P-1",
        registry_ids=(),
        title="A study",
        phase=None,
        status="recruiting",
        countries=("DE",),
        planned_enrolment=None,
    )
    return told(f"study/{name}", event, sponsor="Acme")


def approved(name: str) -> Received:
    """What `regulatory` tells of an approval; `sites` records it as evidence in its journal."""
    about = {"study_id": name, "submission_id": name, "body": "ethics_committee", "country": "DE", "site_id": None}
    decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
    event = regulatory.SubmissionApproved.model_validate({**about, **decision})
    return told(f"submission/{name}", event, sponsor="Acme")


SERVICES: Final[dict[str, tuple[Callable[[str], Received], str, str]]] = {
    "regulatory": (registered, "studyline.sites", "studies"),
    "sites": (approved, "studyline.regulatory", "evidence"),
}


def mixed(event: Callable[[str], Received]) -> tuple[Traffic, int]:
    """Hostile records among good ones, each on a partition of its own aggregate's; how many are good."""
    chance = random.Random(SEED)  # noqa: S311 - examples, not secrets
    bad = [hostile(kind, event(f"hostile-{turn}-{n}")) for turn in range(ROUNDS) for n, kind in enumerate(KINDS)]
    good = [genuine(event(f"good-{n}")) for n in range(GOOD_FOR_EACH_HOSTILE * len(bad))]
    traffic = [(chance.randrange(PARTITIONS), message) for message in (*bad, *good)]
    chance.shuffle(traffic)
    return traffic, len(good)


async def produce(cluster: Cluster, topic: str, traffic: Traffic) -> None:
    producer = producer_of(cluster)
    await producer.start()
    try:
        for partition, (headers, body) in traffic:
            await producer.send(cluster.topic(topic), body, b"key", partition=partition, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


async def ends(cluster: Cluster, topic: str) -> dict[TopicPartition, int]:
    places = [TopicPartition(cluster.topic(topic), partition) for partition in range(PARTITIONS)]
    client: Any = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap)
    await client.start()
    try:
        return await client.end_offsets(places)
    finally:
        await client.stop()


@asynccontextmanager
async def running_service(servers: Servers, name: str) -> AsyncGenerator[tuple[Service, Face]]:
    app, settings, consumers = (import_module(f"{name}.{part}") for part in ("app", "settings", "consumers"))
    composed: list[Service] = []

    def compose(chosen: Any) -> Service:
        composed.append(app.compose(chosen))
        return composed[0]

    async with running(servers, compose, settings.Settings, listens_to=consumers.LISTENS_TO) as face:
        yield composed[0], face


async def until_read(service: Service, end: dict[TopicPartition, int]) -> dict[TopicPartition, Counter[str]]:
    """What became of each partition's records, once they have all been read."""
    assert service.consumer is not None
    while True:
        found = {place: Counter[str]() for place in end}
        for (place, outcome), number in service.consumer.progress.tally.items():
            if place in found:
                found[place][outcome] += number
        if all(counter.total() >= end[place] for place, counter in found.items()):
            return found
        await asyncio.sleep(0.05)


def memory_mb() -> float:
    return psutil.Process().memory_info().rss / 1_048_576


@pytest.mark.parametrize("name", SERVICES)
async def test_every_hostile_record_is_applied_passed_by_or_parked_and_counted_exactly(
    servers: Servers, name: str
) -> None:
    event, topic, collection = SERVICES[name]
    traffic, good = mixed(event)
    async with running_service(servers, name) as (service, face):
        await produce(face.cluster, topic, traffic)
        end, before = await ends(face.cluster, topic), memory_mb()
        found = await until_read(service, end)
        assert {place: counter.total() for place, counter in found.items()} == end
        parked = await face.database.collection(PARKED).find(ALL, {}, fields=["place", "subject"])
        places = Counter(TopicPartition(one["place"]["topic"], one["place"]["partition"]) for one in parked)
        assert {place: counter["parked"] for place, counter in found.items()} == {p: places[p] for p in end}
        assert not any(one["subject"].partition("/")[2].startswith("good-") for one in parked)
        stored = await face.database.collection(collection).find(ALL, {}, fields=["_id"])
        assert sum(one["_id"].startswith("good-") for one in stored) == good
        assert memory_mb() - before < MEMORY_GROWTH_MAX_MB
        assert (await face.client.get("/health/live")).status_code == 200


def test_there_are_kinds_enough() -> None:
    assert len(KINDS) >= 25
