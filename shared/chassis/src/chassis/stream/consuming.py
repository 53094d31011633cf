"""The consumer shell on FastStream: batches in, one effect, one explicit commit; poison parked, outages waited out.

FastStream's defaults acknowledge before the work is done and skip what they cannot parse, so every option that decides
about loss is set here (shared/decisions/0007-kafka-settings.md). A service gives a decoder and an effect.
"""

import asyncio
import logging
from collections import Counter
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

from chassis import failpoints
from chassis.kafka import Cluster, wait_for_topics
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.stream.ahead import Ahead, Read
from chassis.stream.applying import Held, apply_sound, bare
from chassis.stream.fetching import gathered, without_loss
from chassis.stream.header_names import read_any_header_name
from chassis.stream.parking import ParkingLot
from chassis.stream.progress import Progress
from chassis.stream.records import Record
from chassis.stream.redriving import Redriver
from chassis.telemetry import is_sampled, span

BATCH_RECORDS: Final = 1_000
BATCH_WAIT_MS: Final = 100
METADATA_AGE_MS: Final = 5_000
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


class UnreadableError(ValueError):
    """The record cannot be read at all."""


@dataclass
class Consumer(Generic[D]):
    """Reads topics from the first event and hands batches to an effect that may see an event more than once.

    `decode` gives None for a type it does not know (skipped and counted) and raises ValueError for a record that breaks
    its contract (parked). `apply` must be idempotent; an exception that is not an outage parks what caused it.
    Records gather for `gather_seconds` after a batch: each costs a fetch, a commit and questions, however small it is.
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
    parked_max: int = PARKED_MAX
    batch_records: int = BATCH_RECORDS
    gather_seconds: float = 0.0

    def __post_init__(self) -> None:
        """Make the lot; nothing is connected yet."""
        self._lot = ParkingLot(self.database, self.name)
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None
        self._turn = asyncio.Lock()
        fetch = gathered(self._fetch, self.gather_seconds, self.batch_records)
        self._ahead = Ahead(without_loss(fetch, self.progress), self._decoded, self.batch_records)
        self._redriver = Redriver(self._lot, self._decoded, self._traced, self._look, self._turn)
        self._redriving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait for the topics, then read them from the committed place. May be called again where it has failed."""
        await self._lot.ensure()
        await wait_for_topics(self.cluster, self.topics)
        self._broker = KafkaBroker(
            self.cluster.bootstrap.split(","),
            allow_auto_create_topics=False,
            # A broker may not know yet of a topic that another has told of: no partitions until it is asked again.
            metadata_max_age_ms=METADATA_AGE_MS,
            apply_types=False,
            graceful_timeout=GRACE_SECONDS,
            logger=logging.getLogger("faststream"),
            log_level=logging.DEBUG,
        )
        read_any_header_name()
        self._subscriber = self._subscribed(self._broker)
        try:
            await self._broker.start()
        except BaseException:
            await self.stop()
            raise
        self.progress.watch(self.name, self._subscriber.consumer, self.metrics)
        self._redriving = asyncio.create_task(self._redriver.run())

    async def stop(self) -> None:
        """Finish the batch in hand, commit it, leave the group."""
        redriving, self._redriving = self._redriving, None
        if redriving is not None:
            redriving.cancel()
            await asyncio.gather(redriving, return_exceptions=True)
        broker, self._broker = self._broker, None
        if broker is not None:
            await broker.stop()
        await self._ahead.stop()

    def _subscribed(self, broker: KafkaBroker) -> Any:
        subscriber: Any = broker.subscriber(
            *(self.cluster.topic(name) for name in self.topics),
            group_id=f"{self.cluster.topic_prefix}{self.name}",
            batch=True,
            ack_policy=AckPolicy.MANUAL,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # A named replica comes back as the member it was, without a rebalance; a nameless one is missed sooner.
            group_instance_id=self.instance,
            session_timeout_ms=45_000 if self.instance else 10_000,
            max_poll_interval_ms=300_000,
            no_reply=True,
            parser=_parse,
            decoder=_decoded_before,
        )
        subscriber(self._handle)
        subscriber.get_msg = self._ahead.get
        return subscriber

    async def _fetch(self, consumer: Any) -> list[Any]:
        fetched = await consumer.getmany(timeout_ms=BATCH_WAIT_MS, max_records=self.batch_records)
        return [record for records in fetched.values() for record in records]

    async def _handle(self, batch: Sequence[Read[D]]) -> None:
        """One batch: applied or parked whole, however long an outage takes; then committed."""
        for attempt in range(2**31):
            try:
                async with self._turn:
                    await self._settle(batch)
            except Exception as error:  # noqa: BLE001 - whatever it is: going on would commit past these records
                self.progress.blocked(type(error).__name__)
                _log.warning("consumer waits", consumer=self.name, error=type(error).__name__, detail=str(error)[:200])
                await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])
            else:
                self.progress.unblocked()
                return

    async def _settle(self, batch: Sequence[Read[D]]) -> None:
        if alarm := await self._look():
            raise TooManyParkedError(alarm)
        known = [(record, event) for record, event in batch if event is not None]
        held, passed = self._sorted_out(known)
        held += await apply_sound(self._traced, passed)
        parked = await self._park(held)
        await failpoints.reach("between-effect-and-commit")
        if await self._commit([record for record, _ in batch]):
            self._tell(batch, held, parked)

    def _sorted_out(self, known: Sequence[tuple[Record, D | Exception]]) -> tuple[list[Held], list[tuple[Record, D]]]:
        """What has to wait, and what may be applied."""
        stopped = self._lot.blocked(record.subject for record, _ in known)
        # What stands before a malformed record of its aggregate in this batch is sound, but order is simpler to
        # promise than to interleave: it waits too, and a redrive applies it first.
        stopped |= {record.subject for record, event in known if isinstance(event, Exception)}
        held: list[Held] = []
        passed: list[tuple[Record, D]] = []
        for record, event in known:
            if isinstance(event, Exception):
                held.append(Held(record, event))
            elif stopped and record.subject in stopped:
                held.append(Held(record, None))
            else:
                passed.append((record, event))
        return held, passed

    def _decoded(self, record: Record) -> D | Exception | None:
        """The record's event, None for an unknown type, or what is wrong with it."""
        if record.defect is not None:
            return UnreadableError(record.defect)
        try:
            return self.decode(record.headers, record.body)
        except (ValueError, RecursionError) as error:
            return bare(error)

    async def _traced(self, batch: Sequence[tuple[Record, D]]) -> None:
        sampled = [record for record, _ in batch if is_sampled(record.headers.get("traceparent", ""))]
        with ExitStack() as spans:
            for record in sampled:
                name, parent = f"{self.name} process", record.headers["traceparent"]
                spans.enter_context(span(name, SpanKind.CONSUMER, parent, event_id=record.event_id))
            await self.apply([event for _, event in batch])

    async def _park(self, held: Sequence[Held]) -> set[str]:
        for record, error in held:
            if error is not None:
                _log.error("event parked", consumer=self.name, event_id=record.event_id, error=type(error).__name__)
        return await self._lot.park(held)

    async def _look(self) -> str | None:
        """See what is parked; the alarm, where that is too much to go on."""
        parked = await self._lot.look(self._subscriber.consumer.assignment())
        too_many = f"{parked} records are parked, at most {self.parked_max} may be: mend the cause, redrive or discard"
        alarm = too_many if parked > self.parked_max else None
        self.metrics.parked.labels(self.name).set(parked)
        self.progress.alarmed(alarm)
        return alarm

    async def _commit(self, records: Sequence[Record]) -> bool:
        """Whether the records are committed; if not, the partition's next reader sees them again."""
        # A partition's records come in their order, so the last one's offset is the highest.
        ends = {(record.topic, record.partition): record.offset + 1 for record in records}
        offsets = {TopicPartition(*place): end for place, end in ends.items()}
        try:
            await self._subscriber.consumer.commit(offsets)
        except KafkaError as error:
            # The partition has moved to another member, which will see these records again; effects are idempotent.
            self._count("commit_failed", 1)
            _log.warning("commit failed", consumer=self.name, error=type(error).__name__)
            return False
        self.progress.moved(offsets)
        return True

    def _tell(self, batch: Sequence[Read[D]], held: Sequence[Held], parked: set[str]) -> None:
        outcomes = {one.record.place: "parked" if one.record.place in parked else "duplicate" for one in held}
        told = Counter[tuple[TopicPartition, str]]()
        for record, event in batch:
            outcome = "skipped_unknown" if event is None else "applied"
            told[record.partition_read, outcomes.get(record.place, outcome) if outcomes else outcome] += 1
        self.progress.told(told)
        for (_, outcome), number in told.items():
            self._count(outcome, number)

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


async def _decoded_before(message: KafkaMessage) -> Any:
    return message.raw_message


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
