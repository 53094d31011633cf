"""What `sites` publishes: studies, study sites and subjects."""

from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import Field

from contracts.events import PublicEvent, Sponsor

TOPIC = "studyline.sites"

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

SiteStatus = Literal[
    "identified",
    "selected",
    "not_selected",
    "start_up",
    "active",
    "on_hold",
    "closed_to_enrolment",
    "closed",
    "terminated",
    "withdrawn",
    "unknown",
]

StudyMilestoneKind = Literal[
    "first_submitted",
    "study_start",
    "first_subject_in",
    "last_subject_in",
    "last_subject_last_visit",
    "primary_completion",
    "study_completion",
    "database_lock",
    "results_posted",
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


class SiteEvent(PublicEvent):
    """What every event of a study site carries."""

    site_id: str
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class SiteIdentified(SiteEvent):
    """A place may take part in the study."""

    TYPE: ClassVar[str] = "studyline.sites.site.identified.v1"
    name: str | None
    city: str | None
    number: str | None = Field(description="The sponsor's site number within the study")


class SiteSelected(SiteEvent):
    """The site was chosen to take part."""

    TYPE: ClassVar[str] = "studyline.sites.site.selected.v1"


class SiteNotSelected(SiteEvent):
    """The site was evaluated and not chosen; its record stays (TMF Reference Model 05.01.05)."""

    TYPE: ClassVar[str] = "studyline.sites.site.not-selected.v1"


class SiteStartUpBegun(SiteEvent):
    """Start-up work at the site began."""

    TYPE: ClassVar[str] = "studyline.sites.site.start-up-begun.v1"


class SiteActivated(SiteEvent):
    """The site may enrol. `rested_on` names the events that allowed it; empty for migrated history."""

    TYPE: ClassVar[str] = "studyline.sites.site.activated.v1"
    rested_on: tuple[str, ...] = Field(description="Ids of the events the decision rested on")


class SiteEnrolmentPaused(SiteEvent):
    """Enrolment at the site is on hold."""

    TYPE: ClassVar[str] = "studyline.sites.site.enrolment-paused.v1"


class SiteEnrolmentResumed(SiteEvent):
    """Enrolment at the site goes on after a hold."""

    TYPE: ClassVar[str] = "studyline.sites.site.enrolment-resumed.v1"


class SiteClosed(SiteEvent):
    """The site has ended its part in the study in good order."""

    TYPE: ClassVar[str] = "studyline.sites.site.closed.v1"


class SiteTerminated(SiteEvent):
    """The site's part in the study was ended early."""

    TYPE: ClassVar[str] = "studyline.sites.site.terminated.v1"


class SiteStatusReported(SiteEvent):
    """A source of migrated history states the site's status, without the steps that led there."""

    TYPE: ClassVar[str] = "studyline.sites.site.status-reported.v1"
    status: SiteStatus


class SubjectEvent(SiteEvent):
    """What every event of a subject carries: a pseudonymous key, nothing that identifies a person."""

    subject_id: str
    subject_key: str = Field(description="Pseudonymous key of the subject within the study")


class SubjectConsented(SubjectEvent):
    """The subject gave informed consent."""

    TYPE: ClassVar[str] = "studyline.sites.subject.consented.v1"


class SubjectScreened(SubjectEvent):
    """Screening of the subject began."""

    TYPE: ClassVar[str] = "studyline.sites.subject.screened.v1"


class SubjectScreenFailed(SubjectEvent):
    """The subject does not qualify."""

    TYPE: ClassVar[str] = "studyline.sites.subject.screen-failed.v1"


class SubjectEnrolled(SubjectEvent):
    """The subject takes part."""

    TYPE: ClassVar[str] = "studyline.sites.subject.enrolled.v1"


class SubjectRandomised(SubjectEvent):
    """The subject was assigned to an arm; which one is not said, so that nothing unblinds."""

    TYPE: ClassVar[str] = "studyline.sites.subject.randomised.v1"


class SubjectCompleted(SubjectEvent):
    """The subject completed the study."""

    TYPE: ClassVar[str] = "studyline.sites.subject.completed.v1"


class SubjectWithdrawn(SubjectEvent):
    """The subject left the study before its end."""

    TYPE: ClassVar[str] = "studyline.sites.subject.withdrawn.v1"


EVENTS: tuple[type[PublicEvent], ...] = (
    StudyRegistered,
    StudyDetailsCorrected,
    StudyStatusChanged,
    StudyMilestonePlanned,
    StudyMilestoneReached,
    SiteIdentified,
    SiteSelected,
    SiteNotSelected,
    SiteStartUpBegun,
    SiteActivated,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteClosed,
    SiteTerminated,
    SiteStatusReported,
    SubjectConsented,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectEnrolled,
    SubjectRandomised,
    SubjectCompleted,
    SubjectWithdrawn,
)
