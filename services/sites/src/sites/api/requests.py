"""What clients send."""

from chassis.http.fields import Code, CountryCode, Name, Request, StepRequest, Text
from kernel import BusinessTime
from pydantic import Field

from sites.domain.study import Milestone, MilestoneKind, Phase, Status


class SponsorName(Request):
    """A sponsor by its name; its id is derived from it."""

    name: Name


class StudyParticulars(Request):
    """What a study is by its protocol."""

    protocol_number: Code
    registry_ids: tuple[Code, ...] = Field((), max_length=50)
    title: Text
    phase: Phase | None = None
    countries: tuple[CountryCode, ...] = Field((), max_length=250)
    planned_enrolment: int | None = Field(None, ge=0, le=2**31 - 1)


class RegisterStudyRequest(StudyParticulars):
    """A study to begin on the platform."""

    sponsor: SponsorName
    milestones: tuple[Milestone, ...] = Field((), max_length=50)
    occurred_at: BusinessTime


class StudyStatusRequest(StepRequest):
    """The status the study has now."""

    status: Status


class MilestoneRequest(StepRequest):
    """The dates a milestone has now."""

    kind: MilestoneKind
    planned: BusinessTime | None = None
    actual: BusinessTime | None = None


class IdentifySiteRequest(StepRequest):
    """A place that may take part."""

    name: Name | None = None
    city: Name | None = None
    country: CountryCode
    number: Code | None = None
