"""What a study's trial master file holds and lacks on a day: figures, lists, and one view for an inspection."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from chassis.http import reading
from chassis.http.paging import Page, PageRequest, beyond, encode_cursor
from chassis.mongo import Database, Document
from chassis.scope import Scope

from regulatory.domain.tmf_reference import ZONES, label_of
from regulatory.domain.tmf_status import status_on
from regulatory.queries.tmf_standing import with_status
from regulatory.store import TMF_DOCUMENTS, TMFS

Dimension = Literal["study", "country", "site", "zone", "milestone", "level", "artifact"]

FIELD_OF: Final[Mapping[Dimension, str]] = {
    "country": "$state.country",
    "site": "$state.site_id",
    "zone": "$state.zone",
    "milestone": "$state.milestone",
    "level": "$state.level",
    "artifact": "$state.artifact.unique_id",
}
AFTER_LOCK: Final[Mapping[str, Any]] = {"state.after_lock": {"$type": "string"}}
AMONG_DUE: Final = ("missing", "in_review", "returned", "expired", "superseded", "current", "expiring")
NOT_COUNTED: Final = ("waived", "not_required")
FILING_DAYS_WANTED: Final = 5
REVIEW_DAYS_WANTED: Final = 10
"""Common figures of the industry, not law: within so many days filed, within so many checked."""


async def file_of(database: Database, scope: Scope, study_id: str) -> Document:
    """The stored file of a study. Raises the 404 problem, also for another sponsor's."""
    return await reading.one(database, scope, TMFS, study_id)


async def completeness(  # noqa: PLR0913 - one question with its filters, its day and its page
    database: Database,
    scope: Scope,
    condition: Mapping[str, Any],
    by: Dimension,
    on: str,
    wanted: PageRequest,
    *,
    past: bool,
) -> Page[dict[str, Any]]:
    """Figures of what is due on a day, one item a value of the dimension, in its order."""
    filters = {**condition, "by": by, "on": on}
    after = wanted.after(filters)
    field = FIELD_OF.get(by)
    place: list[Mapping[str, Any]] = [{"$match": beyond(["_id"], after)}] if after else []
    stages = [
        *with_status(on, past=past),
        {"$group": {"_id": {"$ifNull": [field, ""]} if field else "", **FIGURES}},
        *place,
        {"$sort": {"_id": 1}},
        {"$limit": wanted.limit + 1},
    ]
    found = await database.collection(TMF_DOCUMENTS.collection).aggregate(scope, stages, condition=condition)
    items, more = found[: wanted.limit], len(found) > wanted.limit
    following = encode_cursor([items[-1]["_id"]], filters) if more else None
    return Page(items=[_figures(by, one) for one in items], next=following)


def _sum_of(case: Mapping[str, Any]) -> dict[str, Any]:
    return {"$sum": {"$cond": [case, 1, 0]}}


def _due_and(*statuses: str) -> dict[str, Any]:
    return {"$and": ["$is_due", {"$in": ["$status", list(statuses)]}]}


FIGURES: Final[Mapping[str, Any]] = {
    "documents": {"$sum": 1},
    "due": _sum_of(_due_and(*AMONG_DUE)),
    "complete": _sum_of(_due_and("current", "expiring")),
    **{status: _sum_of(_due_and(status)) for status in AMONG_DUE},
    **{status: _sum_of({"$eq": ["$status", status]}) for status in NOT_COUNTED},
    "newer_in_review": _sum_of({"$eq": ["$review", "in_review"]}),
    "newer_returned": _sum_of({"$eq": ["$review", "returned"]}),
    "oldest_due": {"$min": {"$cond": [{"$eq": ["$status", "missing"]}, "$due_on", None]}},
}


def _figures(by: Dimension, found: Document) -> dict[str, Any]:
    told: dict[str, Any] = {"by": by, "value": found["_id"] if found["_id"] != "" else None}
    told |= {"name": _name_of(by, found["_id"])} if by in {"zone", "artifact"} else {}
    figures = {name: found[name] for name in FIGURES}
    not_due = figures["documents"] - figures["due"] - sum(figures[one] for one in NOT_COUNTED)
    share = round(figures["complete"] / figures["due"], 4) if figures["due"] else None
    return {**told, **figures, "not_due": not_due, "completeness": share}


def _name_of(by: Dimension, value: Any) -> str | None:
    return label_of(value) if by == "artifact" else ZONES.get(value)


async def documents(  # noqa: PLR0913 - one question with its filters, its day and its page
    database: Database,
    scope: Scope,
    condition: Mapping[str, Any],
    statuses: Sequence[str],
    on: str,
    wanted: PageRequest,
    *,
    past: bool,
) -> Page[dict[str, Any]]:
    """The documents of a file with their status on a day; where statuses are named, only those that have one."""
    filters = {**condition, "statuses": sorted(statuses), "on": on}
    after = wanted.after(filters)
    place = {"_id": {"$gt": after[0]}} if after else {}
    # `missing` means due and missing; what is returned or in review beside a version in force is found under these too.
    asked = [{"$match": {"$or": [{"status": {"$in": list(statuses)}}, {"review": {"$in": list(statuses)}}]}}]
    stages = [
        {"$sort": {"_id": 1}},
        *with_status(on, past=past),
        *(asked if statuses else []),
        {"$limit": wanted.limit + 1},
        {"$project": {"status": 1, "version": 1, "state": 1}},
    ]
    collection = database.collection(TMF_DOCUMENTS.collection)
    found = await collection.aggregate(scope, stages, condition={**condition, **place})
    items, more = found[: wanted.limit], len(found) > wanted.limit
    following = encode_cursor([items[-1]["_id"]], filters) if more else None
    return Page(items=[_seen(one, on) for one in items], next=following)


def _seen(found: Document, on: str) -> dict[str, Any]:
    told = reading.seen(TMF_DOCUMENTS, found)
    del told["history"]
    return {**told, "status": found["status"], "status_on": on}


def with_status_today(document: Mapping[str, Any], on: str) -> dict[str, Any]:
    """A document as clients see it, with its status on a day."""
    state = TMF_DOCUMENTS.state.model_validate(document["state"])
    return {**TMF_DOCUMENTS.view(state, document["version"]), "status": status_on(state.standing, on), "status_on": on}


async def readiness(database: Database, scope: Scope, study_id: str, on: str, *, past: bool) -> dict[str, Any]:
    """One answer for whoever prepares an inspection: zones and their figures, what is overdue, quality, locks."""
    file = await file_of(database, scope, study_id)
    zones = await completeness(database, scope, {"study": study_id}, "zone", on, PageRequest(100, None), past=past)
    whole = await completeness(database, scope, {"study": study_id}, "study", on, PageRequest(1, None), past=past)
    [total] = whole.items or [_figures("study", {"_id": "", **dict.fromkeys(FIGURES, 0), "oldest_due": None})]
    open_ones = sum(total[one] for one in ("missing", "in_review", "returned", "newer_in_review", "newer_returned"))
    return {
        **TMFS.view(TMFS.state.model_validate(file["state"]), file["version"]),
        "as_of": on,
        "total": total,
        "zones": zones.items,
        "oldest_overdue": await _oldest(database, scope, study_id, on, past=past),
        "changed_after_lock": await _changed_after_lock(database, scope, study_id),
        "quality": await _quality(database, scope, study_id),
        "open_documents": open_ones,
        "ready": open_ones == 0,
    }


async def _changed_after_lock(database: Database, scope: Scope, study_id: str) -> int:
    """How many documents an event changed in a locked file, as recorded up to now."""
    changed = {"study": study_id, **AFTER_LOCK}
    return await database.collection(TMF_DOCUMENTS.collection).count(scope, changed)


async def _oldest(database: Database, scope: Scope, study_id: str, on: str, *, past: bool) -> list[dict[str, Any]]:
    stages = [
        *with_status(on, past=past),
        {"$match": {"status": "missing"}},
        {"$sort": {"due_on": 1, "_id": 1}},
        {"$limit": 10},
    ]
    collection = database.collection(TMF_DOCUMENTS.collection)
    found = await collection.aggregate(scope, stages, condition={"study": study_id})
    return [_seen(one, on) for one in found]


async def _quality(database: Database, scope: Scope, study_id: str) -> dict[str, Any]:
    """How well and how fast documents come in: of the versions in force, as recorded up to now."""
    filed = {"$eq": ["$state.standing.stage", "filed"]}
    stages = [
        {
            "$group": {
                "_id": None,
                "filed": _sum_of(filed),
                "filed_at_first_review": _sum_of({"$and": [filed, {"$eq": ["$state.returns", 0]}]}),
                "returns": {"$sum": "$state.returns"},
                **_pace("filing_days", FILING_DAYS_WANTED),
                **_pace("review_days", REVIEW_DAYS_WANTED),
            }
        }
    ]
    collection = database.collection(TMF_DOCUMENTS.collection)
    found = await collection.aggregate(scope, stages, condition={"study": study_id})
    told = {name: value for name, value in found[0].items() if name != "_id"} if found else {}
    wanted = {"filing_days_wanted": FILING_DAYS_WANTED, "review_days_wanted": REVIEW_DAYS_WANTED}
    return {**wanted, **told}


def _pace(field: str, wanted: int) -> dict[str, Any]:
    value = f"$state.{field}"
    known = {"$ne": [value, None]}
    return {
        f"{field}_known": _sum_of(known),
        f"{field}_within": _sum_of({"$and": [known, {"$lte": [value, wanted]}]}),
        f"{field}_average": {"$avg": value},
    }
