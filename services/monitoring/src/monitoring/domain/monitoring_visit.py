"""Monitoring visit: a monitor's visit to a study site, from the plan to its completion.

Pre-study (PSV), initiation (SIV), interim monitoring (IMV) and close-out visit (COV), as in the TMF Reference Model
05.01.04, 05.03.01, 05.04.03 and 05.04.08. A completed initiation visit is one of the pieces on which a site's
activation rests.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before

VisitType = Literal["PSV", "SIV", "IMV", "COV"]
Status = Literal["planned", "scheduled", "completed", "cancelled"]

FOLLOWS: dict[Status, tuple[Status, ...]] = {
    "scheduled": ("planned", "scheduled"),
    "completed": ("scheduled",),
    "cancelled": ("planned", "scheduled"),
}


# Commands


class PlanVisit(Command):
    """Foresee a visit to a site."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    visit_type: VisitType
    planned_on: BusinessTime


class ScheduleVisit(Command):
    """Agree a date with the site; again, to move it."""

    scheduled_on: BusinessTime


class CompleteVisit(Command):
    """Note that the visit took place; `occurred_at` is when it ended."""


class CancelVisit(Command):
    """Give the visit up."""


MonitoringVisitCommand = PlanVisit | ScheduleVisit | CompleteVisit | CancelVisit


# Events


class MonitoringVisitPlanned(Event):
    """The visit is foreseen."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    visit_type: VisitType
    planned_on: BusinessTime


class MonitoringVisitScheduled(Event):
    """A date is agreed, the first or a new one."""

    scheduled_on: BusinessTime


class MonitoringVisitCompleted(Event):
    """The visit took place."""


class MonitoringVisitCancelled(Event):
    """The visit will not take place."""


MonitoringVisitEvent = (
    MonitoringVisitPlanned | MonitoringVisitScheduled | MonitoringVisitCompleted | MonitoringVisitCancelled
)


# State


class MonitoringVisit(State):
    """A monitoring visit as it is; `last_step_on` is when its status last changed."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    visit_type: VisitType
    status: Status = "planned"
    planned_on: BusinessTime
    scheduled_on: BusinessTime | None = None
    completed_on: BusinessTime | None = None
    last_step_on: BusinessTime | None


# Decide


def decide(visit: MonitoringVisit | None, command: MonitoringVisitCommand) -> list[MonitoringVisitEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    at = command.occurred_at
    match command:
        case PlanVisit():
            return [] if visit is not None else [MonitoringVisitPlanned.model_validate(dict(command))]
        case ScheduleVisit():
            return schedule(visit, command)
        case CompleteVisit():
            return _end(visit, "completed", MonitoringVisitCompleted(occurred_at=at))
        case CancelVisit():
            return _end(visit, "cancelled", MonitoringVisitCancelled(occurred_at=at))


def schedule(visit: MonitoringVisit | None, command: ScheduleVisit) -> list[MonitoringVisitEvent]:
    """Agree on a date, as often as it moves, until the visit has ended."""
    visit = _existing(visit)
    if visit.status == "scheduled" and visit.scheduled_on == command.scheduled_on:
        return []
    scheduled = MonitoringVisitScheduled(occurred_at=command.occurred_at, scheduled_on=command.scheduled_on)
    return _step(visit, "scheduled", scheduled)


def _end(visit: MonitoringVisit | None, target: Status, event: MonitoringVisitEvent) -> list[MonitoringVisitEvent]:
    visit = _existing(visit)
    return [] if visit.status == target else _step(visit, target, event)


def _step(visit: MonitoringVisit, target: Status, event: MonitoringVisitEvent) -> list[MonitoringVisitEvent]:
    unmet = [*_out_of_order(visit, target), *_too_early(visit, target, event.occurred_at)]
    if unmet:
        raise Refused(*unmet)
    return [event]


def _out_of_order(visit: MonitoringVisit, target: Status) -> list[Reason]:
    if visit.status in FOLLOWS[target]:
        return []
    expected = " or ".join(FOLLOWS[target])
    detail = f"The visit is {visit.status}: it can be {target} only while it is {expected}."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def _too_early(visit: MonitoringVisit, target: Status, at: BusinessTime | None) -> list[Reason]:
    last = visit.last_step_on
    if last is None or at is None or not is_before(at, last):
        return []
    detail = f"{target.capitalize()} on {at} lies before {visit.status} on {last}."
    return [Reason(code="before_last_step", field="occurred_at", detail=detail)]


def _existing(visit: MonitoringVisit | None) -> MonitoringVisit:
    if visit is None:
        raise Refused(Reason(code="visit_unknown", detail="The visit is not planned."))
    return visit


# Evolve


def evolve(visit: MonitoringVisit | None, event: MonitoringVisitEvent) -> MonitoringVisit:
    """Apply one event. No rule lives here: what happened, happened."""
    at = event.occurred_at
    if isinstance(event, MonitoringVisitPlanned):
        about = event.model_dump(exclude={"occurred_at"})
        return MonitoringVisit.model_validate({**about, "last_step_on": at})
    visit = _existing(visit)
    match event:
        case MonitoringVisitScheduled():
            return changed(visit, status="scheduled", scheduled_on=event.scheduled_on, last_step_on=at)
        case MonitoringVisitCompleted():
            return changed(visit, status="completed", completed_on=at, last_step_on=at)
        case MonitoringVisitCancelled():
            return changed(visit, status="cancelled", last_step_on=at)
