"""Subjects, pseudonymous."""

from typing import ClassVar

from pydantic import Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import SiteEvent


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
    SubjectConsented,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectEnrolled,
    SubjectRandomised,
    SubjectCompleted,
    SubjectWithdrawn,
)
