"""A consumer of numbered events for tests: an effect that some numbers break, and what became of each record."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis.journal import Actor
from chassis.kafka import Cluster, producer_of
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.stream.consuming import Consumer
from chassis.stream.parked import By, Order, ParkingDesk
from chassis.stream.parking import PARKED
from pydantic import TypeAdapter

ALL = Scope.everything()
TOPIC = "test"
NUMBERED = TypeAdapter(dict[str, int])
Message = tuple[list[tuple[str, bytes | None]], bytes | None]


def decode(headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
    """Know one type; its body is a JSON object with a number."""
    if headers.get("ce_type") != "known":
        return None
    return {"_id": headers["ce_id"], "subject": headers["ce_subject"], "n": NUMBERED.validate_json(body)["n"]}


def known(event_id: str, subject: str, number: int) -> Message:
    headers = {"ce_type": "known", "ce_id": event_id, "ce_subject": subject}
    return [(name, value.encode()) for name, value in headers.items()], json.dumps({"n": number}).encode()


async def send(cluster: Cluster, messages: Sequence[Message], *, partition: int = 0) -> None:
    """Put the messages on one partition."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for headers, body in messages:
            await producer.send(cluster.topic(TOPIC), body, b"key", partition=partition, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


async def rewind(cluster: Cluster) -> None:
    """Have the group begin with the first record again."""
    place = TopicPartition(cluster.topic(TOPIC), 0)
    client: Any = AIOKafkaConsumer(
        bootstrap_servers=cluster.bootstrap, group_id=f"{cluster.topic_prefix}reader", enable_auto_commit=False
    )
    client.assign([place])
    await client.start()
    try:
        await client.commit({place: 0})
    finally:
        await client.stop()


def outcomes(metrics: Metrics) -> Counter[str]:
    samples = next(iter(metrics.consumed_total.collect())).samples
    return Counter({one.labels["outcome"]: int(one.value) for one in samples if one.name.endswith("_total")})


@asynccontextmanager
async def consuming(
    database: Database, cluster: Cluster, metrics: Metrics, apply: Callable[..., Any], **options: Any
) -> AsyncGenerator[Consumer[dict[str, Any]]]:
    consumer = Consumer("reader", [TOPIC], decode, apply, database, cluster, metrics, **options)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the consumer has no event to wait for
            await asyncio.sleep(0.02)


async def until_true(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await condition():  # noqa: ASYNC110 - the truth is in the database
            await asyncio.sleep(0.05)


@dataclass
class Effect:
    """Stores events, each once, in the order in which they first came; breaks on those that are `sick`."""

    database: Database
    sick: set[str] = field(default_factory=set[str])
    calls: Counter[str] = field(default_factory=Counter[str])
    order: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    async def __call__(self, batch: Sequence[dict[str, Any]]) -> None:
        self.calls.update(event["_id"] for event in batch)
        for event in batch:
            if event["_id"] in self.sick:
                message = "negative numbers are poison"
                raise ArithmeticError(message)
        await self.database.collection("seen").insert_new([dict(event) for event in batch])
        for event in batch:
            numbers = self.order.setdefault(event["subject"], [])
            numbers += [event["n"]] if event["n"] not in numbers else []


def order(by: By, value: str, *, request: str = "request-1") -> Order:
    """What an operator asks for."""
    return Order(request, f"{by}:{value}", Actor("anna", ("operations",)), by, value, "the cause is mended")


async def parked(database: Database) -> list[dict[str, Any]]:
    """The lot in its order."""
    return await database.collection(PARKED).find(ALL, {}, sort=[("place.offset", 1)])


async def redriven(database: Database, by: By, value: str, *, request: str = "request-1") -> dict[str, Any]:
    """Ask for a redrive, and wait until nothing is marked any more."""
    answer = await ParkingDesk(database).redrive(order(by, value, request=request))

    async def is_done() -> bool:
        return not any("redrive" in one for one in await parked(database))

    await until_true(is_done)
    return answer
