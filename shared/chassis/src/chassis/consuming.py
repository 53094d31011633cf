"""The consumer shell on FastStream: batches in, one effect, one explicit commit; poison parked, outages waited out.

FastStream's defaults acknowledge before the work is done and skip what they cannot parse, so every option that decides
about loss is set here (shared/decisions/0007-kafka-settings.md). A service gives a decoder and an effect.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from opentelemetry.trace import SpanKind

from chassis.kafka import Cluster, wait_for_topics
from chassis.metrics import Metrics
from chassis.mongo import Database, PyMongoError
from chassis.parking import BEHIND, ParkingLot
from chassis.progress import Progress
from chassis.records import Record, record_of
from chassis.telemetry import is_sampled, span

BATCH_RECORDS: Final = 1_000
BATCH_WAIT_MS: Final = 10
GRACE_SECONDS: Final = 10
BACKOFF_SECONDS: Final = (0.5, 1.0, 2.0, 5.0)
PARKED_MAX: Final = 1_000
"""With so many parked it is the release that is bad and not the data: the consumer stops and says so."""

D = TypeVar("D")
Decode = Callable[[Mapping[str, str], bytes], D | None]
Effect = Callable[[Sequence[D]], Awaitable[None]]

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class TooManyParkedError(Exception):
    """So much was parked that going on would only park more."""


@dataclass
class Consumer(Generic[D]):
    """Reads topics from the first event and hands batches to an effect that may see an event more than once.

    `decode` gives None for a type it does not know (skipped and counted) and raises ValueError for a record that breaks
    its contract (parked). `apply` must be idempotent; an exception that is not an outage parks what caused it.
    """

    name: str
    topics: Sequence[str]
    decode: Decode[D]
    apply: Effect[D]
    database: Database
    cluster: Cluster
    metrics: Metrics
    instance: str | None = None
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        """Make the lot; nothing is connected yet."""
        self._lot = ParkingLot(self.database, self.name)
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None

    async def start(self) -> None:
        """Wait for the topics, then read them from the committed place. May be called again where it has failed."""
        await self._lot.ensure()
        await wait_for_topics(self.cluster, self.topics)
        self._broker = KafkaBroker(
            self.cluster.bootstrap,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=GRACE_SECONDS,
            logger=logging.getLogger("faststream"),
            log_level=logging.DEBUG,
        )
        self._subscriber = self._subscribed(self._broker)
        try:
            await self._broker.start()
        except BaseException:
            await self.stop()
            raise
        self.progress.watch(self.name, self._subscriber.consumer, self.metrics)

    async def stop(self) -> None:
        """Finish the batch in hand, commit it, leave the group."""
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.stop()

    def _subscribed(self, broker: KafkaBroker) -> Any:
        subscriber: Any = broker.subscriber(
            *(self.cluster.topic(name) for name in self.topics),
            group_id=f"{self.cluster.topic_prefix}{self.name}",
            batch=True,
            max_records=BATCH_RECORDS,
            batch_timeout_ms=BATCH_WAIT_MS,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # A named replica comes back as the member it was, without a rebalance; a nameless one is missed sooner.
            group_instance_id=self.instance,
            session_timeout_ms=45_000 if self.instance else 10_000,
            max_poll_interval_ms=300_000,
            no_reply=True,
            parser=_parse,
            decoder=_records,
        )
        subscriber(self._handle)
        return subscriber

    async def _handle(self, records: Sequence[Record]) -> None:
        """One batch: applied or parked whole, however long an outage takes; then committed."""
        for attempt in range(2**31):
            try:
                await self._settle(records)
            except Exception as error:  # noqa: BLE001 - whatever it is: going on would commit past these records
                self.progress.blocked(type(error).__name__)
                _log.warning("consumer waits", consumer=self.name, error=type(error).__name__, detail=str(error)[:200])
                await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
            else:
                return

    async def _settle(self, records: Sequence[Record]) -> None:
        await self._check_lot()
        known = self._decoded(records)
        blocked = self._lot.blocked(record.subject for record in records)
        blocked |= await self._park_malformed(known, blocked)
        behind = [record for record, event in known if record.subject in blocked and not isinstance(event, Exception)]
        await self._park([(record, BEHIND) for record in behind])
        await self._apply([(r, e) for r, e in known if r.subject not in blocked and not isinstance(e, Exception)])
        await self._commit(records)

    def _decoded(self, records: Sequence[Record]) -> list[tuple[Record, D | ValueError]]:
        """Records of known types with their event, or with what is wrong with them."""
        decoded: list[tuple[Record, D | ValueError]] = []
        for record in records:
            event = self._decode(record)
            if event is None:
                self._count("skipped_unknown", 1)
            else:
                decoded.append((record, event))
        return decoded

    def _decode(self, record: Record) -> D | ValueError | None:
        if record.defect is not None:
            return ValueError(record.defect)
        try:
            return self.decode(record.headers, record.body)
        except (ValueError, RecursionError) as error:
            return ValueError(str(error))

    async def _park_malformed(self, known: Sequence[tuple[Record, D | ValueError]], blocked: set[str]) -> set[str]:
        malformed = [(record, str(error)) for record, error in known if isinstance(error, ValueError)]
        await self._park(malformed)
        # What stands before a malformed record of its aggregate in this batch is sound, but order is simpler to
        # promise than to interleave: it waits too, and a redrive applies it first.
        return {record.subject for record, _ in malformed} - blocked

    async def _apply(self, batch: Sequence[tuple[Record, D]]) -> None:
        """Apply the batch at once; where something in it is poison, find it by halving."""
        if not batch:
            return
        try:
            await self._traced(batch)
        except (PyMongoError, KafkaError, OSError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever an event makes go wrong, it is that event which is parked
            if len(batch) == 1:
                await self._poison(batch[0][0], error)
            else:
                await self._halved(batch)
        else:
            self._count("applied", len(batch))

    async def _traced(self, batch: Sequence[tuple[Record, D]]) -> None:
        sampled = [record for record, _ in batch if is_sampled(record.headers.get("traceparent", ""))]
        with ExitStack() as spans:
            for record in sampled:
                name, parent = f"{self.name} process", record.headers["traceparent"]
                spans.enter_context(span(name, SpanKind.CONSUMER, parent, event_id=record.event_id))
            await self.apply([event for _, event in batch])

    async def _halved(self, batch: Sequence[tuple[Record, D]]) -> None:
        middle = len(batch) // 2
        await self._apply(batch[:middle])
        rest = batch[middle:]
        blocked = self._lot.blocked(record.subject for record, _ in rest)
        await self._park([(record, BEHIND) for record, _ in rest if record.subject in blocked])
        await self._apply([(record, event) for record, event in rest if record.subject not in blocked])

    async def _poison(self, record: Record, error: Exception) -> None:
        _log.error("event parked", consumer=self.name, event_id=record.event_id, exc_info=error)
        await self._park([(record, f"{type(error).__name__}: {error}"[:1_000])])

    async def _park(self, records: Sequence[tuple[Record, str]]) -> None:
        if records:
            await self._lot.park(records)
            self._count("parked", len(records))

    async def _check_lot(self) -> None:
        parked = await self._lot.look(self._subscriber.consumer.assignment())
        self.metrics.parked.labels(self.name).set(parked)
        if parked > PARKED_MAX:
            message = f"{parked} records are parked: mend the cause and redrive or discard them"
            raise TooManyParkedError(message)

    async def _commit(self, records: Sequence[Record]) -> None:
        offsets: dict[TopicPartition, int] = {}
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            offsets[place] = max(offsets.get(place, 0), record.offset + 1)
        try:
            await self._subscriber.consumer.commit(offsets)
            self.progress.moved(offsets)
        except KafkaError as error:
            # The partition has moved to another member, which will see these records again; effects are idempotent.
            self._count("commit_failed", 1)
            _log.warning("commit failed", consumer=self.name, error=type(error).__name__)

    def _count(self, outcome: str, records: int) -> None:
        self.metrics.consumed_total.labels(self.name, outcome).inc(records)


async def _parse(raw: tuple[Any, ...]) -> KafkaMessage:
    return KafkaMessage(
        body=b"",
        headers={},
        raw_message=raw,
        content_type=None,
        message_id="",
        correlation_id="",
        consumer=_NO_CONSUMER,
    )


async def _records(message: KafkaMessage) -> list[Record]:
    raw: Any = message.raw_message
    return [record_of(one) for one in raw]


class _NoConsumer:
    """FastStream's own acknowledgement is never used: `Consumer` commits by itself."""

    async def commit(self) -> None:
        """Refuse: it would commit more than was applied."""
        message = "commits are explicit"
        raise AssertionError(message)

    def seek(self, partition: object, offset: int) -> None:
        """Refuse: it would read on from elsewhere."""
        message = f"no seek to {partition}:{offset}"
        raise AssertionError(message)


_NO_CONSUMER: Any = _NoConsumer()
