"""Counts a study, told anew from the rows whenever a batch touched them: nothing is ever added up.

Two processes may count the same study at once, since each topic's partitions move on their own. Whoever writes must
have begun to count from the revision that is there, else it counts again; so the last figures saw the last rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from chassis.mongo import Database, Document, UpdateOne
from chassis.scope import Scope
from contracts import Received

from reporting.projections import facts, sites, subjects
from reporting.store import ACTIVE, ALL_OF_THEM, COUNTS, ENROLLED, FACT_FIELDS, FACTS, NO_COUNTS, SITES, SUBJECTS

EVERYTHING: Final = Scope.everything()
Figures = dict[str, Document]
"""Counts by study."""


async def recount(database: Database, batch: Sequence[Received]) -> None:
    """Count again what the batch may have changed, of the studies that it touched."""
    touched = {kind: of_kind for kind in KINDS if (of_kind := list(_touching(kind, batch)))}
    owners = {one.envelope.study: one.envelope.sponsor for of_kind in touched.values() for one in of_kind}
    while owners and not await _recounted(database, touched, owners):
        pass


def _touching(kind: str, batch: Sequence[Received]) -> Iterable[Received]:
    return (one for one in batch if KINDS[kind].key(one) is not None)


async def _recounted(database: Database, touched: Mapping[str, Sequence[Received]], owners: Mapping[str, str]) -> bool:
    """Count and write; whether nobody else wrote in between."""
    revisions = await _revisions(database, owners)
    figures: Figures = {study: {} for study in revisions}
    for kind, of_kind in touched.items():
        for study, counted in (await COUNTERS[kind](database, of_kind)).items():
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


async def _sites(database: Database, batch: Sequence[Received]) -> Figures:
    by_country = {"_id": {"study": "$study", "country": "$country"}, "sites": ALL_OF_THEM, "active": ACTIVE}
    found = await database.collection(SITES).aggregate(
        EVERYTHING, [{"$group": by_country}], condition=_studies_of(batch)
    )
    figures: Figures = {}
    for one in found:
        counted = figures.setdefault(one["_id"]["study"], {"country_codes": [], "sites": 0, "active_sites": 0})
        counted["country_codes"].append(one["_id"]["country"])
        counted["sites"] += one["sites"]
        counted["active_sites"] += one["active"]
    return figures


async def _subjects(database: Database, batch: Sequence[Received]) -> Figures:
    by_study = {"_id": "$study", "subjects": ALL_OF_THEM, "enrolled": ENROLLED}
    found = await database.collection(SUBJECTS).aggregate(
        EVERYTHING, [{"$group": by_study}], condition=_studies_of(batch)
    )
    return {one["_id"]: {"subjects": one["subjects"], "enrolled": one["enrolled"]} for one in found}


async def _facts(database: Database, batch: Sequence[Received]) -> Figures:
    kinds = {facts.kind_of(one.event) for one in batch}
    grave = {"$sum": {"$cond": ["$grave", 1, 0]}}
    by_kind = {"_id": {"study": "$study", "kind": "$kind"}, "all": ALL_OF_THEM, "grave": grave}
    found = await database.collection(FACTS).aggregate(
        EVERYTHING, [{"$group": by_kind}], condition={**_studies_of(batch), "kind": {"$in": sorted(kinds)}}
    )
    figures: Figures = {}
    for one in found:
        of_all, of_grave = FACT_FIELDS[one["_id"]["kind"]]
        counted = figures.setdefault(one["_id"]["study"], {})
        counted |= {of_all: one["all"]} | ({of_grave: one["grave"]} if of_grave else {})
    return figures


def _studies_of(batch: Sequence[Received]) -> Document:
    return {"study": {"$in": sorted({one.envelope.study for one in batch})}}


KINDS: Final = {"sites": sites.ROWS, "subjects": subjects.ROWS, "facts": facts.ROWS}
COUNTERS: Final = {"sites": _sites, "subjects": _subjects, "facts": _facts}
