"""Three members of MongoDB and of Kafka: one of each may be away, and how many there are is settled once."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from chassis.kafka import Cluster, ensure_topic
from pymongo import AsyncMongoClient, WriteConcern
from studyline.errors import StackError
from studyline.members import members_of, settled_replicas
from studyline.paths import Layout
from studyline.ports import allot_ports, users_of
from studyline.testing import Servers, start_servers

TOPIC = "studyline.trial"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Give a fresh data directory."""
    made = Layout(tmp_path / "data")
    made.create()
    return made


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    """Give servers with three members each."""
    with start_servers(tmp_path_factory.mktemp("three"), replicas=3) as servers:
        yield servers


def test_a_single_member_has_the_name_of_its_server() -> None:
    assert members_of("mongodb", 1) == ("mongodb",)
    assert members_of("kafka", 3) == ("kafka-1", "kafka-2", "kafka-3")
    assert members_of("issuer", 3) == ("issuer",)


def test_every_member_has_ports_of_its_own(layout: Layout) -> None:
    ports = allot_ports(layout, None, replicas=3)
    assert set(ports) == set(users_of(3))
    assert len(set(ports.values())) == len(ports) == 5 + 3 * 2 + 3


def test_a_directory_keeps_its_number_of_members(layout: Layout) -> None:
    assert settled_replicas(layout, None) == 1
    with pytest.raises(StackError, match="was made with --replicas 1: start it without the option"):
        settled_replicas(layout, 3)


def test_a_directory_of_three_needs_no_option_the_next_time(layout: Layout) -> None:
    assert settled_replicas(layout, 3) == settled_replicas(layout, None) == 3


@pytest.mark.parametrize("count", [0, 2, 4])
def test_a_number_that_gains_nothing_is_refused(layout: Layout, count: int) -> None:
    with pytest.raises(StackError, match="choose 1, or 3"):
        settled_replicas(layout, count)


@pytest.mark.stack
async def test_with_one_member_of_each_away_writes_are_acknowledged_by_the_others(three: Servers) -> None:
    await ensure_topic(Cluster(three.kafka, replication_factor=3), TOPIC, partitions=3)
    three.stop("mongodb-1")
    three.stop("kafka-1")
    try:
        await write(three)
    finally:
        three.start("mongodb-1")
        three.start("kafka-1")
    assert set(three.state().pids) == {*members_of("mongodb", 3), *members_of("kafka", 3), "issuer"}
    assert await read(three) == ([{"_id": 1}], 3)


async def write(servers: Servers) -> None:
    connect: Any = AsyncMongoClient
    async with connect(servers.mongodb_uri) as client:
        acknowledged = WriteConcern("majority", j=True)
        await client["trial"].get_collection("notes", write_concern=acknowledged).insert_one({"_id": 1})
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers.kafka, acks="all")
    async with producer:
        for partition in range(3):
            await producer.send_and_wait(TOPIC, b"{}", partition=partition)


async def read(servers: Servers) -> tuple[list[dict[str, Any]], int]:
    connect: Any = AsyncMongoClient
    async with connect(servers.mongodb_uri) as client:
        notes = await client["trial"]["notes"].find().to_list()
    consumer: Any = AIOKafkaConsumer(TOPIC, bootstrap_servers=servers.kafka, auto_offset_reset="earliest")
    async with consumer:
        ends = await consumer.end_offsets(consumer.assignment())
    return notes, sum(ends.values())
