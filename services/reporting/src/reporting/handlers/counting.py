"""Counts a study, told anew from its rows whenever a batch touched them."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from chassis.mongo import Database, Document
from contracts import Received

from reporting.handlers.settling import EVERYTHING, Owner, Owners, in_parts, owners_in, settle
from reporting.projections import facts, sites, subjects
from reporting.store import ACTIVE, ALL_OF_THEM, COUNTS, ENROLLED, FACT_FIELDS, FACTS, NO_COUNTS, SITES, SUBJECTS

STUDIES_AT_ONCE: Final = 500
Figures = dict[str, Document]
"""Counts by study."""
Touched = Mapping[str, Iterable[str]]
"""By what is counted, the studies in which it may have changed."""


async def recount_studies(database: Database, batch: Sequence[Received]) -> None:
    """Count again what the batch may have changed, of the studies that it touched."""
    touched: dict[str, set[str]] = defaultdict(set)
    owners: dict[str, Owner] = {}
    for one in batch:
        if (counted := _counted(one)) is not None:
            touched[counted].add(one.envelope.study)
            owners[one.envelope.study] = Owner(one.envelope.sponsor, one.envelope.study)
    await _settle(database, touched, owners)


async def recount_all_studies(database: Database) -> None:
    """Count all studies from all rows: once at the end of a rebuild, rather than after each of its batches."""
    owners: dict[str, Owner] = {}
    for name in (SITES, SUBJECTS, FACTS):
        owners |= await owners_in(database, name, "$study", {})
    for some in in_parts(owners, STUDIES_AT_ONCE):
        await _settle(database, {what: list(some) for what in COUNTERS}, some)


def _counted(one: Received) -> str | None:
    """What an event may change the count of; None where it changes none."""
    if facts.ROWS.key(one) is not None:
        return facts.kind_of(one.event)
    if sites.ROWS.key(one) is not None:
        return SITES
    return SUBJECTS if subjects.ROWS.key(one) is not None else None


async def _settle(database: Database, touched: Touched, owners: Owners) -> None:
    async def tell(database: Database, studies: Sequence[str]) -> Figures:
        return await _figures(database, touched, studies)

    await settle(database, COUNTS, owners, tell, NO_COUNTS)


async def _figures(database: Database, touched: Touched, studies: Sequence[str]) -> Figures:
    figures: Figures = {study: {} for study in studies}
    for what, some in touched.items():
        for study, counted in (await COUNTERS[what](database, {"study": {"$in": sorted(some)}})).items():
            figures[study] |= counted
    return figures


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
