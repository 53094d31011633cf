"""The structured synopsis of a protocol version: objectives, endpoints, and the schedule of visits with their windows.

The words are those of ICH M11 (objectives and endpoints, schedule of activities) and CDISC USDM 4.0 (Objective,
Endpoint, Encounter, Activity, ScheduleTimeline). Ids are the study's own codes; data and monitoring point at them.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Final, Literal

from kernel import Reason, State
from pydantic import Field, StringConstraints

Level = Literal["primary", "secondary", "exploratory"]
"""Of an objective: CDISC C85826, C85827, C163559; of an endpoint: C94496, C139173, C170559."""
ItemId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]
"""A code of the study, such as `V3` or `PFS`; no free text, because events carry it."""
Wording = Annotated[
    str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True, pattern=r"^[^\x00]*$")
]
Days = Annotated[int, Field(ge=-3_650, le=36_500)]
Width = Annotated[int, Field(ge=0, le=365)]
ITEMS_MAX: Final = 500


class Objective(State):
    """What the study wants to find out."""

    id: ItemId
    level: Level
    text: Wording


class Procedure(State):
    """Something done at a visit (USDM Activity)."""

    id: ItemId
    name: Wording


class Endpoint(State):
    """A variable by which an objective is judged, and the procedures that measure it."""

    id: ItemId
    level: Level
    text: Wording
    objective_id: ItemId
    procedure_ids: tuple[ItemId, ...] = Field(default=(), max_length=ITEMS_MAX)


class Visit(State):
    """A planned visit (USDM Encounter): its study day and how many days before and after it may take place.

    A visit without a day is unscheduled (early termination, for example) and has no window.
    """

    id: ItemId
    name: Wording
    timeline: ItemId = Field(default="main", description="Visits of different timelines (arms, parts) are not compared")
    day: Days | None = None
    days_before: Width = 0
    days_after: Width = 0
    procedure_ids: tuple[ItemId, ...] = Field(default=(), max_length=ITEMS_MAX)


class Synopsis(State):
    """What the protocol plans, as data."""

    objectives: tuple[Objective, ...] = Field(default=(), max_length=ITEMS_MAX)
    endpoints: tuple[Endpoint, ...] = Field(default=(), max_length=ITEMS_MAX)
    procedures: tuple[Procedure, ...] = Field(default=(), max_length=ITEMS_MAX)
    visits: tuple[Visit, ...] = Field(default=(), max_length=ITEMS_MAX)


def flaws(synopsis: Synopsis) -> list[Reason]:
    """Everything that is wrong with it; a draft is kept only without any."""
    return [*_repeated(synopsis), *_loose_ends(synopsis), *_misplaced(synopsis), *_windows(synopsis.visits)]


def gaps(synopsis: Synopsis | None) -> list[Reason]:
    """What a protocol needs before others review it (ICH M11: a primary objective with its endpoint, a schedule)."""
    if synopsis is None:
        detail = "The protocol has no synopsis: set its objectives, endpoints and visits first."
        return [Reason(code="synopsis_missing", field="synopsis", detail=detail)]
    judged = {one.objective_id for one in synopsis.endpoints if one.level == "primary"}
    primary = [one.id for one in synopsis.objectives if one.level == "primary"]
    missing = [_reason("endpoint_missing", "endpoints", _UNJUDGED.format(one)) for one in primary if one not in judged]
    if not primary:
        missing.append(_reason("primary_objective_missing", "objectives", "Name at least one primary objective."))
    if not any(visit.day is not None for visit in synopsis.visits):
        missing.append(_reason("visits_missing", "visits", "The schedule has no visit with a study day: add one."))
    return missing


_UNJUDGED: Final = "Primary objective {} has no primary endpoint: add one, or change the objective's level."


def _repeated(synopsis: Synopsis) -> Iterator[Reason]:
    for field in Synopsis.model_fields:
        counts = Counter(item.id for item in getattr(synopsis, field))
        for key in sorted(key for key, count in counts.items() if count > 1):
            yield _reason(
                "id_repeated", field, f"The id {key} stands more than once among the {field}: make it unique."
            )


def _loose_ends(synopsis: Synopsis) -> Iterator[Reason]:
    objectives = {one.id for one in synopsis.objectives}
    procedures = {one.id for one in synopsis.procedures}
    for endpoint in synopsis.endpoints:
        if endpoint.objective_id not in objectives:
            detail = f"Endpoint {endpoint.id} belongs to objective {endpoint.objective_id}, which is not listed."
            yield _reason("objective_unknown", "endpoints", detail)
    for field, items in (("endpoints", synopsis.endpoints), ("visits", synopsis.visits)):
        for item in items:
            for key in sorted({*item.procedure_ids} - procedures):
                detail = f"{item.id} names procedure {key}, which is not listed: add it to the procedures."
                yield _reason("procedure_unknown", field, detail)


def _misplaced(synopsis: Synopsis) -> Iterator[Reason]:
    level = {one.id: one.level for one in synopsis.objectives}
    for one in synopsis.endpoints:
        if one.level == "primary" and level.get(one.objective_id, "primary") != "primary":
            detail = f"Endpoint {one.id} is primary, its objective {one.objective_id} is not: give both the same level."
            yield _reason("level_differs", "endpoints", detail)


def _windows(visits: Sequence[Visit]) -> Iterator[Reason]:
    """No visit's own day lies in the window of a neighbour: then nobody could tell which of the two took place."""
    for visit in visits:
        if visit.day is None and (visit.days_before or visit.days_after):
            yield _reason("window_without_day", "visits", f"Visit {visit.id} has a window but no day: give its day.")
    for timeline in sorted({visit.timeline for visit in visits}):
        planned = [(visit.day, visit) for visit in visits if visit.timeline == timeline and visit.day is not None]
        for (day, earlier), (next_day, later) in pairwise(sorted(planned, key=lambda one: one[0])):
            if next_day <= day + earlier.days_after or day >= next_day - later.days_before:
                detail = (
                    f"Visits {earlier.id} (day {day}) and {later.id} (day {next_day}) cannot be told apart: the day of "
                    "one lies in the window of the other. Narrow the windows."
                )
                yield _reason("windows_overlap", "visits", detail)


def _reason(code: str, field: str, detail: str) -> Reason:
    return Reason(code=code, field=f"synopsis.{field}", detail=detail)
