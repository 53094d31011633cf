"""A service's records as they were known at a past instant, folded from its journal.

Entries are never altered, so the answer is the same whenever it is asked for, also where something was entered late:
what was recorded after the instant was not known then, whenever it happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from kernel import State

from chassis.commands import Aggregate
from chassis.journal import journal_of
from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.trail.replaying import events_of

S = TypeVar("S", bound=State)


@dataclass(frozen=True)
class Past:
    """What was known before an instant (in UTC, itself not included), within a scope. Reads as a `Unit` does."""

    database: Database
    scope: Scope
    before: datetime
    aggregates: Mapping[str, Aggregate[Any, Any, Any]]
    """The service's aggregates by their collections."""

    async def find(self, aggregate: Aggregate[S, Any, Any], aggregate_id: str) -> S | None:
        """The state of an aggregate as it was known; None where it was not, or is outside the scope."""
        return (await self._folded(aggregate, [aggregate_id])).get(aggregate_id)

    async def read(self, collection: str, condition: Mapping[str, Any]) -> list[Document]:
        """The aggregates that meet the condition now, as they were known: for conditions on what never changes."""
        found = await self.database.collection(collection).find(self.scope, condition, fields=["_id"])
        folded = await self._folded(self.aggregates[collection], [one["_id"] for one in found])
        return [{"_id": key, "state": state.model_dump(mode="json")} for key, state in sorted(folded.items())]

    async def entries(self, aggregate: Aggregate[Any, Any, Any], ids: Sequence[str]) -> list[Document]:
        """The journal entries of these aggregates up to the instant, the oldest version of each first."""
        wanted = {
            "aggregate.id": {"$in": list(ids)},
            "aggregate.type": aggregate.name,
            "recorded_at": {"$lt": self.before},
        }
        return await journal_of(self.database).find(self.scope, wanted, sort=[("version.after", 1)])

    async def _folded(self, aggregate: Aggregate[S, Any, Any], ids: Sequence[str]) -> dict[str, S]:
        return folded(aggregate, await self.entries(aggregate, ids)) if ids else {}


def folded(aggregate: Aggregate[S, Any, Any], entries: Iterable[Document]) -> dict[str, S]:
    """The states that the entries make, by the aggregates' ids; each aggregate's entries in their order."""
    events, states = events_of(aggregate), dict[str, S]()
    for entry in entries:
        key = entry["aggregate"]["id"]
        for told in entry["events"]:
            facts = {name: value for name, value in told.items() if name != "type"}
            event = events[told["type"]].model_validate(facts)
            states[key] = aggregate.evolve(states.get(key), event)
    return states
