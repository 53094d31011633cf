"""The parking lot: a record that cannot be applied waits here, and the later ones of its aggregate behind it.

So a poison event stops its own aggregate and nothing else, and nothing is skipped silently.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from chassis import clock
from chassis.mongo import Collection, Database, Document
from chassis.records import Record
from chassis.scope import Scope

PARKED: Final = "parked"
BEHIND: Final = "waits behind an earlier event of its aggregate"


class ParkingLot:
    """One consumer's parked records."""

    def __init__(self, database: Database, consumer: str) -> None:
        """The lot of this consumer group."""
        self._consumer = consumer
        self._parked: Collection = database.collection(PARKED)

    async def ensure(self) -> None:
        """Make the index by which aggregates are found."""
        await self._parked.ensure_index([("consumer", 1), ("subject", 1)])

    async def count(self) -> int:
        """How many records wait."""
        return await self._parked.count(Scope.everything(), {"consumer": self._consumer})

    async def blocked(self, subjects: Iterable[str]) -> set[str]:
        """Those of the aggregates that have a record here."""
        condition = {"consumer": self._consumer, "subject": {"$in": list(set(subjects))}}
        found = await self._parked.find(Scope.everything(), condition, fields=["subject"])
        return {document["subject"] for document in found}

    async def park(self, records: Sequence[tuple[Record, str]]) -> None:
        """Keep the records with the reason for each. Parking the same record again changes nothing."""
        await self._parked.insert_new([self._document(record, reason) for record, reason in records])

    def _document(self, record: Record, reason: str) -> Document:
        return {
            "_id": f"{self._consumer}:{record.place}",
            "consumer": self._consumer,
            "subject": record.subject,
            "sponsor": record.headers.get("ce_sponsor"),
            "study": record.headers.get("ce_study"),
            "event_id": record.event_id,
            "type": record.headers.get("ce_type"),
            "place": {"topic": record.topic, "partition": record.partition, "offset": record.offset},
            "headers": [[name, value] for name, value in record.headers.items()],
            "body": record.body,
            "reason": reason,
            "parked_at": clock.now(),
        }
