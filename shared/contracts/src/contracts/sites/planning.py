"""Study plans: targets, baselines, and milestones of countries and sites as they are planned, expected and reached.

A study's own milestones are told by `studies`; here they stand only where a plan speaks of them.
"""

from datetime import date
from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent

MilestoneLevel = Literal["study", "country", "site"]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PlannedCountry(_Told):
    """A country's targets."""

    country: str
    sites: int
    subjects: int


class PlannedEnrolment(_Told):
    """How many subjects a country is to have enrolled by the end of a month, all told."""

    country: str
    month: str
    cumulative: int


class MilestoneKey(_Told):
    """One milestone: its kind, and where; a study's milestone has no place."""

    level: MilestoneLevel
    kind: str
    country: str | None = None
    site_id: str | None = None


class PlannedDay(MilestoneKey):
    """A milestone and the day it is planned for."""

    planned: date


class ExpectedDay(PlannedDay):
    """A milestone, and the day it is to be expected on; after its planned day it is at risk."""

    forecast: date
    slack_days: int | None = Field(description="Days it may still slip; negative where it is late by what it waits for")


class PlanEvent(PublicEvent):
    """What every event of a plan carries: its version."""

    version: int


class PlanContentEvent(PlanEvent):
    """A plan's targets. Milestones are told when they become the baseline."""

    countries: tuple[PlannedCountry, ...]
    milestones: int = Field(description="How many milestones are planned")


class PlanDrafted(PlanContentEvent):
    """A study's plan was drafted, or its draft written anew."""

    TYPE: ClassVar[str] = "studyline.sites.plan.drafted.v1"


class PlanReplanned(PlanContentEvent):
    """A new version of an approved plan was begun; the earlier baseline holds until the next is approved."""

    TYPE: ClassVar[str] = "studyline.sites.plan.replanned.v1"


class PlanBaselineApproved(PlanEvent):
    """A plan became the baseline: its targets, its enrolment month by month, and the day of each milestone."""

    TYPE: ClassVar[str] = "studyline.sites.plan.baseline-approved.v1"
    countries: tuple[PlannedCountry, ...]
    enrolment: tuple[PlannedEnrolment, ...]
    milestones: tuple[PlannedDay, ...]


class MilestoneEvent(PublicEvent):
    """What is told of one milestone: which, and where."""

    level: MilestoneLevel
    kind: str
    country: str | None
    site_id: str | None


class MilestonePlanned(MilestoneEvent):
    """A milestone has another planned day; its baseline stays."""

    TYPE: ClassVar[str] = "studyline.sites.milestone.planned.v1"
    planned: date
    baseline: date | None
    at_risk: tuple[ExpectedDay, ...] = Field(description="Other milestones that come later than planned by this move")


class MilestoneForecast(PublicEvent):
    """These milestones are to be expected on another day than before; late ones are at risk."""

    TYPE: ClassVar[str] = "studyline.sites.milestone.forecast.v1"
    expected: tuple[ExpectedDay, ...]


class MilestoneAtRisk(PublicEvent):
    """These milestones were expected in time until now, and are late by something that was reached late."""

    TYPE: ClassVar[str] = "studyline.sites.milestone.at-risk.v1"
    at_risk: tuple[ExpectedDay, ...]


class MilestoneReached(MilestoneEvent):
    """A country or a site reached a milestone on that day; None takes a day back that was noted in error."""

    TYPE: ClassVar[str] = "studyline.sites.milestone.reached.v1"
    actual: BusinessTime | None


EVENTS: tuple[type[PublicEvent], ...] = (
    PlanDrafted,
    PlanReplanned,
    PlanBaselineApproved,
    MilestonePlanned,
    MilestoneForecast,
    MilestoneAtRisk,
    MilestoneReached,
)
