"""Subject visit: a visit of the protocol's schedule by one subject, expected, then completed or missed.

Known by the subject's pseudonymous key only. A source of history may tell of a visit that took place without ever
having been expected here, so every event carries all that identifies the visit.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State

Status = Literal["expected", "completed", "missed"]


# Commands


class ExpectSubjectVisit(Command):
    """Expect a subject at a visit of the schedule."""

    subject_visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    visit_name: str
    expected_on: BusinessTime | None = None


class CompleteSubjectVisit(Command):
    """Note that the subject was seen."""


class MissSubjectVisit(Command):
    """Note that the subject was not seen."""


class AdoptSubjectVisit(ExpectSubjectVisit):
    """Take a visit over from elsewhere with its outcome there; again, to take over what has changed."""

    outcome: Status


SubjectVisitCommand = ExpectSubjectVisit | CompleteSubjectVisit | MissSubjectVisit | AdoptSubjectVisit


# Events


class SubjectVisitNoted(Event):
    """What every event of a subject's visit carries. Subclasses name what happened."""

    subject_visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    visit_name: str


class SubjectVisitExpected(SubjectVisitNoted):
    """The schedule expects the subject."""

    expected_on: BusinessTime | None


class SubjectVisitCompleted(SubjectVisitNoted):
    """The subject was seen."""


class SubjectVisitMissed(SubjectVisitNoted):
    """The subject was not seen."""


SubjectVisitEvent = SubjectVisitExpected | SubjectVisitCompleted | SubjectVisitMissed


# State


class SubjectVisit(State):
    """A subject's visit as it is; `outcome_on` is when it was completed or missed."""

    subject_visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    visit_name: str
    status: Status
    expected_on: BusinessTime | None = None
    outcome_on: BusinessTime | None = None


# Decide


def decide(visit: SubjectVisit | None, command: SubjectVisitCommand) -> list[SubjectVisitEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case AdoptSubjectVisit():
            return adopt(visit, command)
        case ExpectSubjectVisit():
            return [] if visit is not None else [_event(command, "expected")]
        case CompleteSubjectVisit():
            return _end(visit, "completed", command)
        case MissSubjectVisit():
            return _end(visit, "missed", command)


def adopt(visit: SubjectVisit | None, command: AdoptSubjectVisit) -> list[SubjectVisitEvent]:
    """Take over what is new, without any gate: it is history, and its source may correct it."""
    told = _event(command, command.outcome)
    return [] if evolve(visit, told) == visit else [told]


def _end(visit: SubjectVisit | None, outcome: Status, command: Command) -> list[SubjectVisitEvent]:
    visit = _existing(visit)
    if visit.status == outcome:
        return []
    if visit.status != "expected":
        detail = f"The visit is {visit.status} already: it cannot be {outcome}."
        raise Refused(Reason(code="wrong_status", field="status", detail=detail))
    return [_event(_facts(visit, command.occurred_at), outcome)]


def _event(facts: ExpectSubjectVisit, outcome: Status) -> SubjectVisitEvent:
    about = facts.model_dump(exclude={"expected_on", "outcome"})
    match outcome:
        case "expected":
            return SubjectVisitExpected(**about, expected_on=facts.expected_on)
        case "completed":
            return SubjectVisitCompleted(**about)
        case "missed":
            return SubjectVisitMissed(**about)


def _facts(visit: SubjectVisit, at: BusinessTime | None) -> ExpectSubjectVisit:
    about = visit.model_dump(exclude={"status", "outcome_on"})
    return ExpectSubjectVisit.model_validate({**about, "occurred_at": at})


def _existing(visit: SubjectVisit | None) -> SubjectVisit:
    if visit is None:
        raise Refused(Reason(code="visit_unknown", detail="The subject's visit is not known."))
    return visit


# Evolve


def evolve(visit: SubjectVisit | None, event: SubjectVisitEvent) -> SubjectVisit:
    """Apply one event. No rule lives here: what happened, happened."""
    about = event.model_dump(exclude={"occurred_at"})
    expected_on = visit.expected_on if visit is not None else None
    match event:
        case SubjectVisitExpected():
            return SubjectVisit.model_validate({**about, "status": "expected"})
        case SubjectVisitCompleted():
            outcome = {"status": "completed", "outcome_on": event.occurred_at}
        case SubjectVisitMissed():
            outcome = {"status": "missed", "outcome_on": event.occurred_at}
    return SubjectVisit.model_validate({**about, "expected_on": expected_on, **outcome})
