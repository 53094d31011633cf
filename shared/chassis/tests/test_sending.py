"""A chunk reaches Kafka whole and in order, on the partitions where every client would put it."""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.partitioner import DefaultPartitioner
from chassis.kafka import PARTITIONS, Cluster, ensure_topic
from chassis.stream.sending import Message, Sender, partition_of

TOPIC = "sent"


async def read(cluster: Cluster, count: int) -> list[Any]:
    consumer: Any = AIOKafkaConsumer(
        cluster.topic(TOPIC), bootstrap_servers=cluster.bootstrap, auto_offset_reset="earliest"
    )
    async with consumer:
        return [await consumer.getone() for _ in range(count)]


def test_a_key_has_the_partition_that_every_client_gives_it() -> None:
    keys = [f"study-{number}".encode() for number in range(200)]
    usual: Any = DefaultPartitioner()
    everywhere = list(range(PARTITIONS))
    assert [partition_of(key, PARTITIONS) for key in keys] == [usual(key, everywhere, everywhere) for key in keys]


async def test_more_than_a_batch_holds_arrives_whole_and_in_order(cluster: Cluster) -> None:
    await ensure_topic(cluster, TOPIC)
    sender = Sender(cluster, TOPIC)
    try:
        await sender.send(Message(b"one", f"{number}".zfill(100_000).encode(), [("n", b"1")]) for number in range(30))
    finally:
        await sender.drop()
    records = await read(cluster, 30)
    assert [int(record.value[-6:]) for record in records] == list(range(30))
    assert {record.partition for record in records} == {partition_of(b"one", PARTITIONS)}


async def test_one_message_larger_than_a_batch_is_sent(cluster: Cluster) -> None:
    await ensure_topic(cluster, TOPIC)
    sender = Sender(cluster, TOPIC)
    try:
        await sender.send([Message(b"one", b"x" * 600_000, [])])
    finally:
        await sender.drop()
    assert [len(record.value) for record in await read(cluster, 1)] == [600_000]
