"""Nothing on a topic is skipped silently or stops a service: every record is applied, passed by, or parked.

The kinds stand in `hostile_records.py`. `STUDYLINE_HOSTILE_ROUNDS` says how often each is sent among good traffic.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis.kafka import PARTITIONS, Cluster
from chassis.scope import Scope
from chassis.service import Service
from chassis.stream.parking import PARKED
from contracts import Received
from hostile_records import KINDS, genuine, hostile
from neighbours import HEARING, Traffic, produce, running_service
from studyline.testing import Servers

ROUNDS: Final = int(os.environ.get("STUDYLINE_HOSTILE_ROUNDS", "2"))
GOOD_FOR_EACH_HOSTILE: Final = 6
SEED: Final = 2026
MEMORY_GROWTH_MAX_MB: Final = 50
ALL: Final = Scope.everything()


def mixed(event: Callable[[str], Received]) -> tuple[Traffic, int]:
    """Hostile records among good ones, each on a partition of its own aggregate's; how many are good."""
    chance = random.Random(SEED)  # noqa: S311 - examples, not secrets
    bad = [hostile(kind, event(f"hostile-{turn}-{n}")) for turn in range(ROUNDS) for n, kind in enumerate(KINDS)]
    good = [genuine(event(f"good-{n}")) for n in range(GOOD_FOR_EACH_HOSTILE * len(bad))]
    traffic = [(chance.randrange(PARTITIONS), message) for message in (*bad, *good)]
    chance.shuffle(traffic)
    return traffic, len(good)


async def ends(cluster: Cluster, topic: str) -> dict[TopicPartition, int]:
    places = [TopicPartition(cluster.topic(topic), partition) for partition in range(PARTITIONS)]
    client: Any = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap)
    await client.start()
    try:
        return await client.end_offsets(places)
    finally:
        await client.stop()


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


@pytest.mark.parametrize("name", HEARING)
async def test_every_hostile_record_is_applied_passed_by_or_parked_and_counted_exactly(
    servers: Servers, name: str
) -> None:
    event, topic, collection = HEARING[name]
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
