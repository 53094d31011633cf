"""Projections: public events folded into read models, idempotently, a batch at a time.

Rows are read once a batch, folded in memory and put back once, guarded by the version of the aggregate they mirror;
entries are appended under their event's id. Seeing an event twice, or a batch again, changes nothing.

An aggregate's first event finds no row before it, so its row is not looked for and costs an insert; where it is there
all the same, the event has come again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chassis.mongo import Collection, Database, Document
from chassis.scope import Scope

D = TypeVar("D")


@dataclass(frozen=True)
class Rows(Generic[D]):
    """One row an aggregate. `key` gives the row's id or None where an event does not concern it; `fold` is pure.

    A row carries `version`, the aggregate's version it has folded; the shell sets it and passes older events by.
    Where each event tells the `whole` row, `fold` gets None for the row before, which is not read.
    """

    collection: str
    key: Callable[[D], str | None]
    version: Callable[[D], int]
    fold: Callable[[Mapping[str, Any] | None, D], Document]
    whole: bool = False


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
    # Reversed, so that an aggregate's first event in the batch is what remains.
    fresh = {key for key, version in {k: rows.version(one) for k, one in reversed(concerned)}.items() if version == 1}
    changed = await _changed(
        collection, rows, concerned, set() if rows.whole else {key for key, _ in concerned} - fresh
    )
    there, _ = await asyncio.gather(
        collection.insert_new([row for row in changed if row["_id"] in fresh]),
        collection.replace_newer([row for row in changed if row["_id"] not in fresh]),
    )
    if there:
        again = [(key, one) for key, one in concerned if key in there]
        await collection.replace_newer(await _changed(collection, rows, again, there))


async def _changed(
    collection: Collection, rows: Rows[D], concerned: Sequence[tuple[str, D]], known: AbstractSet[str]
) -> list[Document]:
    """The rows as the events leave them, after what is there of those that may be known."""
    found = await collection.find(Scope.everything(), {"_id": {"$in": list(known)}}) if known else []
    return folded({row["_id"]: row for row in found}, concerned, rows)


def folded(present: Mapping[str, Document], concerned: Sequence[tuple[str, D]], rows: Rows[D]) -> list[Document]:
    """The rows that the events change, each in its last state."""
    changed: dict[str, Document] = {}
    for key, one in concerned:
        row = changed.get(key) or present.get(key)
        version = rows.version(one)
        if row is None or row["version"] < version:
            changed[key] = {**rows.fold(row, one), "_id": key, "version": version}
    return list(changed.values())
