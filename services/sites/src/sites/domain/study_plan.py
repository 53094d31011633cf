"""Study plan: targets, enrolment and milestones, frozen as the baseline by approval, replanned as a new version.

The planned day of a milestone may move after approval; its baseline does not. Each move answers which other milestones
become at risk by it. Every version that was approved stays in the journal (ICH E6(R3) 3.10; TMF Reference Model 01.01).
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed
from pydantic import BaseModel, ConfigDict

from sites.domain.milestones import Key
from sites.domain.plan_content import Content, PlannedMilestone, faults, gaps
from sites.domain.schedule import Expected, expected

Status = Literal["draft", "approved"]


class Reached(BaseModel):
    """A milestone that is reached, and on which day; the first one that its date may mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    on: date


class Tracked(BaseModel):
    """A planned milestone: the day of the baseline, the day as planned now, and the day it is expected on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    planned: date
    baseline: date | None = None
    forecast: date | None = None


# Commands


class DraftPlan(Command):
    """Write the plan, or write its draft anew. `sites`: the study's sites and their countries."""

    study_id: str
    sponsor_id: str
    content: Content
    sites: Mapping[str, str]


class ReplanStudy(DraftPlan):
    """Begin a new version of a plan that was approved; its baseline holds until this one is approved."""


class ApproveBaseline(Command):
    """Freeze the plan as the baseline."""


class PlanMilestone(Command):
    """Move one milestone, knowing what is reached; milestones that wait for it move with it in the forecast."""

    milestone: PlannedMilestone
    reached: tuple[Reached, ...]
    sites: Mapping[str, str]


class ForecastPlan(Command):
    """Look anew at what is to be expected, after something was reached; without a plan there is nothing to expect."""

    reached: tuple[Reached, ...]


StudyPlanCommand = DraftPlan | ReplanStudy | ApproveBaseline | PlanMilestone | ForecastPlan


# Events


class PlanDrafted(Event):
    """The draft as it is now."""

    study_id: str
    sponsor_id: str
    version: int
    content: Content


class PlanReplanned(Event):
    """A new version was begun."""

    version: int
    content: Content


class BaselineApproved(Event):
    """The plan's days are the baseline, all of them told so that each version stays readable in the journal."""

    version: int
    milestones: tuple[PlannedMilestone, ...]


class MilestonePlanned(Event):
    """A milestone has another planned day, and these come later than planned by it."""

    milestone: PlannedMilestone
    before: date | None
    at_risk: tuple[Expected, ...]


class ForecastChanged(Event):
    """These milestones are to be expected on another day than before."""

    expected: tuple[Expected, ...]


class MilestonesAtRisk(Event):
    """These milestones were in time until now, and are expected after their planned day."""

    at_risk: tuple[Expected, ...]


StudyPlanEvent = PlanDrafted | PlanReplanned | BaselineApproved | MilestonePlanned | ForecastChanged | MilestonesAtRisk


# State


class StudyPlan(State):
    """A plan as it is: the version at work, and the version that is the baseline."""

    study_id: str
    sponsor_id: str
    version: int
    status: Status
    baseline_version: int | None = None
    content: Content
    milestones: tuple[Tracked, ...]

    @property
    def planned(self) -> dict[Key, date]:
        """Milestone → the day it is planned for now."""
        return {one.key: one.planned for one in self.milestones}

    def says(self, content: Content) -> bool:
        """Whether this is what the plan says now, milestones that were moved included."""
        return self.content == content and self.planned == content.planned

    def expected(self, reached: Iterable[Reached], today: date | None = None) -> dict[Key, Expected]:
        """What is to be expected of the milestones that are not reached."""
        dates = {one.key: one.on for one in reached}
        return expected(self.planned, self.content.dependencies, dates, today)


# Decide


def decide(plan: StudyPlan | None, command: StudyPlanCommand) -> list[StudyPlanEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case ReplanStudy():
            return replan(_existing(plan), command)
        case DraftPlan():
            return draft(plan, command)
        case ApproveBaseline():
            return approve(_existing(plan), command)
        case PlanMilestone():
            return move(_existing(plan), command)
        case ForecastPlan():
            return [] if plan is None else look_ahead(plan, command)


def draft(plan: StudyPlan | None, command: DraftPlan) -> list[StudyPlanEvent]:
    """Write the draft; what was approved is replanned instead."""
    unmet = faults(command.content, command.sites)
    if plan is not None and plan.says(command.content):
        return []
    if plan is not None and plan.status == "approved":
        unmet.append(_reason("plan_approved", "The plan is approved: replan the study instead of drafting anew."))
    if unmet:
        raise Refused(*unmet)
    version = plan.version if plan is not None else 1
    return [
        PlanDrafted(
            occurred_at=command.occurred_at,
            study_id=command.study_id,
            sponsor_id=command.sponsor_id,
            version=version,
            content=command.content,
        )
    ]


def replan(plan: StudyPlan, command: ReplanStudy) -> list[StudyPlanEvent]:
    """Begin the next version."""
    if plan.status == "draft" and plan.says(command.content):
        return []
    unmet = faults(command.content, command.sites)
    if plan.status == "draft":
        unmet.append(
            _reason("plan_in_draft", f"Version {plan.version} is a draft still: draft it anew, or approve it.")
        )
    if unmet:
        raise Refused(*unmet)
    return [PlanReplanned(occurred_at=command.occurred_at, version=plan.version + 1, content=command.content)]


def approve(plan: StudyPlan, command: ApproveBaseline) -> list[StudyPlanEvent]:
    """Freeze the draft once; a baseline that cannot be kept is none."""
    if plan.status == "approved":
        return []
    milestones = tuple(PlannedMilestone(key=one.key, planned=one.planned) for one in plan.milestones)
    unmet = gaps(Content.model_validate({**dict(plan.content), "milestones": milestones}))
    if unmet:
        raise Refused(*unmet)
    return [BaselineApproved(occurred_at=command.occurred_at, version=plan.version, milestones=milestones)]


def move(plan: StudyPlan, command: PlanMilestone) -> list[StudyPlanEvent]:
    """Plan the milestone for another day, or one that was not planned before, and tell what becomes at risk."""
    key, planned = command.milestone.key, command.milestone.planned
    before = plan.planned.get(key)
    if before == planned:
        return []
    unmet = faults(_with(plan.content, command.milestone), command.sites)
    if key in {one.key for one in command.reached}:
        unmet.append(_reason("reached", f"{key.words()} is reached: its plan is history.", "milestone"))
    if unmet:
        raise Refused(*unmet)
    known = {one.key for one in plan.expected(command.reached).values() if one.is_late}
    moved = _moved(plan, command.milestone)
    late = [one for one in moved.expected(command.reached).values() if one.is_late]
    at_risk = tuple(one for one in late if one.key not in known and one.key != key)
    event = MilestonePlanned(
        occurred_at=command.occurred_at, milestone=command.milestone, before=before, at_risk=at_risk
    )
    return [event, *_forecast(moved, command.reached, command.occurred_at)]


def look_ahead(plan: StudyPlan, command: ForecastPlan) -> list[StudyPlanEvent]:
    """Tell what is expected on another day than before, and what became late. Days that pass are no event."""
    events = _forecast(plan, command.reached, command.occurred_at)
    known = {one.key for one in plan.milestones if one.forecast is not None and one.forecast > one.planned}
    late = [one for event in events for one in event.expected if one.is_late and one.key not in known]
    return [*events, *([MilestonesAtRisk(occurred_at=command.occurred_at, at_risk=tuple(late))] if late else [])]


def _forecast(plan: StudyPlan, reached: Iterable[Reached], occurred_at: BusinessTime | None) -> list[ForecastChanged]:
    before = {one.key: one.forecast or one.planned for one in plan.milestones}
    changes = tuple(one for key, one in plan.expected(reached).items() if before[key] != one.forecast)
    return [ForecastChanged(occurred_at=occurred_at, expected=changes)] if changes else []


def _with(content: Content, milestone: PlannedMilestone) -> Content:
    others = tuple(one for one in content.milestones if one.key != milestone.key)
    return Content.model_validate({**dict(content), "milestones": (*others, milestone)})


def _moved(plan: StudyPlan, milestone: PlannedMilestone) -> StudyPlan:
    known = {one.key: one for one in plan.milestones}
    was = known.get(milestone.key, Tracked(key=milestone.key, planned=milestone.planned))
    known[milestone.key] = was.model_copy(update={"planned": milestone.planned})
    return changed(plan, milestones=tuple(known.values()))


def _reason(code: str, detail: str, field: str | None = None) -> Reason:
    return Reason(code=code, field=field, detail=detail)


def _existing(plan: StudyPlan | None) -> StudyPlan:
    if plan is None:
        raise Refused(_reason("plan_unknown", "The study has no plan: draft one first."))
    return plan


# Evolve


def evolve(plan: StudyPlan | None, event: StudyPlanEvent) -> StudyPlan:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, PlanDrafted):
        told = event.model_dump(include={"study_id", "sponsor_id", "version"})
        baseline = plan.baseline_version if plan is not None else None
        milestones = _tracked(plan, event.content)
        return StudyPlan(
            **told, status="draft", baseline_version=baseline, content=event.content, milestones=milestones
        )
    plan = _existing(plan)
    match event:
        case PlanReplanned():
            fresh = {"version": event.version, "status": "draft", "content": event.content}
            return changed(plan, **fresh, milestones=_tracked(plan, event.content))
        case BaselineApproved():
            days = {one.key: one.planned for one in event.milestones}
            frozen = tuple(one.model_copy(update={"baseline": days.get(one.key)}) for one in plan.milestones)
            return changed(plan, status="approved", baseline_version=event.version, milestones=frozen)
        case MilestonePlanned():
            return _moved(plan, event.milestone)
        case MilestonesAtRisk():
            return plan
        case ForecastChanged():
            days = {one.key: one.forecast for one in event.expected}
            return changed(plan, milestones=tuple(_expected_on(one, days) for one in plan.milestones))


def _tracked(plan: StudyPlan | None, content: Content) -> tuple[Tracked, ...]:
    known = {one.key: one.baseline for one in plan.milestones} if plan is not None else {}
    return tuple(Tracked(key=one.key, planned=one.planned, baseline=known.get(one.key)) for one in content.milestones)


def _expected_on(one: Tracked, days: Mapping[Key, date]) -> Tracked:
    return one.model_copy(update={"forecast": days[one.key]}) if one.key in days else one
