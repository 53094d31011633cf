"""The parking lot: a record that cannot be applied waits here, and the later ones of its aggregate behind it.

So a poison event stops its own aggregate and nothing else, and nothing is skipped silently. What becomes of a parked
record, and who wanted it so, stays in the parking log (shared/decisions/0010-parking.md).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple

from aiokafka import TopicPartition

from chassis import clock
from chassis.mongo import Collection, Database, DeleteMany, Document, Session
from chassis.scope import Scope
from chassis.stream.applying import Held
from chassis.stream.records import Record

PARKED: Final = "parked"
PARKING_LOG: Final = "parking_log"
LOOK_SECONDS: Final = 1.0
APPLYING: Final = "applying_since"
APPLYING_MAX: Final = timedelta(minutes=1)
"""So long a record that is being applied cannot be discarded; a mark older than that is a dead reader's."""
BEHIND: Final = "waits behind an earlier event of its aggregate"
BEHIND_FINGERPRINT: Final = "behind"
REASON_CHARACTERS_MAX: Final = 1_000
TYPE_CHARACTERS_MAX: Final = 100

_ALL = Scope.everything()


class Queue(NamedTuple):
    """An aggregate's parked records on one partition: they are redriven in their order, by who reads the partition."""

    subject: str
    partition: TopicPartition

    @property
    def condition(self) -> Document:
        """What its documents have in common, but for the consumer."""
        topic, partition = self.partition.topic, self.partition.partition
        return {"subject": self.subject, "place.topic": topic, "place.partition": partition}


class ParkingLot:
    """One consumer's parked records.

    Who reads a partition is the only one to park its records, so what is parked is known without asking each time: the
    lot is looked at anew after a second, for what was redriven or discarded, and whenever other partitions are read.
    Looking and parking must not overlap: the consumer does one at a time.
    """

    def __init__(self, database: Database, consumer: str) -> None:
        """The lot of this consumer group."""
        self._consumer, self._database = consumer, database
        self._parked: Collection = database.collection(PARKED)
        self._log: Collection = database.collection(PARKING_LOG)
        self._subjects = Counter[str]()
        self._requested: list[Queue] = []
        self._partitions: frozenset[object] = frozenset()
        self._looked_at = -LOOK_SECONDS

    async def ensure(self) -> None:
        """Make the index by which aggregates are found."""
        await self._parked.ensure_index([("consumer", 1), ("subject", 1)])

    async def look(self, partitions: Iterable[TopicPartition]) -> int:
        """See what is parked, where that may have changed; how many records wait."""
        read, now = frozenset(partitions), clock.monotonic()
        if read != self._partitions or now - self._looked_at >= LOOK_SECONDS:
            wanted = ["subject", "place", "redrive"]
            found = await self._parked.find(_ALL, {"consumer": self._consumer}, fields=wanted)
            self._subjects = Counter(document["subject"] for document in found)
            queues = dict.fromkeys(_queue_of(document) for document in found if "redrive" in document)
            self._requested = [queue for queue in queues if queue.partition in read]
            self._partitions, self._looked_at = read, now
        return self._subjects.total()

    def blocked(self, subjects: Iterable[str]) -> set[str]:
        """Those of the aggregates that have a record here."""
        return {subject for subject in subjects if subject in self._subjects} if self._subjects else set()

    def requested(self) -> Sequence[Queue]:
        """What is to be redriven of the partitions that are read, as of the last look."""
        return self._requested

    async def park(self, held: Sequence[Held]) -> set[str]:
        """Keep the records with the reason for each; the places of those that were not here yet."""
        if not held:
            return set()
        documents = {one.record.place: self._document(one) for one in held}
        ids = [document["_id"] for document in documents.values()]
        here = {one["_id"] for one in await self._parked.find(_ALL, {"_id": {"$in": ids}}, fields=["_id"])}
        new = {place: document for place, document in documents.items() if document["_id"] not in here}
        await self._parked.insert_new(list(new.values()))
        self._subjects.update(document["subject"] for document in new.values())
        return set(new)

    async def first_of(self, queue: Queue, limit: int) -> list[Document]:
        """The first documents of a queue, in their order."""
        condition = {"consumer": self._consumer, **queue.condition}
        return await self._parked.find(_ALL, condition, sort=[("place.offset", 1)], limit=limit)

    async def claim(self, documents: Sequence[Document]) -> list[Document]:
        """Mark these as being applied, so that nobody discards them meanwhile; those that were not discarded before."""
        chosen = {"_id": {"$in": [document["_id"] for document in documents]}}
        await self._parked.update(chosen, {"$set": {APPLYING: clock.now()}})
        there = {one["_id"] for one in await self._parked.find(_ALL, chosen, fields=["_id"])}
        return [document for document in documents if document["_id"] in there]

    async def unclaim(self, documents: Sequence[Document]) -> None:
        """Let go of what could not be applied now."""
        await self._parked.update(
            {"_id": {"$in": [document["_id"] for document in documents]}}, {"$unset": {APPLYING: ""}}
        )

    async def release(self, documents: Sequence[Document], request: str) -> None:
        """Let go of what was applied: it leaves the lot and enters the log at once, or it was gone before."""
        if not documents:
            return
        await self._database.in_transaction(partial(self._to_log, documents, request))
        self._subjects.subtract(document["subject"] for document in documents)
        self._subjects = +self._subjects

    async def _to_log(self, documents: Sequence[Document], request: str, session: Session) -> None:
        chosen = {"_id": {"$in": [document["_id"] for document in documents]}}
        there = {one["_id"] for one in await self._parked.find(_ALL, chosen, fields=["_id"], session=session)}
        leaving = [document for document in documents if document["_id"] in there]
        await self._parked.write([DeleteMany(chosen)], session=session)
        await self._log.insert([log_entry(one, "redriven", request) for one in leaving], session=session)

    async def keep(self, queue: Queue, failed: Document, error: Exception, request: str) -> None:
        """Keep what has failed again, under its new reason, and what waits behind it."""
        why = {"reason": _reason(error), "fingerprint": _fingerprint(failed["type"], error)}
        entry = log_entry({**failed, **why, "attempts": failed["attempts"] + 1}, "failed_again", request)
        await self._log.insert_new([entry])
        await self._parked.update({"_id": failed["_id"]}, {"$set": {**why, "attempts": entry["attempts"]}})
        marks = {"$unset": {"redrive": "", APPLYING: ""}}
        await self._parked.update({"consumer": self._consumer, **queue.condition}, marks)

    def _document(self, held: Held) -> Document:
        record, error = held
        kind = record.headers.get("ce_type")
        return {
            "_id": f"{self._consumer}:{record.place}",
            "consumer": self._consumer,
            "subject": record.subject,
            "sponsor": record.headers.get("ce_sponsor"),
            "study": record.headers.get("ce_study"),
            "event_id": record.event_id,
            "type": kind,
            "place": {"topic": record.topic, "partition": record.partition, "offset": record.offset},
            "headers": [[name, value] for name, value in record.headers.items()],
            "body": record.body,
            "defect": record.defect,
            "reason": _reason(error),
            "fingerprint": _fingerprint(kind, error),
            "attempts": 0 if error is None else 1,
            "parked_at": clock.now(),
        }


def record_in(document: Document) -> Record:
    """The record as it was read."""
    place, headers = document["place"], dict(document["headers"])
    where = place["topic"], place["partition"], place["offset"]
    return Record(*where, headers, document["body"], document["defect"])


def log_entry(document: Document, action: str, request: str) -> Document:
    """What became of a parked record under a request; one entry, however often it is written."""
    told = ("consumer", "subject", "event_id", "type", "place", "attempts", "reason", "fingerprint")
    entry: Document = {name: document[name] for name in told}
    deed = {"record": document["_id"], "action": action, "request": request, "at": clock.now()}
    return {**entry, **deed, "_id": f"{request}:{action}:{document['_id']}:{document['attempts']}"}


def not_being_applied() -> Document:
    """The condition on records that no reader is about to apply."""
    return {"$nor": [{APPLYING: {"$gt": clock.now() - APPLYING_MAX}}]}


def _queue_of(document: Document) -> Queue:
    place = document["place"]
    return Queue(document["subject"], TopicPartition(place["topic"], place["partition"]))


def _reason(error: Exception | None) -> str:
    return BEHIND if error is None else f"{type(error).__name__}: {error}"[:REASON_CHARACTERS_MAX]


def _fingerprint(kind: str | None, error: Exception | None) -> str:
    """Type and class of error: failures that are alike, to be mended and redriven at once."""
    if error is None:
        return BEHIND_FINGERPRINT
    return f"{(kind or 'untyped')[:TYPE_CHARACTERS_MAX]} {type(error).__name__}"
