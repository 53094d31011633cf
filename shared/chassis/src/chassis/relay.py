"""The relay: publishes what the journal still owes to Kafka, in order, at least once, by one holder of the lease.

Pending entries are the truth and are polled; the wake-up after a commit only makes it fast. Clearing `pending` needs no
fence of its own: it is done only for messages Kafka has acknowledged, and that stays true whoever holds the lease.
"""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import structlog
from aiokafka.errors import KafkaError
from opentelemetry.trace import SpanKind

from chassis import clock, failpoints
from chassis.health import Unhealthy
from chassis.journal import journal_of
from chassis.kafka import Cluster, encoded, producer_of
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.mongo import Database, Document, PyMongoError
from chassis.scope import Scope
from chassis.telemetry import current_traceparent, is_sampled, span

CHUNK_ENTRIES: Final = 500
POLL_SECONDS: Final = 0.2
SEND_SECONDS_MAX: Final = 30.0
RETRY_SECONDS: Final = 1.0
STALLED_SECONDS: Final = 120.0

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass
class Relay:
    """Publishes one service's journal on one topic until its task is cancelled."""

    database: Database
    cluster: Cluster
    topic: str
    metrics: Metrics
    instance: str | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _producer: Any = None
    _progress_at: float = field(default_factory=clock.monotonic)
    _last_error: str = ""

    def wake(self) -> None:
        """Something was committed: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Publish for ever; each failure is logged, waited out and tried again from the journal."""
        lease = Lease(self.database, "relay", self.instance or clock.new_id())
        try:
            while True:
                await self._round(lease)
        finally:
            await self._end(lease)

    async def check(self) -> str:
        """Health: the relay has gone round lately. Raises Unhealthy."""
        silent = clock.monotonic() - self._progress_at
        if silent > STALLED_SECONDS:
            message = f"no progress for {silent:.0f} s {self._last_error}".rstrip()
            raise Unhealthy(message)
        return "publishing" if self._producer else "standing by"

    async def _round(self, lease: Lease) -> None:
        try:
            published = await self._publish_chunk() if await lease.hold() else 0
        except Exception as error:  # noqa: BLE001 - whatever it is: the journal still owes, so it is tried again
            self._last_error = type(error).__name__
            _log.warning("relay will try again", error=self._last_error, detail=str(error)[:200])
            await self._drop_producer()
            await asyncio.sleep(RETRY_SECONDS)
            return
        self._progress_at = clock.monotonic()
        if published < CHUNK_ENTRIES:
            await self._rest()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        except TimeoutError:
            return
        finally:
            self._wake.clear()

    async def _publish_chunk(self) -> int:
        entries = await journal_of(self.database).find(
            Scope.everything(),
            {"pending": True},
            sort=[("recorded_at", 1), ("version.after", 1)],
            limit=CHUNK_ENTRIES,
            fields=["messages", "recorded_at"],
        )
        self._measure(entries)
        if entries:
            await self._send([message for entry in entries for message in entry["messages"]])
            await failpoints.reach("between-ack-and-mark")
            published = {"_id": {"$in": [entry["_id"] for entry in entries]}}
            await journal_of(self.database).update(published, {"$unset": {"pending": ""}})
        return len(entries)

    async def _send(self, messages: Sequence[Document]) -> None:
        """Send a chunk and await every acknowledgement; one failure fails the chunk, which is then sent again."""
        producer = await self._started()
        topic = self.cluster.topic(self.topic)
        async with asyncio.timeout(SEND_SECONDS_MAX):
            with ExitStack() as spans:
                acknowledgements: list[asyncio.Future[Any]] = [
                    await producer.send(
                        topic, message["body"].encode(), key=message["key"].encode(), headers=_traced(message, spans)
                    )
                    for message in messages
                ]
                await failpoints.reach("between-send-and-ack")
                await asyncio.gather(*acknowledgements)
        self.metrics.published_total.inc(len(messages))

    def _measure(self, entries: Sequence[Document]) -> None:
        oldest = (clock.now() - entries[0]["recorded_at"]) if entries else timedelta()
        self.metrics.outbox_pending.set(len(entries))
        self.metrics.outbox_oldest_seconds.set(max(0.0, oldest.total_seconds()))

    async def _started(self) -> Any:
        if self._producer is None:
            producer = producer_of(self.cluster)
            try:
                async with asyncio.timeout(SEND_SECONDS_MAX):
                    await producer.start()
            except BaseException:
                await _stop(producer)
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        # After a failure its sequence numbers may have moved on: only a new producer is safe (aiokafka#1017).
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)

    async def _end(self, lease: Lease) -> None:
        await self._drop_producer()
        try:
            await lease.release()
        except PyMongoError as error:
            _log.warning("the lease runs out by itself", error=type(error).__name__)


def _traced(message: Document, spans: ExitStack) -> list[tuple[str, bytes]]:
    """The message's headers; where its trace is sampled, below a span that ends when the chunk is acknowledged."""
    headers = message["headers"]
    if is_sampled(headers["traceparent"]):
        name = f"{headers['ce_type']} publish"
        spans.enter_context(span(name, SpanKind.PRODUCER, headers["traceparent"], event_id=headers["ce_id"]))
        headers = {**headers, "traceparent": current_traceparent()}
    return encoded(headers)


async def _stop(producer: Any) -> None:
    try:
        async with asyncio.timeout(RETRY_SECONDS):
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        _log.info("producer left without goodbye", error=type(error).__name__)
