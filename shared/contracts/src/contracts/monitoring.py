"""What `monitoring` publishes: monitoring visits and their reports, subject visits, deviations and adverse events."""

from typing import ClassVar, Literal

from kernel import BusinessTime, Meaning, Sha256
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


class VisitReportEvent(SiteEvent):
    """What every event of a visit's report carries; what the report says stays in the service."""

    visit_id: str
    visit_type: VisitType
    version: str = Field(description="Number of the version, from 1 on")


class VisitReportDrafted(VisitReportEvent):
    """The report was begun."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.drafted.v1"


class VisitReportRevised(VisitReportEvent):
    """The draft says something else."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.revised.v1"


class VisitReportSubmitted(VisitReportEvent):
    """It is complete and with its reviewer."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.submitted.v1"
    issues: int = Field(description="How many topics have an issue")


class VisitReportReturned(VisitReportEvent):
    """Reviewer or approver sent it back: it is a draft again."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.returned.v1"


class VisitReportReviewed(VisitReportEvent):
    """It is with its approver."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.reviewed.v1"


class VisitReportApproved(VisitReportEvent):
    """The version is final, by signature; one that was approved before is superseded."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.approved.v1"
    sha256: Sha256 = Field(description="Of what the report says: the signature binds it")
    signed: Literal[True]
    meaning: Meaning


class VisitReportReopened(VisitReportEvent):
    """Another version was begun; the approved one stays in force until this one is approved."""

    TYPE: ClassVar[str] = "studyline.monitoring.visit-report.reopened.v1"


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
    VisitReportDrafted,
    VisitReportRevised,
    VisitReportSubmitted,
    VisitReportReturned,
    VisitReportReviewed,
    VisitReportApproved,
    VisitReportReopened,
    SubjectVisitExpected,
    SubjectVisitCompleted,
    SubjectVisitMissed,
    ProtocolDeviationRecorded,
    AdverseEventRecorded,
)
