"""Load at a steady rate, and what a topic of Kafka holds."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from chassis.kafka import PARTITIONS, Cluster
from harness import MIB

T = TypeVar("T")
WITHIN_SECONDS: Final = 120
LOOK_EVERY_SECONDS: Final = 0.005


@dataclass(frozen=True)
class Ends:
    """How much a topic holds. A client that fetches would answer late: a question waits behind its fetches."""

    client: Any
    partitions: Sequence[TopicPartition]

    @classmethod
    @asynccontextmanager
    async def of(cls, cluster: Cluster, topic: str) -> AsyncGenerator["Ends"]:
        """Of a topic, while the context is open."""
        client: Any = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap)
        async with client:
            yield cls(client, [TopicPartition(topic, number) for number in range(PARTITIONS)])

    async def sum(self) -> int:
        """Messages ever put on the topic."""
        return sum((await self.client.end_offsets(self.partitions)).values())

    async def rate(self, before: int, count: int) -> float:
        """Messages a second, from the first of so many to the last."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while (first := await self.sum()) == before:  # noqa: ASYNC110 - the truth is in the broker
                await asyncio.sleep(LOOK_EVERY_SECONDS)
            began = time.perf_counter()
            while await self.sum() < before + count:  # noqa: ASYNC110 - the truth is in the broker
                await asyncio.sleep(LOOK_EVERY_SECONDS)
        return (before + count - first) / (time.perf_counter() - began)


@asynccontextmanager
async def tail_of(cluster: Cluster, topic: str) -> AsyncGenerator[Any]:
    """A consumer at the end of a topic."""
    consumer: Any = AIOKafkaConsumer(topic, bootstrap_servers=cluster.bootstrap, auto_offset_reset="latest")
    async with consumer:
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield consumer


async def steadily(act: Callable[[T], Awaitable[None]], items: Sequence[T], per_second: float) -> None:
    """Act on one item after the other at this rate, however long each takes; return when all are done."""
    began, tasks = time.perf_counter(), list[asyncio.Future[None]]()
    for number, item in enumerate(items):
        await asyncio.sleep(began + number / per_second - time.perf_counter())
        tasks.append(asyncio.ensure_future(act(item)))
    await asyncio.gather(*tasks)


def rss_mib(pid: int) -> float:
    """What a process holds in memory, shared pages counted in, MiB."""
    return psutil.Process(pid).memory_info().rss / MIB


def uss_mib(pid: int) -> float:
    """What a process holds in memory alone, MiB."""
    return psutil.Process(pid).memory_full_info().uss / MIB
