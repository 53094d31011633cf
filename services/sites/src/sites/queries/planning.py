"""Reads about study plans: milestones as planned, expected and reached, first and last over places, and baselines."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from chassis import clock
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.http.reading import one
from chassis.journal import journal_of
from chassis.mongo import Database, Document
from chassis.scope import Scope
from kernel import bounds
from pydantic import BaseModel, Field

from sites.domain.milestone_track import MilestoneTrack
from sites.domain.milestones import KINDS, Key, Level
from sites.domain.schedule import Span, rolled_up
from sites.domain.study import Study
from sites.domain.study_plan import BaselineApproved, StudyPlan, Tracked
from sites.handlers.planning import all_reached
from sites.store import MILESTONE_TRACKS, STUDIES, STUDY_PLANS, STUDY_SITES

ORDER_FIELDS: Final = 4


class MilestoneRow(BaseModel):
    """A milestone with all its days. `forecast` is as of today; `slip_days` counts from the baseline, else the plan."""

    level: Level
    kind: str
    name: str
    country: str | None
    site_id: str | None
    baseline: date | None
    planned: date | None
    forecast: date | None = Field(description="When it is to be expected; null once it is reached")
    actual: str | None
    slip_days: int | None = Field(description="Actual, or else expected, minus baseline, or else planned")
    slack_days: int | None
    at_risk: bool
    waits_for: Key | None


class RollUp(BaseModel):
    """First and last day of a milestone over the sites of a country, or of the study; sites not selected left out."""

    level: Level
    kind: str
    country: str | None
    sites: int = Field(description="Sites for which it is planned or reached")
    reached: int
    first_planned: date | None
    last_planned: date | None
    first_actual: date | None
    last_actual: date | None


class Baseline(BaseModel):
    """A version of the plan that was approved, when, and the day of each milestone in it."""

    version: int
    approved_at: str | None
    recorded_at: str
    milestones: list[dict[str, Any]]


async def milestones_of(
    database: Database, scope: Scope, study_id: str, asked: Mapping[str, Any], wanted: PageRequest
) -> Page[MilestoneRow]:
    """A page of a study's milestones, by level, place and kind. Raises the 404 problem."""
    plan, study, tracks = await _all_of(database, scope, study_id)
    rows = sorted(_rows(plan, study, tracks), key=_order)
    filters = {name: value for name, value in asked.items() if value is not None}
    found = [row for row in rows if all(getattr(row, name) == value for name, value in filters.items())]
    after = wanted.after(filters, values=ORDER_FIELDS)
    rest = [row for row in found if after is None or _order(row) > tuple(map(str, after))]
    items, more = rest[: wanted.limit], len(rest) > wanted.limit
    return Page(items=items, next=encode_cursor(_order(items[-1]), filters) if more else None)


async def roll_up_of(database: Database, scope: Scope, study_id: str) -> list[RollUp]:
    """First and last days over the sites of each country and of the study. Raises the 404 problem."""
    plan, study, tracks = await _all_of(database, scope, study_id)
    sites = database.collection(STUDY_SITES.collection)
    left_out = await sites.find(scope, {"study": study_id, "state.status": "not_selected"}, fields=["_id"])
    not_selected = frozenset(found["_id"] for found in left_out)
    planned = rolled_up(plan.planned if plan is not None else {}, not_selected)
    reached = rolled_up({one.key: one.on for one in all_reached(study, tracks)}, not_selected)
    return [_roll_up(key, planned.get(key), reached.get(key)) for key in sorted(planned | reached, key=_key_order)]


async def baselines_of(database: Database, scope: Scope, study_id: str) -> list[Baseline]:
    """The versions of a study's plan that were approved, the first one first. Raises the 404 problem."""
    await one(database, scope, STUDY_PLANS, study_id)
    about = {"aggregate.id": study_id, "aggregate.type": STUDY_PLANS.name, "events.type": BaselineApproved.__name__}
    entries = await journal_of(database).find(scope, about, sort=[("version.after", 1)])
    return [_baseline(entry, event) for entry in entries for event in _approvals(entry)]


async def _all_of(
    database: Database, scope: Scope, study_id: str
) -> tuple[StudyPlan | None, Study, list[MilestoneTrack]]:
    study = Study.model_validate((await one(database, scope, STUDIES, study_id))["state"])
    plan = await database.collection(STUDY_PLANS.collection).find_one(scope, {"_id": study_id})
    tracks = await database.collection(MILESTONE_TRACKS.collection).find(scope, {"study": study_id})
    known = StudyPlan.model_validate(plan["state"]) if plan is not None else None
    return known, study, [MilestoneTrack.model_validate(track["state"]) for track in tracks]


def _rows(plan: StudyPlan | None, study: Study, tracks: Iterable[MilestoneTrack]) -> list[MilestoneRow]:
    actuals = _actuals(study, tracks)
    tracked = {one.key: one for one in plan.milestones} if plan is not None else {}
    reached = all_reached(study, list(tracks))
    expected = plan.expected(reached, clock.now().date()) if plan is not None else {}
    days = {key: (one.forecast, one.slack_days, one.waits_for) for key, one in expected.items()}
    return [_row(key, tracked.get(key), actuals.get(key), days.get(key)) for key in tracked.keys() | actuals.keys()]


def _actuals(study: Study, tracks: Iterable[MilestoneTrack]) -> dict[Key, str]:
    found = {Key(level="study", kind=one.kind): one.actual for one in study.milestones}
    for track in tracks:
        place = track.place
        for kind, actual in track.reached.items():
            key = Key(level=place.level, kind=kind, country=place.country, site_id=place.site_id)
            found[key] = actual.on if actual is not None else None
    return {key: on for key, on in found.items() if on is not None}


def _row(
    key: Key, tracked: Tracked | None, actual: str | None, expected: tuple[date, int | None, Key | None] | None
) -> MilestoneRow:
    forecast, slack, waits_for = expected if expected is not None and actual is None else (None, None, None)
    due = (tracked.baseline or tracked.planned) if tracked is not None else None
    comes = bounds(actual)[0].date() if actual is not None else forecast
    return MilestoneRow(
        **key.model_dump(),
        name=KINDS[key.kind_of].name,
        baseline=tracked.baseline if tracked is not None else None,
        planned=tracked.planned if tracked is not None else None,
        forecast=forecast,
        actual=actual,
        slip_days=(comes - due).days if comes is not None and due is not None else None,
        slack_days=slack,
        at_risk=tracked is not None and forecast is not None and forecast > tracked.planned,
        waits_for=waits_for,
    )


def _order(row: MilestoneRow) -> tuple[str, ...]:
    return (row.level, row.country or "", row.site_id or "", row.kind)


def _key_order(key: Key) -> tuple[str, ...]:
    return (key.level, key.country or "", key.kind)


def _roll_up(key: Key, planned: Span | None, reached: Span | None) -> RollUp:
    return RollUp(
        level=key.level,
        kind=key.kind,
        country=key.country,
        sites=max(planned.places if planned else 0, reached.places if reached else 0),
        reached=reached.places if reached else 0,
        first_planned=planned.first if planned else None,
        last_planned=planned.last if planned else None,
        first_actual=reached.first if reached else None,
        last_actual=reached.last if reached else None,
    )


def _approvals(entry: Document) -> list[Document]:
    return [event for event in entry["events"] if event["type"] == BaselineApproved.__name__]


def _baseline(entry: Document, event: Document) -> Baseline:
    days = [{**one["key"], "planned": one["planned"]} for one in event["milestones"]]
    return Baseline(
        version=event["version"],
        approved_at=event["occurred_at"],
        recorded_at=entry["recorded_at"].isoformat(),
        milestones=days,
    )
