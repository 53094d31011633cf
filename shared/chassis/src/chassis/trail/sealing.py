"""The sealer: every minute at most, the journal entries not yet sealed become a signed checkpoint outside the database.

Entries carry the mark `unsealed`, outside their hash, until their checkpoint is out; the marks are the truth, because
commit order is not id order. One holder of a lease works, and the checkpoint's number fences it: who read an older last
checkpoint cannot insert its next one. See shared/decisions/0011-tamper-evidence.md.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog

from chassis import clock
from chassis.journal import UNSEALED, journal_of
from chassis.kafka import Cluster, ensure_topic, producer_of
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.mongo import Collection, Database, Document, PyMongoError, Session
from chassis.scope import Scope
from chassis.seal_keys import SealKey
from chassis.trail.anchors import CheckpointFile, checkpoints_topic
from chassis.trail.checkpoints import Checkpoint, Leaf, SealedCheckpoint, entries_root, study_leaves
from chassis.trail.merkle import root_of

SEALS: Final = "seals"
ENTRIES_MAX: Final = 2_000
"""A checkpoint with its entries stays well below Kafka's largest message."""
PAUSE_SECONDS: Final = 3.0
SEND_SECONDS_MAX: Final = 30.0
SEALABLE: Final = {
    UNSEALED: True,
    "_id": {"$type": "string"},
    "hash": {"$type": "string"},
    "study": {"$type": "string"},
    "recorded_at": {"$type": "date"},
}
"""What is no entry at all must not stop the sealing of those that are; verifying names it."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class SealingBroken(Exception):  # noqa: N818 - a state, not a mistake
    """Database and anchor contradict each other: sealing on would bury it."""


@dataclass
class Sealer:
    """Seals one service's journal until its task is cancelled."""

    service: str
    database: Database
    cluster: Cluster
    key: SealKey
    file: CheckpointFile | None
    metrics: Metrics
    interval_seconds: float = 60.0
    instance: str | None = None
    _totals: dict[str, int] = field(default_factory=dict[str, int])
    _totals_at: int = 0

    async def run(self) -> None:
        """Seal for ever; each failure is logged and tried again from the marks."""
        lease = Lease(self.database, "sealer", self.instance or clock.new_id())
        due = clock.monotonic()
        try:
            while True:
                if clock.monotonic() >= due and await self._round(lease):
                    due = clock.monotonic() + self.interval_seconds
                await asyncio.sleep(min(PAUSE_SECONDS, self.interval_seconds))
        finally:
            await _give_back(lease)

    async def _round(self, lease: Lease) -> bool:
        try:
            if not await lease.hold():
                return False
            await self.prepare()
            while await lease.hold() and await self.seal_next():
                pass
            await self._measure()
        except Exception as error:  # noqa: BLE001 - whatever it is: the marks still stand, so it is tried again
            _log.warning("sealer will try again", error=type(error).__name__, detail=str(error)[:300])
            return False
        return True

    async def prepare(self) -> None:
        """Make the topic; mark what is there from before there was a sealer."""
        await ensure_topic(self.cluster, checkpoints_topic(self.service), partitions=1)
        if await self._last() is None:
            # Where there is no seal at all, nothing is sealed.
            await journal_of(self.database).update({UNSEALED: {"$exists": False}}, {"$set": {UNSEALED: True}})

    async def seal_next(self) -> SealedCheckpoint | None:
        """Finish what a crash left, then seal what waits; None where nothing does. Raises SealingBroken."""
        # Read before the entries: who seals in between takes the number that would be ours.
        last = await self._last()
        await self._check_file(last)
        if last is not None and not last["published"]:
            await self._finish(_record(last))
        entries = await self.database.in_transaction(self.waiting)
        if not entries:
            return None
        record = await self._sealed(_record(last).checkpoint if last else None, entries)
        await self._seals().insert([{"_id": record.checkpoint.number, "published": False, **record.model_dump()}])
        await self._finish(record)
        return record

    async def waiting(self, session: Session) -> list[Document]:
        """Entries to be sealed next. One snapshot: of an aggregate nothing is left out before what is sealed."""
        return await journal_of(self.database).find(
            Scope.everything(),
            SEALABLE,
            sort=[("recorded_at", 1), ("version.after", 1)],
            limit=ENTRIES_MAX,
            fields=["hash", "study", "recorded_at"],
            session=session,
        )

    async def _sealed(self, last: Checkpoint | None, entries: Sequence[Document]) -> SealedCheckpoint:
        leaves = tuple(Leaf(entry["_id"], entry["hash"], entry["study"]) for entry in entries)
        totals = await self._totals_with(last.number if last else 0, leaves)
        checkpoint = Checkpoint(
            service=self.service,
            number=last.number + 1 if last else 1,
            previous=last.digest if last else None,
            root=entries_root(leaves),
            count=len(leaves),
            total=len(leaves) + (last.total if last else 0),
            studies=root_of(list(study_leaves(totals).values())).hex(),
            studies_count=len(totals),
            newest=_rfc3339(max(entry["recorded_at"] for entry in entries)),
            sealed_at=_rfc3339(clock.now()),
            key_id=self.key.id,
        )
        signature = self.key.sign(checkpoint.signed_bytes)
        return SealedCheckpoint(checkpoint=checkpoint, signature=signature, leaves=leaves)

    async def _totals_with(self, last_number: int, leaves: Sequence[Leaf]) -> Mapping[str, int]:
        """How many entries each study has had, these among them."""
        if self._totals_at != last_number:
            counted = await self._seals().aggregate(Scope.everything(), _PER_STUDY, condition={})
            self._totals = {one["_id"]: one["count"] for one in counted}
        totals = dict(self._totals)
        for leaf in leaves:
            totals[leaf.study] = totals.get(leaf.study, 0) + 1
        self._totals, self._totals_at = totals, last_number + 1
        return totals

    async def _finish(self, record: SealedCheckpoint) -> None:
        """Bring a checkpoint out, then take its entries' marks; done again after a crash it changes nothing."""
        await self._write_file(record)
        await self._send(record)
        await self._unmark(record)
        await self._seals().update({"_id": record.checkpoint.number}, {"$set": {"published": True}})

    async def _unmark(self, record: SealedCheckpoint) -> None:
        sealed = {"_id": {"$in": [leaf.entry for leaf in record.leaves]}}
        await journal_of(self.database).update(sealed, {"$unset": {UNSEALED: ""}})

    async def _check_file(self, last: Document | None) -> None:
        if self.file is None:
            return
        kept = await asyncio.to_thread(self.file.last_number)
        known = last["_id"] if last else 0
        if kept > known:
            message = (
                f"{self.file.path} holds checkpoint {kept}, the database only {known}: it has lost checkpoints. "
                "Run `studyline verify`, and restore the database"
            )
            raise SealingBroken(message)

    async def _write_file(self, record: SealedCheckpoint) -> None:
        if self.file is None:
            return
        kept = await asyncio.to_thread(self.file.last_number)
        wanted = {"_id": {"$gt": kept, "$lt": record.checkpoint.number}}
        before = await self._seals().find(Scope.everything(), wanted, sort=[("_id", 1)])
        new = [record] if kept < record.checkpoint.number else []
        await asyncio.to_thread(self.file.append, [*map(_record, before), *new])

    async def _send(self, record: SealedCheckpoint) -> None:
        producer = producer_of(self.cluster)
        async with asyncio.timeout(SEND_SECONDS_MAX):
            try:
                await producer.start()
                topic = self.cluster.topic(checkpoints_topic(self.service))
                await producer.send_and_wait(topic, record.model_dump_json().encode(), key=self.service.encode())
            finally:
                await producer.stop()

    async def _last(self) -> Document | None:
        return await self._seals().find_one(Scope.everything(), {}, sort=[("_id", -1)])

    async def _measure(self) -> None:
        oldest = await journal_of(self.database).find_one(
            Scope.everything(), {UNSEALED: True}, sort=[("recorded_at", 1), ("version.after", 1)]
        )
        age = (clock.now() - oldest["recorded_at"]).total_seconds() if oldest else 0.0
        self.metrics.unsealed_oldest_seconds.set(max(0.0, age))

    def _seals(self) -> Collection:
        return self.database.collection(SEALS)


_PER_STUDY: Final[Sequence[Mapping[str, Any]]] = (
    {"$unwind": "$leaves"},
    {"$group": {"_id": {"$arrayElemAt": ["$leaves", 2]}, "count": {"$sum": 1}}},
)


def _record(document: Document) -> SealedCheckpoint:
    told = {name: value for name, value in document.items() if name not in {"_id", "published"}}
    return SealedCheckpoint.model_validate(told)


async def _give_back(lease: Lease) -> None:
    try:
        await lease.release()
    except PyMongoError as error:
        _log.warning("the lease runs out by itself", error=type(error).__name__)


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
