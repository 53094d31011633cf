"""A version of a document in the trial master file: what was received, who checked it, and what was found."""

from typing import Final, Literal

from kernel import BusinessTime, DateOnly
from pydantic import BaseModel, ConfigDict, Field

from regulatory.domain.document_state import StoredFile

VersionStage = Literal["received", "in_qc", "returned", "filed", "superseded", "obsolete"]

IN_REVIEW: Final[frozenset[VersionStage]] = frozenset({"received", "in_qc"})


class Fact(BaseModel):
    """A frozen value inside an aggregate."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(Fact):
    """An event that is itself the evidence: signed or decided where it happened, and kept there for ever."""

    event_id: str
    event_type: str


class Finding(Fact):
    """What quality control found: a code of `tmf_finding_codes.csv`, and a note where it says more."""

    code: str
    note: str | None = None


class AuditRecord(Fact):
    """One line of the audit trail that came with a document from another system (eTMF-EMS AUDITRECORD)."""

    audit_id: str
    at: str
    user: str
    kind: Literal["New", "Change", "Delete", "Other"]
    event: str


class CarriedSignature(Fact):
    """A signature that came with a document from another system (eTMF-EMS SIGNATURE)."""

    methodology: Literal["Electronic", "Digital"]
    user: str
    name: str
    at: str
    reason: str


class CarriedFile(Fact):
    """What came with one file of a version from another system."""

    description: str | None = None
    signatures: tuple[CarriedSignature, ...] = ()
    audit: tuple[AuditRecord, ...] = ()


class Carried(Fact):
    """What another system said of a version that has no place of its own here; it goes out again as it came."""

    person_names: tuple[str, ...] = ()
    organization: str | None = None
    sub_artifact: str | None = None
    translation: Literal["Yes", "No"] | None = None
    restricted: Literal["Yes", "No"] | None = None
    retention_date: str | None = None
    date_description: str | None = None
    metadata: tuple[tuple[str, str], ...] = ()
    files: tuple[CarriedFile, ...] = ()


class Origin(Fact):
    """Where a migrated version comes from, and what that system said of it."""

    source: str
    transfer_id: str
    object_id: str
    carried: Carried = Carried()


class About(Fact):
    """What a version is, in the words of whoever sent it."""

    label: str = Field(min_length=1, max_length=50, description="Version as the document says, such as 2.0")
    title: str | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2}$", description="ISO 639-1")
    document_date: DateOnly | None = None
    finalised_on: DateOnly | None = Field(
        default=None, description="When the document was final, before it was sent here"
    )
    expires_on: DateOnly | None = Field(default=None, description="Its own expiry: the last day on which it holds")
    copy_of_original: bool = False


class TmfVersion(Fact):
    """One version and what became of it. Days are calendar days."""

    number: int = Field(ge=1)
    about: About
    file: StoredFile | None = None
    attachments: tuple[StoredFile, ...] = Field(default=(), description="Further files of the same version")
    evidence: Evidence | None = None
    origin: Origin | None = None
    received_on: BusinessTime | None
    received_by: str
    stage: VersionStage = "received"
    checked_by: str | None = None
    findings: tuple[Finding, ...] = ()
    decided_on: BusinessTime | None = Field(default=None, description="When it was filed or returned")
    filing_days: int | None = Field(default=None, description="From final to received")
    review_days: int | None = Field(default=None, description="From received to filed or returned")
