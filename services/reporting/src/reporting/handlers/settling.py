"""Documents that rest on rows of several aggregates are told anew from them: nothing is ever added up.

Two processes may tell the same document at once, since each topic's partitions move on their own. Whoever writes must
have begun to read from the revision that is there, else it reads again; so the last document saw the last rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from chassis.mongo import Database, Document, UpdateOne
from chassis.scope import Scope

EVERYTHING: Final = Scope.everything()
NOTHING: Final[Mapping[str, Any]] = {}


class Owner(NamedTuple):
    """Whose a document is: the two fields by which every read is scoped."""

    sponsor: str
    study: str


Owners = Mapping[str, Owner]
"""By document's id."""
Tell = Callable[[Database, Sequence[str]], Awaitable[Mapping[str, Document]]]
"""What the documents of these ids say now, by id; one that is left out is not there, or stays as it is."""


async def settle(
    database: Database, collection: str, owners: Owners, tell: Tell, empty: Mapping[str, Any] = NOTHING
) -> None:
    """Tell the owners' documents anew; `empty` is what a new one says where nothing is told."""
    documents = database.collection(collection)
    while owners:
        there = await documents.find(EVERYTHING, {"_id": {"$in": sorted(owners)}}, fields=["revision"])
        revisions = {one["_id"]: one["revision"] for one in there}
        told = await tell(database, sorted(owners))
        made = [
            {"_id": key, **owners[key]._asdict(), **empty, **said, "revision": 1}
            for key, said in told.items()
            if key not in revisions
        ]
        changed = [
            UpdateOne({"_id": key, "revision": revisions[key]}, {"$set": {**said, "revision": revisions[key] + 1}})
            for key, said in told.items()
            if key in revisions
        ]
        others_made, written = await asyncio.gather(documents.insert_new(made), documents.write(changed))
        if not others_made and written == len(changed):
            return


async def owners_in(database: Database, collection: str, key: Any, condition: Document) -> dict[str, Owner]:
    """Owners of what the rows of a collection are about, by a key that stands in them (an aggregation expression)."""
    group = {"_id": key, "sponsor": {"$first": "$sponsor"}, "study": {"$first": "$study"}}
    found = await database.collection(collection).aggregate(EVERYTHING, [{"$group": group}], condition=condition)
    return {one["_id"]: Owner(one["sponsor"], one["study"]) for one in found}


def in_parts(owners: Owners, size: int) -> Iterable[Owners]:
    """The owners in parts of so many, in the order of their ids."""
    keys = sorted(owners)
    for first in range(0, len(keys), size):
        yield {key: owners[key] for key in keys[first : first + size]}
