"""What `monitoring` publishes: monitoring visits, subject visits, deviations and adverse events."""

from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import Field

from contracts.events import PublicEvent

TOPIC = "studyline.monitoring"

VisitType = Literal["PSV", "SIV", "IMV", "COV"]
"""Pre-study, initiation, interim monitoring and close-out visit."""

Severity = Literal["mild", "moderate", "severe", "life_threatening", "fatal"]

DeviationCategory = Literal[
    "informed_consent",
    "eligibility",
    "investigational_product",
    "treatment_compliance",
    "prohibited_medication",
    "visit_schedule",
    "study_procedures",
    "safety",
    "other",
]


class SiteEvent(PublicEvent):
    """What every event at a study site carries."""

    site_id: str
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class MonitoringVisitEvent(SiteEvent):
    """What every event of a monitoring visit carries."""

    visit_id: str
    visit_type: VisitType


class MonitoringVisitPlanned(MonitoringVisitEvent):
    """A monitoring visit is foreseen."""

    TYPE: ClassVar[str] = "studyline.monitoring.monitoring-visit.planned.v1"
    planned_on: BusinessTime


class MonitoringVisitScheduled(MonitoringVisitEvent):
    """A date is agreed with the site, the first or a new one."""

    TYPE: ClassVar[str] = "studyline.monitoring.monitoring-visit.scheduled.v1"
    scheduled_on: BusinessTime


class MonitoringVisitCompleted(MonitoringVisitEvent):
    """The visit took place."""

    TYPE: ClassVar[str] = "studyline.monitoring.monitoring-visit.completed.v1"


class MonitoringVisitCancelled(MonitoringVisitEvent):
    """The visit will not take place."""

    TYPE: ClassVar[str] = "studyline.monitoring.monitoring-visit.cancelled.v1"


class SubjectVisitEvent(SiteEvent):
    """What every event of a subject's visit carries."""

    subject_visit_id: str
    subject_key: str
    visit_name: str = Field(description="Visit of the protocol's schedule, such as Week 12")


class SubjectVisitExpected(SubjectVisitEvent):
    """The schedule expects the subject."""

    TYPE: ClassVar[str] = "studyline.monitoring.subject-visit.expected.v1"
    expected_on: BusinessTime | None


class SubjectVisitCompleted(SubjectVisitEvent):
    """The subject was seen."""

    TYPE: ClassVar[str] = "studyline.monitoring.subject-visit.completed.v1"


class SubjectVisitMissed(SubjectVisitEvent):
    """The subject was not seen."""

    TYPE: ClassVar[str] = "studyline.monitoring.subject-visit.missed.v1"


class ProtocolDeviationRecorded(PublicEvent):
    """A departure from the protocol. Important: may affect a subject's rights or safety or the data (ICH E3)."""

    TYPE: ClassVar[str] = "studyline.monitoring.protocol-deviation.recorded.v1"
    deviation_id: str
    site_id: str | None
    country: str | None = Field(pattern=r"^[A-Z]{2}$")
    subject_key: str | None
    category: DeviationCategory
    important: bool


class AdverseEventRecorded(SiteEvent):
    """An untoward medical occurrence in a subject. Serious as ICH E2A defines it."""

    TYPE: ClassVar[str] = "studyline.monitoring.adverse-event.recorded.v1"
    adverse_event_id: str
    subject_key: str
    serious: bool
    severity: Severity | None


EVENTS: tuple[type[PublicEvent], ...] = (
    MonitoringVisitPlanned,
    MonitoringVisitScheduled,
    MonitoringVisitCompleted,
    MonitoringVisitCancelled,
    SubjectVisitExpected,
    SubjectVisitCompleted,
    SubjectVisitMissed,
    ProtocolDeviationRecorded,
    AdverseEventRecorded,
)
