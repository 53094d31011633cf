"""The relay: publishes what the journal still owes to Kafka, in order, at least once, by one holder of the lease.

Pending entries are the truth and are polled; the wake-up after a commit only makes it fast: this process' own commands
ring, and where the relay runs apart from them a change stream does. Clearing `pending` needs no fence of its own: it is
done only for messages Kafka has acknowledged, and that stays true whoever holds the lease.
"""

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from opentelemetry.trace import SpanKind

from chassis import clock, failpoints
from chassis.health import Unhealthy
from chassis.journal import journal_of
from chassis.kafka import Cluster, encoded
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.mongo import Database, Document, PyMongoError
from chassis.scope import Scope
from chassis.stream.marking import Marks
from chassis.stream.sending import Message, Sender
from chassis.telemetry import current_traceparent, is_sampled, span

CHUNK_ENTRIES: Final = 500
POLL_SECONDS: Final = 0.2
GATHER_SECONDS: Final = 0.005
"""Rounds begin no faster than this: what is committed together goes together, and costs one round and not many."""
RETRY_SECONDS: Final = 1.0
STALLED_SECONDS: Final = 120.0

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass
class Relay:
    """Publishes one service's journal on one topic until its task is cancelled.

    `listens` where others commit: a change stream wakes it then, because nobody calls `wake`.
    """

    database: Database
    cluster: Cluster
    topic: str
    metrics: Metrics
    instance: str | None = None
    listens: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _progress_at: float = field(default_factory=clock.monotonic)
    _last_error: str = ""
    _ringing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Nothing is connected yet."""
        self._sender = Sender(self.cluster, self.topic)
        self._marks = Marks(self.database)

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
        return "publishing" if self._sender.is_started else "standing by"

    async def _round(self, lease: Lease) -> None:
        began = clock.monotonic()
        try:
            if await lease.hold():
                await self._publish_pending(lease)
        except Exception as error:  # noqa: BLE001 - whatever it is: the journal still owes, so it is tried again
            self._last_error = type(error).__name__
            _log.warning("relay will try again", error=self._last_error, detail=str(error)[:200])
            await self._sender.drop()
            await self._marks.forget()
            await asyncio.sleep(RETRY_SECONDS)
            return
        self._progress_at = clock.monotonic()
        await self._rest(lease, began)

    async def _rest(self, lease: Lease, began: float) -> None:
        if self.listens and lease.is_held and self._ringing is None:
            self._ringing = asyncio.create_task(self._ring())
        try:
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        except TimeoutError:
            return
        await asyncio.sleep(began + GATHER_SECONDS - clock.monotonic())
        self._wake.clear()

    async def _ring(self) -> None:
        try:
            async for _ in journal_of(self.database).inserts(fields=["_id"]):
                self.wake()
        except PyMongoError as error:
            _log.info("the change stream ended, polling goes on", error=type(error).__name__)
        finally:
            self._ringing = None

    async def _publish_pending(self, lease: Lease) -> None:
        await self._marks.settle()
        chunk = await self._pending()
        self._measure(chunk)
        while chunk and await lease.hold():
            chunk = await self._send_and_read_on(chunk)
            self._progress_at = clock.monotonic()
            await self._marks.settle()

    async def _send_and_read_on(self, chunk: Sequence[Document]) -> Sequence[Document]:
        """Send a chunk; meanwhile read the next where this one is full. Marking goes on aside."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._send(chunk))
                reading = both.create_task(self._read_on(chunk))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        await failpoints.reach("between-ack-and-mark")
        self._marks.add(entry["_id"] for entry in chunk)
        return reading.result()

    async def _read_on(self, sent: Sequence[Document]) -> Sequence[Document]:
        if len(sent) < CHUNK_ENTRIES:
            return ()
        if self._ringing is not None:
            # There is no need to be woken, and following a backlog again would cost.
            self._ringing.cancel()
        return await self._pending([entry["_id"] for entry in sent])

    async def _pending(self, besides: Sequence[str] = ()) -> Sequence[Document]:
        """The next chunk. What was sent is left out by name: skipping so many could pass over a late commit."""
        left_out = [*besides, *self._marks.unmarked]
        return await journal_of(self.database).find(
            Scope.everything(),
            {"pending": True, **({"_id": {"$nin": left_out}} if left_out else {})},
            sort=[("recorded_at", 1), ("version.after", 1)],
            limit=CHUNK_ENTRIES,
            fields=["messages", "recorded_at"],
        )

    async def _send(self, entries: Sequence[Document]) -> None:
        """Send a chunk and await every acknowledgement; one failure fails the chunk, which is then sent again."""
        messages = [message for entry in entries for message in entry["messages"]]
        with ExitStack() as spans:
            await self._sender.send([_message(one, spans) for one in messages])
        self.metrics.published_total.inc(len(messages))

    def _measure(self, entries: Sequence[Document]) -> None:
        oldest = (clock.now() - entries[0]["recorded_at"]) if entries else timedelta()
        self.metrics.outbox_pending.set(len(entries))
        self.metrics.outbox_oldest_seconds.set(max(0.0, oldest.total_seconds()))

    async def _end(self, lease: Lease) -> None:
        if self._ringing is not None:
            self._ringing.cancel()
        await self._sender.drop()
        await self._marks.forget()
        try:
            await lease.release()
        except PyMongoError as error:
            _log.warning("the lease runs out by itself", error=type(error).__name__)


def _message(message: Document, spans: ExitStack) -> Message:
    """As Kafka carries it; where its trace is sampled, below a span that ends when the chunk is acknowledged."""
    headers = message["headers"]
    if is_sampled(headers["traceparent"]):
        name = f"{headers['ce_type']} publish"
        spans.enter_context(span(name, SpanKind.PRODUCER, headers["traceparent"], event_id=headers["ce_id"]))
        headers = {**headers, "traceparent": current_traceparent()}
    return Message(message["key"].encode(), message["body"].encode(), encoded(headers))
