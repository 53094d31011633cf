"""Folding a batch into one generation of the read model, and the counts that rest on its rows.

Counts are told anew from the rows whenever a batch touched them: nothing is ever added up. Two processes may count the
same study at once, since each topic's partitions move on their own. Whoever writes must have begun to count from the
revision that is there, else it counts again; so the last figures saw the last rows.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from chassis import clock
from chassis.mongo import Database, Document, UpdateOne
from chassis.scope import Scope
from chassis.stream.projecting import project
from contracts import Received

from reporting.projections import ROWS, facts, sites, subjects, timeline
from reporting.store import (
    ACTIVE,
    ALL_OF_THEM,
    COUNTS,
    ENROLLED,
    FACT_FIELDS,
    FACTS,
    FRESHNESS,
    NO_COUNTS,
    SITES,
    SUBJECTS,
    TIMELINE,
)

EVERYTHING: Final = Scope.everything()
STUDIES_AT_ONCE: Final = 500
Figures = dict[str, Document]
"""Counts by study."""
Touched = Mapping[str, Iterable[str]]
"""By what is counted, the studies in which it may have changed."""


async def fold(database: Database, batch: Sequence[Received], serving: Database | None = None) -> None:
    """Rows and timeline, and how far each source was read; not the counts.

    Where another generation is the one that is `serving`, entries are marked as stored when they were stored there.
    """
    rows = (project(database, [one], batch) for one in ROWS)
    await asyncio.gather(_append(database, batch, serving), *rows, _note_progress(database, batch))


async def _append(database: Database, batch: Sequence[Received], serving: Database | None) -> None:
    before = await _stored_before(serving, batch) if serving is not None else {}
    await project(database, [timeline.entries_at(clock.now(), before)], batch)


async def _stored_before(database: Database, batch: Sequence[Received]) -> dict[str, datetime]:
    condition = {"_id": {"$in": [one.envelope.id for one in batch]}}
    found = await database.collection(TIMELINE).find(EVERYTHING, condition, fields=["stored_at"])
    return {one["_id"]: one["stored_at"] for one in found}


async def _note_progress(database: Database, batch: Sequence[Received]) -> None:
    latest = {one.envelope.source: one.envelope.recorded_at for one in batch}
    for one in batch:
        latest[one.envelope.source] = max(latest[one.envelope.source], one.envelope.recorded_at)
    operations = [
        UpdateOne({"_id": source}, {"$max": {"recorded_at": at}}, upsert=True) for source, at in latest.items()
    ]
    await database.collection(FRESHNESS).write(operations)


async def recount(database: Database, batch: Sequence[Received]) -> None:
    """Count again what the batch may have changed, of the studies that it touched."""
    touched: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, str] = {}
    for one in batch:
        if (counted := _counted(one)) is not None:
            touched[counted].add(one.envelope.study)
            owners[one.envelope.study] = one.envelope.sponsor
    await _settle(database, touched, owners)


async def recount_everything(database: Database) -> None:
    """Count all studies from all rows: once at the end of a rebuild, rather than after each of its batches."""
    owners: dict[str, str] = {}
    for name in (SITES, SUBJECTS, FACTS):
        by_study = {"_id": "$study", "sponsor": {"$first": "$sponsor"}}
        found = await database.collection(name).aggregate(EVERYTHING, [{"$group": by_study}], condition={})
        owners |= {one["_id"]: one["sponsor"] for one in found}
    studies = sorted(owners)
    for first in range(0, len(studies), STUDIES_AT_ONCE):
        some = studies[first : first + STUDIES_AT_ONCE]
        await _settle(database, dict.fromkeys(COUNTERS, some), {study: owners[study] for study in some})


def _counted(one: Received) -> str | None:
    """What an event may change the count of; None where it changes none."""
    if facts.ROWS.key(one) is not None:
        return facts.kind_of(one.event)
    if sites.ROWS.key(one) is not None:
        return SITES
    return SUBJECTS if subjects.ROWS.key(one) is not None else None


async def _settle(database: Database, touched: Touched, owners: Mapping[str, str]) -> None:
    while owners and not await _recounted(database, touched, owners):
        pass


async def _recounted(database: Database, touched: Touched, owners: Mapping[str, str]) -> bool:
    """Count and write; whether nobody else wrote in between."""
    revisions = await _revisions(database, owners)
    figures: Figures = {study: {} for study in revisions}
    for what, studies in touched.items():
        for study, counted in (await COUNTERS[what](database, {"study": {"$in": sorted(studies)}})).items():
            figures[study] |= counted
    operations = [
        UpdateOne({"_id": study, "revision": at}, {"$set": {**figures[study], "revision": at + 1}})
        for study, at in revisions.items()
    ]
    return await database.collection(COUNTS).write(operations) == len(owners)


async def _revisions(database: Database, owners: Mapping[str, str]) -> dict[str, int]:
    """Revisions of the studies' counts, which are made where there are none yet."""
    counts = database.collection(COUNTS)
    there = await counts.find(EVERYTHING, {"_id": {"$in": list(owners)}}, fields=["revision"])
    revisions = {one["_id"]: one["revision"] for one in there}
    missing = owners.keys() - revisions.keys()
    await counts.insert_new(
        [{"_id": study, "sponsor": owners[study], "study": study, "revision": 0, **NO_COUNTS} for study in missing]
    )
    return revisions | dict.fromkeys(missing, 0)


async def _sites(database: Database, condition: Document) -> Figures:
    by_country = {"_id": {"study": "$study", "country": "$country"}, "sites": ALL_OF_THEM, "active": ACTIVE}
    found = await database.collection(SITES).aggregate(EVERYTHING, [{"$group": by_country}], condition=condition)
    figures: Figures = {}
    for one in sorted(found, key=lambda one: one["_id"]["country"]):
        counted = figures.setdefault(one["_id"]["study"], {"country_codes": [], "sites": 0, "active_sites": 0})
        counted["country_codes"].append(one["_id"]["country"])
        counted["sites"] += one["sites"]
        counted["active_sites"] += one["active"]
    return figures


async def _subjects(database: Database, condition: Document) -> Figures:
    by_study = {"_id": "$study", "subjects": ALL_OF_THEM, "enrolled": ENROLLED}
    found = await database.collection(SUBJECTS).aggregate(EVERYTHING, [{"$group": by_study}], condition=condition)
    return {one["_id"]: {"subjects": one["subjects"], "enrolled": one["enrolled"]} for one in found}


async def _facts(kind: str, database: Database, condition: Document) -> Figures:
    by_study = {"_id": "$study", "all": ALL_OF_THEM, "grave": {"$sum": {"$cond": ["$grave", 1, 0]}}}
    found = await database.collection(FACTS).aggregate(
        EVERYTHING, [{"$group": by_study}], condition={**condition, "kind": kind}
    )
    of_all, of_grave = FACT_FIELDS[kind]
    return {one["_id"]: {of_all: one["all"]} | ({of_grave: one["grave"]} if of_grave else {}) for one in found}


COUNTERS: Final[Mapping[str, Callable[[Database, Document], Awaitable[Figures]]]] = {
    SITES: _sites,
    SUBJECTS: _subjects,
    **{kind: partial(_facts, kind) for kind in FACT_FIELDS},
}
