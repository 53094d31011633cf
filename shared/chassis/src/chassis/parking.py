"""The parking lot: a record that cannot be applied waits here, and the later ones of its aggregate behind it.

So a poison event stops its own aggregate and nothing else, and nothing is skipped silently.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from chassis import clock
from chassis.mongo import Collection, Database, Document
from chassis.records import Record
from chassis.scope import Scope

PARKED: Final = "parked"
LOOK_SECONDS: Final = 1.0
BEHIND: Final = "waits behind an earlier event of its aggregate"


class ParkingLot:
    """One consumer's parked records.

    Who reads a partition is the only one to park its records, so what is parked is known without asking each time: the
    lot is looked at anew after a second, for what was redriven or discarded, and whenever other partitions are read.
    """

    def __init__(self, database: Database, consumer: str) -> None:
        """The lot of this consumer group."""
        self._consumer = consumer
        self._parked: Collection = database.collection(PARKED)
        self._subjects = Counter[str]()
        self._partitions: frozenset[object] = frozenset()
        self._looked_at = -LOOK_SECONDS

    async def ensure(self) -> None:
        """Make the index by which aggregates are found."""
        await self._parked.ensure_index([("consumer", 1), ("subject", 1)])

    async def look(self, partitions: Iterable[object]) -> int:
        """See what is parked, where that may have changed; how many records wait."""
        read, now = frozenset(partitions), clock.monotonic()
        if read != self._partitions or now - self._looked_at >= LOOK_SECONDS:
            found = await self._parked.find(Scope.everything(), {"consumer": self._consumer}, fields=["subject"])
            self._subjects = Counter(document["subject"] for document in found)
            self._partitions, self._looked_at = read, now
        return self._subjects.total()

    def blocked(self, subjects: Iterable[str]) -> set[str]:
        """Those of the aggregates that have a record here."""
        return {subject for subject in subjects if subject in self._subjects}

    async def park(self, records: Sequence[tuple[Record, str]]) -> None:
        """Keep the records with the reason for each. Parking the same record again changes nothing."""
        await self._parked.insert_new([self._document(record, reason) for record, reason in records])
        self._subjects.update(record.subject for record, _ in records)

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
