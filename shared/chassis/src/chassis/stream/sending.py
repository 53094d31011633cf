"""Sending a chunk of messages to one topic, acknowledged or failed as a whole.

Each partition's messages go as batches that are filled here: one future a batch where the client's own `send` makes
one a message, and the partition of a key is reckoned once, in the way every Kafka client does (murmur2).
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import structlog
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from chassis import failpoints
from chassis.kafka import Cluster, producer_of

SEND_SECONDS_MAX: Final = 30.0
STOP_SECONDS_MAX: Final = 1.0
KEYS_REMEMBERED: Final = 10_000
_choose: Final[Any] = DefaultPartitioner()

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class Message(NamedTuple):
    """What Kafka is to carry."""

    key: bytes
    body: bytes
    headers: Sequence[tuple[str, bytes]]


@dataclass
class Sender:
    """The producer of one topic, started at the first chunk and thrown away after a failure."""

    cluster: Cluster
    topic: str
    _producer: Any = field(default=None, repr=False)

    @property
    def is_started(self) -> bool:
        """Whether there is a producer, and so somebody who sends."""
        return self._producer is not None

    async def send(self, messages: Iterable[Message]) -> None:
        """Send a chunk in its order and await every acknowledgement. After a failure call `drop` before the next."""
        async with asyncio.timeout(SEND_SECONDS_MAX):
            producer = await self._started()
            acknowledgements = await self._filled(producer, messages)
            await failpoints.reach("between-send-and-ack")
            await asyncio.gather(*acknowledgements)

    async def drop(self) -> None:
        """Leave the producer: after a failure its sequence numbers may have moved on (aiokafka#1017)."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)

    async def _filled(self, producer: Any, messages: Iterable[Message]) -> list[asyncio.Future[Any]]:
        topic = self.cluster.topic(self.topic)
        partitions = len(await producer.partitions_for(topic))
        batches: dict[int, Any] = {}
        sent: list[asyncio.Future[Any]] = []
        for key, body, headers in messages:
            partition = partition_of(key, partitions)
            batch = batches.get(partition)
            if batch is None or batch.append(timestamp=None, key=key, value=body, headers=headers) is None:
                if batch is not None:
                    sent.append(await producer.send_batch(batch, topic, partition=partition))
                batch = batches[partition] = producer.create_batch()
                batch.append(timestamp=None, key=key, value=body, headers=headers)
        for partition, batch in batches.items():
            # A closed batch leaves at once; an open one would linger for messages that do not come.
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=partition))
        return sent

    async def _started(self) -> Any:
        if self._producer is None:
            producer = producer_of(self.cluster)
            try:
                await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer


@lru_cache(KEYS_REMEMBERED)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition on which a key's messages stand."""
    return _choose(key, range(partitions), ())


async def _stop(producer: Any) -> None:
    try:
        async with asyncio.timeout(STOP_SECONDS_MAX):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        _log.info("producer left without goodbye", error=type(error).__name__)
