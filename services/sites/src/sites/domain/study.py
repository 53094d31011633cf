"""Study: who sponsors it, what it plans, and how far it is.

Statuses are the overall recruitment statuses of ClinicalTrials.gov's API v2; milestones follow its date fields and the
milestone names of the field (first subject in, database lock …).
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before
from pydantic import BaseModel, ConfigDict, Field

Status = Literal[
    "not_yet_recruiting",
    "recruiting",
    "enrolling_by_invitation",
    "active_not_recruiting",
    "suspended",
    "terminated",
    "completed",
    "withdrawn",
    "available",
    "no_longer_available",
    "temporarily_not_available",
    "approved_for_marketing",
    "withheld",
    "unknown",
]
Phase = Literal["early_phase_1", "phase_1", "phase_1_2", "phase_2", "phase_2_3", "phase_3", "phase_4", "not_applicable"]
MilestoneKind = Literal[
    "first_submitted",
    "protocol_approved",
    "first_authority_approval",
    "first_site_activated",
    "study_start",
    "first_subject_in",
    "quarter_of_sites_activated",
    "half_of_sites_activated",
    "three_quarters_of_sites_activated",
    "all_sites_activated",
    "last_subject_in",
    "last_subject_last_visit",
    "primary_completion",
    "study_completion",
    "database_lock",
    "study_report_approved",
    "results_posted",
    "tmf_locked",
]
Country = str
FINAL: frozenset[Status] = frozenset({"completed", "terminated", "withdrawn"})


class Sponsor(BaseModel):
    """The party that answers for the study."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str


class Particulars(BaseModel):
    """What a study is by its protocol; `planned_enrolment` counts subjects."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocol_number: str
    registry_ids: tuple[str, ...]
    title: str
    phase: Phase | None
    countries: tuple[Country, ...]
    planned_enrolment: int | None = Field(ge=0)


class Milestone(BaseModel):
    """A milestone with its planned and its actual date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: MilestoneKind
    planned: BusinessTime | None = None
    actual: BusinessTime | None = None


# Commands


class RegisterStudy(Command):
    """Begin a study on the platform."""

    study_id: str
    sponsor: Sponsor
    particulars: Particulars
    milestones: tuple[Milestone, ...] = ()


class AdoptStudy(Command):
    """Take a study over from elsewhere, as it stands there; again, to take over what has changed."""

    study_id: str
    sponsor: Sponsor
    particulars: Particulars
    status: Status
    milestones: tuple[Milestone, ...] = ()


class ChangeStudyStatus(Command):
    """Move the study to another overall status."""

    status: Status


class RecordStudyMilestone(Command):
    """Give a milestone the dates it has now; None takes a date back."""

    milestone: Milestone


class NoteStudyMilestones(Command):
    """Take planned days from the study's plan, and what events reached, each where nothing earlier is known."""

    milestones: tuple[Milestone, ...]


StudyCommand = RegisterStudy | AdoptStudy | ChangeStudyStatus | RecordStudyMilestone | NoteStudyMilestones


# Events


class StudyRegistered(Event):
    """The study is known, not yet recruiting unless its source says otherwise."""

    study_id: str
    sponsor: Sponsor
    particulars: Particulars
    status: Status


class StudyDetailsCorrected(Event):
    """The particulars as they are now."""

    particulars: Particulars


class StudyStatusChanged(Event):
    """The overall status as it is now."""

    status: Status


class StudyMilestonePlanned(Event):
    """A planned date, or None where the plan was taken back."""

    milestone: MilestoneKind
    planned: BusinessTime | None


class StudyMilestoneReached(Event):
    """An actual date, or None where it was recorded in error."""

    milestone: MilestoneKind
    actual: BusinessTime | None


StudyEvent = (
    StudyRegistered | StudyDetailsCorrected | StudyStatusChanged | StudyMilestonePlanned | StudyMilestoneReached
)


# State


class Study(State):
    """A study as it is."""

    study_id: str
    sponsor: Sponsor
    particulars: Particulars
    status: Status
    milestones: tuple[Milestone, ...] = ()

    def milestone(self, kind: MilestoneKind) -> Milestone:
        """The milestone of this kind; without dates where none was given."""
        return next((one for one in self.milestones if one.kind == kind), Milestone(kind=kind))


# Decide


def decide(study: Study | None, command: StudyCommand) -> list[StudyEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case RegisterStudy():
            return register(study, command)
        case AdoptStudy():
            return adopt(study, command)
        case ChangeStudyStatus():
            return change_status(_existing(study), command)
        case RecordStudyMilestone():
            return record_milestone(_existing(study), command)
        case NoteStudyMilestones():
            return note_milestones(study, command) if study is not None else []


def register(study: Study | None, command: RegisterStudy) -> list[StudyEvent]:
    """Register once."""
    if study is not None:
        return []
    registered = StudyRegistered(
        occurred_at=command.occurred_at,
        study_id=command.study_id,
        sponsor=command.sponsor,
        particulars=command.particulars,
        status="not_yet_recruiting",
    )
    return [registered, *_milestone_events((), command.milestones, command.occurred_at)]


def adopt(study: Study | None, command: AdoptStudy) -> list[StudyEvent]:
    """Take over what is new. The sponsor of a study is not changed by adoption: its data would change hands."""
    if study is None:
        registered = StudyRegistered(
            occurred_at=command.occurred_at,
            study_id=command.study_id,
            sponsor=command.sponsor,
            particulars=command.particulars,
            status=command.status,
        )
        return [registered, *_milestone_events((), command.milestones, command.occurred_at)]
    if study.sponsor.id != command.sponsor.id:
        detail = "The study is already known under another sponsor; adoption does not move it."
        raise Refused(Reason(code="sponsor_differs", field="sponsor", detail=detail))
    return [
        *_differences(study, command),
        *_milestone_events(study.milestones, command.milestones, command.occurred_at),
    ]


def change_status(study: Study, command: ChangeStudyStatus) -> list[StudyEvent]:
    """Any status may follow another, but a study that has ended does not go on."""
    if study.status == command.status:
        return []
    if study.status in FINAL:
        detail = f"The study is {study.status}: it cannot become {command.status}."
        raise Refused(Reason(code="study_ended", field="status", detail=detail))
    return [StudyStatusChanged(occurred_at=command.occurred_at, status=command.status)]


def record_milestone(study: Study, command: RecordStudyMilestone) -> list[StudyEvent]:
    """Take the dates that differ from those known."""
    return _milestone_events(study.milestones, (command.milestone,), command.occurred_at)


def note_milestones(study: Study, command: NoteStudyMilestones) -> list[StudyEvent]:
    """Take a planned day as it is told; an actual one only where it is the first, or certainly an earlier one."""
    noted = [_noted(study.milestone(one.kind), one) for one in command.milestones]
    return _milestone_events(study.milestones, tuple(noted), command.occurred_at)


def _noted(known: Milestone, told: Milestone) -> Milestone:
    is_first = told.actual is not None and (known.actual is None or is_before(told.actual, known.actual))
    planned = told.planned or known.planned
    return Milestone(kind=told.kind, planned=planned, actual=told.actual if is_first else known.actual)


def _differences(study: Study, command: AdoptStudy) -> list[StudyEvent]:
    events: list[StudyEvent] = []
    if study.particulars != command.particulars:
        events.append(StudyDetailsCorrected(occurred_at=command.occurred_at, particulars=command.particulars))
    if study.status != command.status:
        events.append(StudyStatusChanged(occurred_at=command.occurred_at, status=command.status))
    return events


def _milestone_events(
    known: tuple[Milestone, ...], given: tuple[Milestone, ...], at: BusinessTime | None
) -> list[StudyEvent]:
    before = {one.kind: one for one in known}
    events: list[StudyEvent] = []
    for one in given:
        was = before.get(one.kind, Milestone(kind=one.kind))
        if one.planned != was.planned:
            events.append(StudyMilestonePlanned(occurred_at=at, milestone=one.kind, planned=one.planned))
        if one.actual != was.actual:
            events.append(StudyMilestoneReached(occurred_at=one.actual or at, milestone=one.kind, actual=one.actual))
    return events


def _existing(study: Study | None) -> Study:
    if study is None:
        detail = "The study is not registered."
        raise Refused(Reason(code="study_unknown", detail=detail))
    return study


# Evolve


def evolve(study: Study | None, event: StudyEvent) -> Study:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, StudyRegistered):
        return Study(study_id=event.study_id, sponsor=event.sponsor, particulars=event.particulars, status=event.status)
    study = _existing(study)
    match event:
        case StudyDetailsCorrected():
            return changed(study, particulars=event.particulars)
        case StudyStatusChanged():
            return changed(study, status=event.status)
        case StudyMilestonePlanned():
            return _with_milestone(study, changed_milestone(study, event.milestone, planned=event.planned))
        case StudyMilestoneReached():
            return _with_milestone(study, changed_milestone(study, event.milestone, actual=event.actual))


def changed_milestone(study: Study, kind: MilestoneKind, **dates: BusinessTime | None) -> Milestone:
    """The milestone with these dates instead of those it had."""
    return Milestone.model_validate({**dict(study.milestone(kind)), **dates})


def _with_milestone(study: Study, milestone: Milestone) -> Study:
    others = tuple(one for one in study.milestones if one.kind != milestone.kind)
    return changed(study, milestones=(*others, milestone))
