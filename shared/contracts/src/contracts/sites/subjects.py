"""Subjects, pseudonymous."""

from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import SiteEvent


class ConsentForm(BaseModel):
    """A version of an informed consent form, as `regulatory` keeps it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    document_id: str
    version: str


UsualReason = Literal[
    "adverse_event",
    "physician_decision",
    "pregnancy",
    "site_terminated_by_sponsor",
    "study_terminated_by_sponsor",
    "technical_problems",
    "withdrawal_by_parent_or_guardian",
    "withdrawal_by_subject",
    "other",
]
ScreenFailureReason = Literal[UsualReason, "eligibility_criteria_not_met", "enrolment_closed", "lost_to_follow_up"]
WithdrawalReason = Literal[
    UsualReason,
    "lack_of_efficacy",
    "non_compliance_with_study_drug",
    "progressive_disease",
    "protocol_deviation",
    "recovery",
]
REASON: Final = "Coded as in CDISC NCOMPLT (C66727) where that has a term; null where none was recorded"


class SubjectEvent(SiteEvent):
    """What every event of a subject carries: a pseudonymous key, nothing that identifies a person."""

    subject_id: str
    subject_key: str = Field(description="Pseudonymous key of the subject within the study")


class SubjectConsented(SubjectEvent):
    """The subject gave informed consent."""

    TYPE: ClassVar[str] = "studyline.sites.subject.consented.v1"
    form: ConsentForm | None = Field(default=None, description="To which form; null where none of the study is known")


class SubjectScreened(SubjectEvent):
    """Screening of the subject began."""

    TYPE: ClassVar[str] = "studyline.sites.subject.screened.v1"


class SubjectScreenFailed(SubjectEvent):
    """The subject does not qualify."""

    TYPE: ClassVar[str] = "studyline.sites.subject.screen-failed.v1"
    reason_code: ScreenFailureReason | None = Field(default=None, description=REASON)


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
    reason_code: WithdrawalReason | None = Field(default=None, description=REASON)


class SubjectTreatmentStarted(SubjectEvent):
    """The subject got its first treatment."""

    TYPE: ClassVar[str] = "studyline.sites.subject.treatment-started.v1"


class SubjectTreatmentEnded(SubjectEvent):
    """The subject got its last treatment."""

    TYPE: ClassVar[str] = "studyline.sites.subject.treatment-ended.v1"


class SubjectFollowUpBegun(SubjectEvent):
    """The subject is followed up after treatment."""

    TYPE: ClassVar[str] = "studyline.sites.subject.follow-up-begun.v1"


class SubjectLostToFollowUp(SubjectEvent):
    """The subject cannot be reached any more."""

    TYPE: ClassVar[str] = "studyline.sites.subject.lost-to-follow-up.v1"


class SubjectDied(SubjectEvent):
    """The subject died; what of is told by safety, not here."""

    TYPE: ClassVar[str] = "studyline.sites.subject.died.v1"


class SubjectReconsented(SubjectEvent):
    """The subject consented anew."""

    TYPE: ClassVar[str] = "studyline.sites.subject.re-consented.v1"
    form: ConsentForm


class SubjectReconsentRequired(SubjectEvent):
    """Another version of the subject's consent form is in effect: it must consent to it before going further."""

    TYPE: ClassVar[str] = "studyline.sites.subject.re-consent-required.v1"
    form: ConsentForm


class SubjectRescreened(SubjectEvent):
    """Another attempt began after a screening that failed, with a consent of its own; the first stays as it was."""

    TYPE: ClassVar[str] = "studyline.sites.subject.rescreened.v1"
    attempt: int = Field(description="2, 3 …")
    form: ConsentForm | None


class SubjectTransferred(SubjectEvent):
    """The subject left one site and goes on at another, the event's own; its key stays."""

    TYPE: ClassVar[str] = "studyline.sites.subject.transferred.v1"
    from_site_id: str
    from_country: str


class EnrolmentLimited(PublicEvent):
    """The study, a country or a site may enrol so many subjects, all told; None lifts the limit."""

    TYPE: ClassVar[str] = "studyline.sites.enrolment.limited.v1"
    country: str | None
    site_id: str | None
    subjects: int | None


EVENTS: tuple[type[PublicEvent], ...] = (
    SubjectConsented,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectEnrolled,
    SubjectRandomised,
    SubjectCompleted,
    SubjectWithdrawn,
    SubjectTreatmentStarted,
    SubjectTreatmentEnded,
    SubjectFollowUpBegun,
    SubjectLostToFollowUp,
    SubjectDied,
    SubjectReconsented,
    SubjectReconsentRequired,
    SubjectRescreened,
    SubjectTransferred,
    EnrolmentLimited,
)
