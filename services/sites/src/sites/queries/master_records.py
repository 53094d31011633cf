"""Reads of master records: what belongs together, what is probably the same, and what a study's own links may show.

A sponsor sees nothing of a master record but what the links of their own studies name, and of that only name,
profession and how the credentials stand. `MASTER_SCOPE` is used for exactly that, with the ids of such links.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chassis import clock
from chassis.commands import Aggregate
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.http.reading import one
from chassis.mongo import Database, Document
from chassis.scope import Scope

from sites.domain.person import Person, in_use, standing
from sites.store import ORGANISATIONS, PEOPLE, SITE_TEAMS, STUDY_SITES
from sites.store.views import MASTER_SCOPE

MERGES_DEEP_MAX = 20


async def same_as(database: Database, aggregate: Aggregate[Any, Any, Any], ids: Iterable[str]) -> dict[str, Document]:
    """The records under these ids, with all that are merged with one of them, by id."""
    collection, found, wanted = database.collection(aggregate.collection), dict[str, Document](), set(ids)
    for _ in range(MERGES_DEEP_MAX):
        if not wanted:
            break
        new = await collection.find(MASTER_SCOPE, {"_id": {"$in": sorted(wanted)}})
        found |= {document["_id"]: document for document in new}
        wanted = {other for document in new for other in _neighbours(document)} - found.keys()
    return found


def survivor_of(records: Mapping[str, Document], key: str) -> str:
    """The record that stands for this one."""
    while key in records and (into := records[key]["state"]["merged_into"]) is not None:
        key = into
    return key


async def duplicates(
    database: Database, scope: Scope, aggregate: Aggregate[Any, Any, Any], wanted: PageRequest
) -> Page[dict[str, Any]]:
    """Standing records that share a name and place, or an identifier: groups in the order of what they share."""
    after = wanted.after({})
    stages: list[Document] = [
        {"$unwind": "$state.match_keys"},
        *([{"$match": {"state.match_keys": {"$gt": after[0]}}}] if after else []),
        {"$group": {"_id": "$state.match_keys", "ids": {"$push": "$_id"}}},
        {"$match": {"ids.1": {"$exists": True}}},
        {"$sort": {"_id": 1}},
        {"$limit": wanted.limit + 1},
    ]
    collection = database.collection(aggregate.collection)
    groups = await collection.aggregate(scope, stages, condition={"state.merged_into": None})
    shown, more = groups[: wanted.limit], len(groups) > wanted.limit
    shared = {"name": "same name and place", "id": "same identifier"}
    items = [{"shared": shared[one["_id"].partition(":")[0]], "ids": sorted(one["ids"])} for one in shown]
    return Page(items=items, next=encode_cursor([shown[-1]["_id"]], {}) if more else None)


async def team(database: Database, scope: Scope, site_id: str) -> dict[str, Any]:
    """A site's facility and people as its study may see them; without either where nobody has said."""
    site = (await one(database, scope, STUDY_SITES, site_id))["state"]
    found = await database.collection(SITE_TEAMS.collection).find_one(scope, {"_id": site_id})
    state: Document = found["state"] if found else {"facility_id": None, "members": []}
    return {
        "site_id": site_id,
        "study_id": site["study_id"],
        "facility": await _facility(database, state["facility_id"]),
        "members": await with_names(database, state["members"]),
        "version": found["version"] if found else 0,
    }


async def with_names(database: Database, members: Iterable[Document]) -> list[dict[str, Any]]:
    """Members of teams that the caller may see, with what their study may know of the person."""
    listed = list(members)
    records = await same_as(database, PEOPLE, {one["person_id"] for one in listed})
    return [{**one, **_person(records, one["person_id"])} for one in listed]


def _person(records: Mapping[str, Document], person_id: str) -> dict[str, Any]:
    survivor = survivor_of(records, person_id)
    if survivor not in records:
        return {"known_as": survivor, "name": None, "profession": None, "credentials": []}
    same = [
        Person.model_validate(one["state"]) for key, one in records.items() if survivor_of(records, key) == survivor
    ]
    details = next(one.details for one in same if one.person_id == survivor)
    now = clock.now()
    credentials = [
        {**one.model_dump(mode="json", include={"kind", "course", "expires_on"}), "standing": standing(one, now)}
        for one in in_use(credential for person in same for credential in person.credentials)
    ]
    return {
        "known_as": survivor,
        "name": details.full_name,
        "profession": details.profession,
        "credentials": credentials,
    }


async def _facility(database: Database, facility_id: str | None) -> dict[str, Any] | None:
    if facility_id is None:
        return None
    records = await same_as(database, ORGANISATIONS, [facility_id])
    survivor = survivor_of(records, facility_id)
    profile = records[survivor]["state"]["profile"]
    place = {name: profile[name] for name in ("name", "city", "country")}
    return {"facility_id": facility_id, "known_as": survivor, **place}


def _neighbours(document: Document) -> list[str]:
    state = document["state"]
    return [*state["absorbed"], *([state["merged_into"]] if state["merged_into"] else [])]
