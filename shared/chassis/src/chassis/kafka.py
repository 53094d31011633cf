"""Kafka as the platform uses it: client options, topics that are made on purpose, and the idempotent producer.

The options stand here because the libraries' defaults lose messages (shared/decisions/0007-kafka-settings.md).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

PARTITIONS: Final = 12
"""Fixed for life: more partitions would send a study's later events elsewhere than its earlier ones."""
MESSAGE_BYTES_MAX: Final = 1_048_576
WAIT_SECONDS: Final = 0.25

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


def topic_of(service: str) -> str:
    """The one topic a service publishes on, before the installation's prefix."""
    return f"studyline.{service}"


@dataclass(frozen=True)
class Cluster:
    """Where Kafka is, and how its topics are named and kept."""

    bootstrap: str
    topic_prefix: str = ""
    replication_factor: int = 3

    def topic(self, name: str) -> str:
        """The topic's name in this installation."""
        return f"{self.topic_prefix}{name}"


async def ensure_topic(cluster: Cluster, name: str, *, partitions: int = PARTITIONS) -> None:
    """Make the topic a service publishes on. Retention is unlimited: readers start from the beginning."""
    settings = {
        "retention.ms": "-1",
        "cleanup.policy": "delete",
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "min.insync.replicas": str(max(1, cluster.replication_factor - 1)),
        "unclean.leader.election.enable": "false",
    }
    topic = NewTopic(cluster.topic(name), partitions, cluster.replication_factor, topic_configs=settings)
    async with _admin(cluster) as admin:
        response: Any = await admin.create_topics([topic])
    for _, code, message in response.topic_errors:
        error = for_code(code)
        if error not in {TopicAlreadyExistsError, for_code(0)}:
            raise error(message)


async def wait_for_topics(cluster: Cluster, names: Iterable[str]) -> None:
    """Wait until every topic exists: a consumer that starts before finds nothing and looks again much later."""
    wanted = {cluster.topic(name) for name in names}
    while wanted - (there := await _topics(cluster)):
        _log.info("waiting for topics", missing=sorted(wanted - there))
        await asyncio.sleep(WAIT_SECONDS)


async def _topics(cluster: Cluster) -> set[str]:
    try:
        async with _admin(cluster) as admin:
            return set(await admin.list_topics())
    except (KafkaError, OSError) as error:
        _log.warning("kafka does not answer", error=type(error).__name__)
        return set()


class Place(NamedTuple):
    """How far a group is in one partition: offsets of the first record, of the next to read, and after the last."""

    topic: str
    partition: int
    first: int
    next: int
    end: int

    @property
    def behind(self) -> int:
        """Records still to be read."""
        return self.end - self.next


async def places_of(cluster: Cluster, group: str, names: Sequence[str]) -> list[Place]:
    """Where a group stands in every partition of these topics; waits while Kafka cannot tell."""
    while True:
        try:
            return await _places(cluster, group, names)
        except (KafkaError, OSError) as error:
            _log.warning("kafka does not answer", error=type(error).__name__)
            await asyncio.sleep(WAIT_SECONDS)


async def _places(cluster: Cluster, group: str, names: Sequence[str]) -> list[Place]:
    client: Any = AIOKafkaConsumer(bootstrap_servers=cluster.bootstrap, isolation_level="read_committed")
    async with _admin(cluster) as admin, client:
        topics = [cluster.topic(name) for name in names]
        described: Any = await admin.describe_topics(topics)
        partitions = [TopicPartition(one["topic"], p["partition"]) for one in described for p in one["partitions"]]
        committed: Any = await admin.list_consumer_group_offsets(f"{cluster.topic_prefix}{group}")
        first, end = await client.beginning_offsets(partitions), await client.end_offsets(partitions)
    next_of = {one: max(first[one], committed[one].offset if one in committed else 0) for one in partitions}
    return [Place(*one, first[one], next_of[one], end[one]) for one in sorted(partitions)]


def producer_of(cluster: Cluster) -> Any:
    """An AIOKafkaProducer that neither loses nor reorders: idempotent, acknowledged by every replica in sync."""
    return AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=2,
        max_batch_size=262_144,
        max_request_size=MESSAGE_BYTES_MAX,
        request_timeout_ms=20_000,
    )


def encoded(headers: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """Headers as Kafka carries them."""
    return [(name, value.encode()) for name, value in headers.items()]


class _admin:  # noqa: N801 - reads as the context it is
    def __init__(self, cluster: Cluster) -> None:
        self._client = AIOKafkaAdminClient(bootstrap_servers=cluster.bootstrap)

    async def __aenter__(self) -> AIOKafkaAdminClient:
        try:
            await self._client.start()
        except BaseException:
            await self._client.close()
            raise
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
