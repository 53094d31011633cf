"""Completeness of trial master files on a day: what is due by then, and how much of that is filed and in force.

A document counts where it is due and neither waived nor released. Figures are summed over groups of documents, of
which a study has as many as places times zones, however many documents there are.
"""

from collections.abc import Mapping, Sequence
from math import floor
from typing import Annotated, Any, Final, Literal

from chassis import clock as wall
from chassis.http.fields import Code, CountryCode, Name
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Database
from chassis.problems import FieldError, Problem
from chassis.scope import Scope
from kernel import DateOnly
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from reporting.projections.tmf import EXEMPT
from reporting.queries.answers import Answer
from reporting.queries.filters import narrowed_to
from reporting.queries.paging import paged
from reporting.store import TMF, TMF_COMPLETENESS

By = Literal["study", "zone", "milestone", "country", "site"]
Number = Annotated[str, StringConstraints(pattern=r"^\d{2}$")]
KEYS: Final[Mapping[By, Any]] = {
    "zone": "$zone",
    "milestone": {"$ifNull": ["$counts.milestone", None]},
    "country": "$country",
    "site": "$site_id",
}
DAY_CHARACTERS: Final = len("2021-06-30")
FIGURES: Final = ("due", "filed", "missing", "in_review", "returned", "expired", "not_due", "exempt")


class TmfFilter(BaseModel):
    """Filters of the completeness of trial master files; all that are given hold together."""

    model_config = ConfigDict(frozen=True)

    study: Code | None = Field(default=None, description="Study id; needed where figures are not by study")
    sponsor: Name | None = Field(default=None, description="Sponsor's id or name")
    country: CountryCode | None = Field(default=None, description="ISO 3166-1 alpha-2")
    site: Code | None = Field(default=None, description="Site id")
    zone: Number | None = Field(default=None, description="Zone of the TMF Reference Model, 01 to 11")
    milestone: Number | None = Field(default=None, description="Milestone of the TMF Reference Model, 01 to 12")
    by: By = Field(default="study", description="What the figures are told for")
    on: DateOnly | None = Field(default=None, description="The day by which documents are due; today where left out")

    def narrowed(self, scope: Scope) -> Scope:
        """The scope, limited to the sponsor and the study asked for."""
        return narrowed_to(scope, self.sponsor, self.study)

    def condition(self) -> dict[str, Any]:
        """The MongoDB condition on groups, without sponsor and study."""
        asked = {"country": self.country, "site_id": self.site, "zone": self.zone}
        return {field: value for field, value in asked.items() if value is not None}


class TmfFigures(Answer):
    """How complete what is due is, of a study or of a part of it."""

    study_id: str
    sponsor_id: str
    key: str | None = Field(description="The zone, milestone, country or site; null for a study, or what has none")
    due: int = Field(description="Documents due by the day, without those that are waived or released")
    filed: int = Field(description="Of these, filed and in force")
    missing: int
    in_review: int = Field(description="Received and not checked yet")
    returned: int = Field(description="Sent back by quality control")
    expired: int
    not_due: int = Field(description="Expected, but not due yet")
    exempt: int = Field(description="Waived, or not required any more")
    completeness: float | None = Field(description="Percent of what is due that is filed; null where nothing is due")
    oldest_overdue: str | None = Field(description="The earliest due day of what is due and not filed")
    locked: bool | None = Field(default=None, description="Whether the file is locked; told by study alone")


async def tmf_page(database: Database, scope: Scope, asked: TmfFilter, wanted: PageRequest) -> Page[TmfFigures]:
    """A page of figures, in the order of what they are told for. Raises the 422 problem where a study is needed."""
    if asked.by == "study":
        return await _by_study(database, scope, asked, wanted)
    if asked.study is None:
        error = FieldError("study", "is needed where figures are not by study", "the id of a study", "query")
        raise Problem(422, "invalid_request", "Name the study whose file is to be told in parts.", errors=[error])
    seen, filters = asked.narrowed(scope), asked.model_dump()
    after = wanted.after(filters)
    # What has no key, such as the whole trial, comes first; nothing is greater than null to MongoDB.
    beyond = [{"$match": {"_id.key": {"$ne": None} if after[0] is None else {"$gt": after[0]}}}] if after else []
    more = [*beyond, {"$sort": {"_id.key": 1}}, {"$limit": wanted.limit + 1}]
    found = await _figures(database, seen, asked, asked.condition(), KEYS[asked.by], more)
    items = found[: wanted.limit]
    last = items[-1].key if items else None
    return Page(items=items, next=encode_cursor([last], filters) if len(found) > wanted.limit else None)


async def _by_study(database: Database, scope: Scope, asked: TmfFilter, wanted: PageRequest) -> Page[TmfFigures]:
    seen, filters = asked.narrowed(scope), asked.model_dump()
    after = wanted.after(filters)
    place = {"_id": {"$gt": after[0]}} if after else {}
    found = await database.collection(TMF).find(seen, place, sort=[("_id", 1)], limit=wanted.limit + 1)
    files = found[: wanted.limit]
    ids = {"study": {"$in": [one["_id"] for one in files]}}
    told = {one.study_id: one for one in await _figures(database, seen, asked, {**asked.condition(), **ids}, None, [])}
    items = [_of_file(one, told.get(one["_id"])) for one in files]
    return paged(items, found, wanted, filters, "_id")


async def _figures(
    database: Database,
    seen: Scope,
    asked: TmfFilter,
    condition: Mapping[str, Any],
    key: Any,
    more: Sequence[Mapping[str, Any]],
) -> list[TmfFigures]:
    on = asked.on or wall.now().date().isoformat()
    sums = {name: {"$sum": {"$cond": [said, "$counts.count", 0]}} for name, said in _told(on).items()}
    group = {
        "_id": {"study": "$study", "key": key},
        "sponsor": {"$first": "$sponsor"},
        **sums,
        "oldest": {"$min": {"$cond": [_open(on), "$counts.due_on", None]}},
    }
    of_milestone = [] if asked.milestone is None else [{"$match": {"counts.milestone": asked.milestone}}]
    stages = [{"$unwind": "$counts"}, *of_milestone, {"$group": group}, *more]
    found = await database.collection(TMF_COMPLETENESS).aggregate(seen, stages, condition=condition)
    return [_answer(one) for one in found]


def _told(on: str) -> dict[str, Any]:
    """By figure, the condition on what is counted."""
    due, expired, stage = _due(on), _expired(on), "$counts.stage"
    return {
        "due": due,
        "filed": {"$and": [due, {"$eq": [stage, "filed"]}, {"$not": [expired]}]},
        "missing": {"$and": [due, {"$in": [stage, ["awaited", "superseded"]]}]},
        "in_review": {"$and": [due, {"$eq": [stage, "in_review"]}]},
        "returned": {"$and": [due, {"$eq": [stage, "returned"]}]},
        "expired": {"$and": [due, {"$eq": [stage, "filed"]}, expired]},
        "not_due": {"$and": [{"$not": [due]}, {"$not": [_exempt()]}]},
        "exempt": _exempt(),
    }


def _due(on: str) -> dict[str, Any]:
    known = {"$gt": ["$counts.due_on", None]}
    return {"$and": [known, {"$lte": ["$counts.due_on", on]}, {"$not": [_exempt()]}]}


def _exempt() -> dict[str, Any]:
    return {"$in": ["$counts.stage", sorted(EXEMPT)]}


def _expired(on: str) -> dict[str, Any]:
    return {"$and": [{"$gt": ["$counts.expires_on", None]}, {"$lt": ["$counts.expires_on", on]}]}


def _open(on: str) -> dict[str, Any]:
    return {"$and": [_due(on), {"$or": [{"$ne": ["$counts.stage", "filed"]}, _expired(on)]}]}


def _answer(found: Mapping[str, Any]) -> TmfFigures:
    due = found["due"]
    return TmfFigures(
        study_id=found["_id"]["study"],
        sponsor_id=found["sponsor"],
        key=found["_id"].get("key"),
        completeness=_percent(found["filed"], due) if due else None,
        oldest_overdue=found["oldest"],
        **{name: found[name] for name in FIGURES},
    )


def _percent(part: int, whole: int) -> float:
    # Rounded down: what is not complete must not read 100.
    return floor(1_000 * part / whole) / 10


def _of_file(file: Mapping[str, Any], told: TmfFigures | None) -> TmfFigures:
    if told is not None:
        return told.model_copy(update={"locked": file["locked"]})
    nothing = dict.fromkeys(FIGURES, 0)
    about = {"study_id": file["_id"], "sponsor_id": file["sponsor"], "key": None, "locked": file["locked"]}
    return TmfFigures.model_validate({**about, **nothing, "completeness": None, "oldest_overdue": None})
