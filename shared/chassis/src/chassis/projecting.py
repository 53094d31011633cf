"""Projections: public events folded into read models, idempotently, a batch at a time.

Rows are read once a batch, folded in memory and put back once, guarded by the version of the aggregate they mirror;
entries are appended under their event's id. Seeing an event twice, or a batch again, changes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chassis.mongo import Database, Document
from chassis.scope import Scope

D = TypeVar("D")


@dataclass(frozen=True)
class Rows(Generic[D]):
    """One row an aggregate. `key` gives the row's id or None where an event does not concern it; `fold` is pure.

    A row carries `version`, the aggregate's version it has folded; the shell sets it and passes older events by.
    """

    collection: str
    key: Callable[[D], str | None]
    version: Callable[[D], int]
    fold: Callable[[Mapping[str, Any] | None, D], Document]


@dataclass(frozen=True)
class Entries(Generic[D]):
    """One entry an event. `entry` gives a document with an `_id` of its own, or None."""

    collection: str
    entry: Callable[[D], Document | None]


async def project(database: Database, projections: Sequence[Rows[D] | Entries[D]], batch: Sequence[D]) -> None:
    """Apply the batch to every projection."""
    for projection in projections:
        match projection:
            case Rows():
                await _fold(database, projection, batch)
            case Entries():
                entries = [entry for one in batch if (entry := projection.entry(one)) is not None]
                await database.collection(projection.collection).insert_new(entries)


async def _fold(database: Database, rows: Rows[D], batch: Sequence[D]) -> None:
    concerned = [(key, one) for one in batch if (key := rows.key(one)) is not None]
    if not concerned:
        return
    collection = database.collection(rows.collection)
    found = await collection.find(Scope.everything(), {"_id": {"$in": list({key for key, _ in concerned})}})
    await collection.replace_newer(folded({row["_id"]: row for row in found}, concerned, rows))


def folded(present: Mapping[str, Document], concerned: Sequence[tuple[str, D]], rows: Rows[D]) -> list[Document]:
    """The rows that the events change, each in its last state."""
    changed: dict[str, Document] = {}
    for key, one in concerned:
        row = changed.get(key) or present.get(key)
        version = rows.version(one)
        if row is None or row["version"] < version:
            changed[key] = {**rows.fold(row, one), "_id": key, "version": version}
    return list(changed.values())
