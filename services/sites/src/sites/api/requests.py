"""What clients send. Unknown fields are refused; texts are bounded."""

from typing import Annotated

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from sites.domain.study import Milestone, MilestoneKind, Phase, Status

Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00]*$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]


class Request(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SponsorName(Request):
    """A sponsor by its name; its id is derived from it."""

    name: Name


class StepRequest(Request):
    """A step that happened: when, and why where a reason is due."""

    occurred_at: BusinessTime
    reason: Text | None = None


class StudyParticulars(Request):
    """What a study is by its protocol."""

    protocol_number: Code
    registry_ids: tuple[Code, ...] = Field((), max_length=50)
    title: Text
    phase: Phase | None = None
    countries: tuple[CountryCode, ...] = Field((), max_length=250)
    planned_enrolment: int | None = Field(None, ge=0, le=10_000_000)


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


class ConsentRequest(StepRequest):
    """A subject's consent; the key is a pseudonym, unique in the study."""

    subject_key: Code
