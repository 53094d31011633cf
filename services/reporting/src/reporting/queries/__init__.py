"""Reads of the read model, always through a Scope. Pages follow a stable key and are found by an index."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.http.paging import Page, PageRequest
from chassis.mongo import Database, Document
from chassis.problems import not_found
from chassis.scope import Scope

from reporting.queries import answers
from reporting.queries.amendments import amendments_page
from reporting.queries.answers import Country, Counts, Milestone, Site, Study, Totals
from reporting.queries.cycle_times import cycle_times
from reporting.queries.filters import StudyFilter
from reporting.queries.obligations import obligation_totals, obligations_page
from reporting.queries.paging import paged
from reporting.queries.start_up import start_up_page, start_up_totals
from reporting.queries.submission_board import submission_board_page, submission_totals
from reporting.queries.timeline import entry, timeline_page
from reporting.queries.tmf import tmf_page
from reporting.store import (
    ACTIVE,
    ALL_OF_THEM,
    COUNTS,
    ENROLLED,
    FRESHNESS,
    MILESTONES,
    NO_COUNTS,
    SITES,
    STUDIES,
    SUBJECTS,
)

__all__ = [
    "amendments_page",
    "countries",
    "cycle_times",
    "entry",
    "every_study",
    "obligation_totals",
    "obligations_page",
    "recorded_until",
    "sites_page",
    "start_up_page",
    "start_up_totals",
    "studies_page",
    "study",
    "submission_board_page",
    "submission_totals",
    "timeline_page",
    "tmf_page",
    "totals",
]


async def studies_page(database: Database, scope: Scope, asked: StudyFilter, wanted: PageRequest) -> Page[Study]:
    """A page of studies in the order of their ids."""
    seen, filters = asked.narrowed(scope), asked.model_dump()
    condition = await _study_condition(database, seen, asked)
    found = await _after(database, STUDIES, seen, condition, wanted, filters)
    return paged(await _with_counts(database, seen, found[: wanted.limit]), found, wanted, filters, "_id")


async def every_study(database: Database, scope: Scope, asked: StudyFilter) -> list[Study]:
    """All studies that the filter leaves, in the order of their ids: for what shows a portfolio at once."""
    seen = asked.narrowed(scope)
    condition = await _study_condition(database, seen, asked)
    found = await database.collection(STUDIES).find(seen, condition, sort=[("_id", 1)])
    return await _with_counts(database, seen, found)


async def study(database: Database, scope: Scope, study_id: str) -> Study:
    """One study. Raises the 404 problem, also for another sponsor's."""
    row = await _study_row(database, scope, study_id)
    return (await _with_counts(database, scope, [row]))[0]


async def totals(database: Database, scope: Scope, asked: StudyFilter) -> Totals:
    """What the studies that the filter leaves hold together."""
    seen = asked.narrowed(scope)
    condition = await _study_condition(database, seen, asked)
    of_studies = database.collection(STUDIES)
    by_sponsor = await of_studies.aggregate(
        seen, [{"$group": {"_id": "$sponsor", "studies": ALL_OF_THEM}}], condition=condition
    )
    sums = {name: {"$sum": f"${name}"} for name in ("sites", "active_sites", "subjects", "enrolled")}
    # Without a filter the scope alone says which counts: no list of ids need be sent.
    ids = [one["_id"] for one in await of_studies.find(seen, condition, fields=["_id"])] if condition else []
    chosen = {"_id": {"$in": ids}} if condition else {}
    found = await database.collection(COUNTS).aggregate(seen, [{"$group": {"_id": None, **sums}}], condition=chosen)
    figures = {name: found[0][name] if found else 0 for name in sums}
    return Totals(studies=sum(one["studies"] for one in by_sponsor), sponsors=len(by_sponsor), **figures)


async def sites_page(database: Database, scope: Scope, study_id: str, wanted: PageRequest) -> Page[Site]:
    """A page of a study's sites in the order of their ids. Raises the 404 problem."""
    await _study_row(database, scope, study_id)
    filters = {"study": study_id}
    found = await _after(database, SITES, scope, filters, wanted, filters)
    sites = found[: wanted.limit]
    given = await _given_milestones(database, scope, study_id, sites)
    return paged([_site(one, given) for one in sites], found, wanted, filters, "_id")


async def countries(database: Database, scope: Scope, study_id: str) -> list[Country]:
    """A study's countries, those that are only planned included, in the order of their codes."""
    row = await _study_row(database, scope, study_id)
    sites = await _by_country(database, scope, SITES, study_id, {"sites": ALL_OF_THEM, "active_sites": ACTIVE})
    subjects = await _by_country(database, scope, SUBJECTS, study_id, {"subjects": ALL_OF_THEM, "enrolled": ENROLLED})
    none_yet = {"sites": 0, "active_sites": 0, "subjects": 0, "enrolled": 0}
    codes = sorted({*row["countries"], *sites, *subjects})
    return [Country(country=code, **{**none_yet, **sites.get(code, {}), **subjects.get(code, {})}) for code in codes]


async def recorded_until(database: Database) -> dict[str, str]:
    """By source, when the last event that was folded in was recorded."""
    found = await database.collection(FRESHNESS).find(Scope.everything(), {})
    return {one["_id"]: answers.instant(one["recorded_at"]) for one in found}


async def _study_row(database: Database, scope: Scope, study_id: str) -> Document:
    row = await database.collection(STUDIES).find_one(scope, {"_id": study_id})
    if row is None:
        raise not_found("study", study_id)
    return row


async def _study_condition(database: Database, scope: Scope, asked: StudyFilter) -> dict[str, Any]:
    if asked.country is None:
        return asked.condition()
    with_sites = await database.collection(COUNTS).find(scope, {"country_codes": asked.country}, fields=["_id"])
    there = [{"countries": asked.country}, {"_id": {"$in": [one["_id"] for one in with_sites]}}]
    return {**asked.condition(), "$or": there}


async def _after(
    database: Database,
    collection: str,
    scope: Scope,
    condition: Mapping[str, Any],
    wanted: PageRequest,
    filters: Mapping[str, object],
) -> list[Document]:
    """The page's documents by id, and one more where others follow."""
    after = wanted.after(filters)
    place = {"$and": [condition, {"_id": {"$gt": after[0]}}]} if after else condition
    return await database.collection(collection).find(scope, place, sort=[("_id", 1)], limit=wanted.limit + 1)


async def _with_counts(database: Database, scope: Scope, rows: Sequence[Document]) -> list[Study]:
    condition = {"_id": {"$in": [row["_id"] for row in rows]}}
    found = await database.collection(COUNTS).find(scope, condition)
    counts = {one["_id"]: one for one in found}
    return [_study(row, counts.get(row["_id"], NO_COUNTS)) for row in rows]


def _study(row: Document, counts: Mapping[str, Any]) -> Study:
    figures = {name: counts[name] for name in Counts.model_fields if name != "countries"}
    return Study(
        study_id=row["_id"],
        registry_ids=row["registry_ids"],
        protocol_number=row["protocol_number"],
        sponsor=answers.Sponsor(id=row["sponsor"], name=row["sponsor_name"]),
        title=row["title"],
        phase=row["phase"],
        status=row["status"],
        planned_enrolment=row["planned_enrolment"],
        counts=Counts(countries=len(counts["country_codes"] or row["countries"]), **figures),
        milestones=[Milestone(**one) for one in row["milestones"]],
    )


def _site(row: Document, given: Sequence[Document]) -> Site:
    of_site = [
        milestone
        for one in given
        if one["site_id"] == row["_id"] or (one["site_id"] is None and one["country"] == row["country"])
        for milestone in one["milestones"]
    ]
    return Site(
        site_id=row["_id"],
        name=row["name"],
        city=row["city"],
        country=row["country"],
        number=row["number"],
        status=row["status"],
        milestones=[Milestone(**one) for one in (*row["milestones"], *of_site)],
    )


async def _given_milestones(
    database: Database, scope: Scope, study_id: str, sites: Sequence[Document]
) -> list[Document]:
    """Milestones which other services' work gave to these sites or to their countries, in a stable order."""
    of_site = {"site_id": {"$in": [one["_id"] for one in sites]}}
    of_country = {"site_id": None, "country": {"$in": sorted({one["country"] for one in sites})}}
    condition = {"study": study_id, "$or": [of_site, of_country]}
    return await database.collection(MILESTONES).find(scope, condition, sort=[("_id", 1)])


async def _by_country(
    database: Database, scope: Scope, collection: str, study_id: str, figures: Mapping[str, Any]
) -> dict[str, dict[str, int]]:
    grouped = {"$group": {"_id": "$country", **figures}}
    found = await database.collection(collection).aggregate(scope, [grouped], condition={"study": study_id})
    return {one.pop("_id"): one for one in found}
