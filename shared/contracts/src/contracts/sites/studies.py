"""Studies: what they are, where they stand, and their milestones."""

from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import Field

from contracts.events import PublicEvent, Sponsor

StudyStatus = Literal[
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
"""Overall recruitment status, the vocabulary of ClinicalTrials.gov's API v2 in lower case."""


StudyPhase = Literal[
    "early_phase_1", "phase_1", "phase_1_2", "phase_2", "phase_2_3", "phase_3", "phase_4", "not_applicable"
]


StudyMilestoneKind = Literal[
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


class StudyRegistered(PublicEvent):
    """A study is known to the platform, under one sponsor."""

    TYPE: ClassVar[str] = "studyline.sites.study.registered.v1"
    sponsor: Sponsor
    protocol_number: str
    registry_ids: tuple[str, ...]
    title: str
    phase: StudyPhase | None
    status: StudyStatus
    countries: tuple[str, ...] = Field(description="ISO 3166-1 alpha-2")
    planned_enrolment: int | None = Field(description="Subjects", ge=0)


class StudyDetailsCorrected(PublicEvent):
    """The study's particulars as they are after a correction; all of them, not only those that changed."""

    TYPE: ClassVar[str] = "studyline.sites.study.details-corrected.v1"
    protocol_number: str
    registry_ids: tuple[str, ...]
    title: str
    phase: StudyPhase | None
    countries: tuple[str, ...]
    planned_enrolment: int | None = Field(ge=0)


class StudyStatusChanged(PublicEvent):
    """The overall recruitment status changed."""

    TYPE: ClassVar[str] = "studyline.sites.study.status-changed.v1"
    status: StudyStatus


class StudyMilestonePlanned(PublicEvent):
    """A study milestone has a planned date, the first or a new one; None takes the plan back."""

    TYPE: ClassVar[str] = "studyline.sites.study.milestone-planned.v1"
    milestone: StudyMilestoneKind
    planned: BusinessTime | None


class StudyMilestoneReached(PublicEvent):
    """A study milestone was reached on its actual date; None voids an actual date recorded in error."""

    TYPE: ClassVar[str] = "studyline.sites.study.milestone-reached.v1"
    milestone: StudyMilestoneKind
    actual: BusinessTime | None


EVENTS: tuple[type[PublicEvent], ...] = (
    StudyRegistered,
    StudyDetailsCorrected,
    StudyStatusChanged,
    StudyMilestonePlanned,
    StudyMilestoneReached,
)
