"""Rows of study plans: for which day the activation of each site is planned, and for which it is to be expected.

A baseline tells all planned days; a move tells one, and what else comes later by it. A forecast tells only what is to
be expected on another day than before, so a site without one is expected as planned.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import Received
from contracts import sites as public
from contracts.sites.planning import ExpectedDay, MilestoneKey, PlanEvent, PlannedDay

from reporting.projections.reading import owner_of, version_of

COLLECTION: Final = "plans"
ACTIVATION: Final = "site_activated"
OF_THE_PLAN: Final = (PlanEvent, public.MilestonePlanned, public.MilestoneForecast, public.MilestoneAtRisk)
"""Events of the study's plan; that a place reached a milestone is told by another aggregate."""
Days = dict[str, Document]
"""By site, `planned` and `forecast`, each a day or null."""


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The plan after one more of its events."""
    before: Days = (row or {"activations": {}})["activations"]
    return {**owner_of(received), "activations": _activations(before, received)}


def _activations(before: Days, received: Received) -> Days:
    match received.event:
        case public.PlanBaselineApproved() as event:
            planned = {key: one.planned.isoformat() for key, one in _of_sites(event.milestones)}
            return {key: {"planned": day, "forecast": _forecast(before, key)} for key, day in planned.items()}
        case public.MilestonePlanned() as event:
            moved = {**before, **_planned(before, event)}
            return {**moved, **_expected(event.at_risk)}
        case public.MilestoneForecast() as event:
            return {**before, **_expected(event.expected)}
        case public.MilestoneAtRisk() as event:
            return {**before, **_expected(event.at_risk)}
        case _:
            # A draft tells no days.
            return before


def _planned(before: Days, event: public.MilestonePlanned) -> Days:
    if event.level != "site" or event.kind != ACTIVATION or event.site_id is None:
        return {}
    return {event.site_id: {"planned": event.planned.isoformat(), "forecast": _forecast(before, event.site_id)}}


def _expected(told: Iterable[ExpectedDay]) -> Days:
    days = {key: one for key, one in _of_sites(told) if isinstance(one, ExpectedDay)}
    return {
        key: {"planned": one.planned.isoformat(), "forecast": one.forecast.isoformat()} for key, one in days.items()
    }


def _of_sites(days: Iterable[PlannedDay]) -> Iterable[tuple[str, PlannedDay]]:
    return ((one.site_id, one) for one in days if one.site_id is not None and _is_activation(one))


def _is_activation(one: MilestoneKey) -> bool:
    return one.level == "site" and one.kind == ACTIVATION


def _forecast(before: Days, site_id: str) -> str | None:
    return before[site_id]["forecast"] if site_id in before else None


def _key(received: Received) -> str | None:
    return received.envelope.study if isinstance(received.event, OF_THE_PLAN) else None


ROWS: Final = Rows(COLLECTION, _key, version_of, fold)
