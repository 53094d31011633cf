"""Records of history that the services adopt as it was, and what they answer to each.

Identity is the source's: the same `key` from the same source is the same object, however often it is sent.
"""

from typing import Literal

from contracts.monitoring import DeviationCategory, Severity
from contracts.sites import SiteStatus, StudyMilestoneKind, StudyPhase, StudyStatus
from kernel import DateOnly
from pydantic import BaseModel, ConfigDict, Field

MAX_RECORDS = 500
"""Records in one request."""

SubjectStep = Literal["consented", "screened", "screen_failed", "enrolled", "randomised", "completed", "withdrawn"]
VisitOutcome = Literal["completed", "missed", "expected"]
Outcome = Literal["adopted", "changed", "unchanged", "rejected"]


class Record(BaseModel):
    """What every record has: its stable key in the source. Dates keep the precision the source gives them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(min_length=1, max_length=200)


class SponsorName(BaseModel):
    """A sponsor by name; the id follows from it (`contracts.sponsor_id`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)


class Milestone(BaseModel):
    """A study milestone; None means that the source does not say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: StudyMilestoneKind
    planned: DateOnly | None = None
    actual: DateOnly | None = None


class StudyRecord(Record):
    """A study as its source states it on `as_of`."""

    sponsor: SponsorName
    protocol_number: str
    registry_ids: tuple[str, ...] = ()
    title: str
    phase: StudyPhase | None
    status: StudyStatus
    countries: tuple[str, ...] = Field(default=(), description="ISO 3166-1 alpha-2")
    planned_enrolment: int | None = Field(default=None, ge=0, description="Subjects")
    milestones: tuple[Milestone, ...] = ()
    as_of: DateOnly | None = None


class SiteRecord(Record):
    """A study site; `key` is stable and distinct within the study."""

    study_id: str
    number: str | None = None
    name: str | None = None
    city: str | None = None
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    status: SiteStatus
    activated_on: DateOnly | None = None
    as_of: DateOnly | None = None


class Step(BaseModel):
    """One step of a subject's way through the study."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: SubjectStep
    on: DateOnly | None = None


class SubjectRecord(Record):
    """A subject; `key` is pseudonymous and unique within the study, the steps come in their order."""

    study_id: str
    site_id: str
    steps: tuple[Step, ...]


class SubjectVisitRecord(Record):
    """A subject's visit; `key` is unique within the study."""

    study_id: str
    site_id: str
    subject_key: str
    visit_name: str
    outcome: VisitOutcome
    on: DateOnly | None = None


class ProtocolDeviationRecord(Record):
    """A protocol deviation; site and subject are None where the source names none that is known."""

    study_id: str
    site_id: str | None
    subject_key: str | None
    category: DeviationCategory
    important: bool
    on: DateOnly | None = None


class AdverseEventRecord(Record):
    """An adverse event of a subject."""

    study_id: str
    site_id: str
    subject_key: str
    serious: bool
    severity: Severity | None
    on: DateOnly | None = None


class RecordProblem(BaseModel):
    """Why a record was rejected."""

    code: str
    detail: str
    field: str | None = None


class RecordResult(BaseModel):
    """What became of one record: `index` is its place in the request."""

    index: int
    key: str | None
    outcome: Outcome
    id: str | None = None
    problems: tuple[RecordProblem, ...] = ()


class Adoption(BaseModel):
    """The answer to a batch: one result a record, in their order."""

    results: tuple[RecordResult, ...]
