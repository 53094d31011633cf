"""Controlled documents: versions from draft to the last place they held. Titles, texts and names stay in the service.

What is in effect at a place on a date: of the `made-effective` and `effect-ended` events whose place contains it
(everywhere, its country, the site itself) and that began by then, the one that began last; `retired` ends all of it.
"""

from typing import ClassVar, Literal

from kernel import BusinessTime, Meaning, Sha256
from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent

DocumentKind = Literal[
    "protocol",
    "protocol_amendment",
    "synopsis",
    "investigators_brochure",
    "informed_consent_form",
    "subject_information_sheet",
    "case_report_form",
    "training_material",
    "study_report",
    "plan",
]
Level = Literal["primary", "secondary", "exploratory"]


class PlannedEndpoint(BaseModel):
    """An endpoint of the protocol, by the study's own codes."""

    model_config = ConfigDict(frozen=True)

    id: str
    level: Level
    objective_id: str
    procedure_ids: tuple[str, ...]


class PlannedVisit(BaseModel):
    """A visit of the protocol's schedule: its study day and window in days; unscheduled without a day."""

    model_config = ConfigDict(frozen=True)

    id: str
    timeline: str
    day: int | None
    days_before: int
    days_after: int
    procedure_ids: tuple[str, ...]


class DocumentEvent(PublicEvent):
    """What every event of a controlled document carries."""

    document_id: str
    kind: DocumentKind
    tmf_unique_id: str = Field(pattern=r"^\d{3}$", description="Unique id of the TMF Reference Model, as 032: Protocol")


class DocumentVersionEvent(DocumentEvent):
    """What every event of one version carries."""

    version: str = Field(description="Number of the version, as 2.0")


class DocumentPlaceEvent(DocumentEvent):
    """Where something is so: at a site, in a country, or (neither is set) everywhere."""

    country: str | None = Field(description="ISO 3166-1 alpha-2; set for a site as well")
    site_id: str | None


class DocumentCreated(DocumentPlaceEvent):
    """The document is there, for the study or a place in it; without a version yet."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.created.v1"
    language: str | None = Field(description="BCP 47")


class DocumentDrafted(DocumentVersionEvent):
    """A version was begun."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.drafted.v1"
    substantial: bool | None = Field(description="Whether it changes the one before substantially; null: not said")


class DocumentFileAttached(DocumentVersionEvent):
    """The draft has a file."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.file-attached.v1"
    sha256: Sha256
    size_bytes: int
    media_type: str


class DocumentChangeDescribed(DocumentVersionEvent):
    """It is said what the draft changes; the text stays in the service."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.change-described.v1"
    substantial: bool


class DocumentSynopsisSet(DocumentVersionEvent):
    """The draft of a protocol plans these endpoints and visits; the wording stays in the service."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.synopsis-set.v1"
    endpoints: tuple[PlannedEndpoint, ...]
    visits: tuple[PlannedVisit, ...]


class DocumentReviewRequested(DocumentVersionEvent):
    """A round of review began."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.review-requested.v1"
    round: int
    reviewers: int = Field(description="How many people review")


class DocumentCommented(DocumentVersionEvent):
    """A reviewer commented."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.commented.v1"
    comments_open: int


class DocumentCommentResolved(DocumentVersionEvent):
    """A comment was dealt with."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.comment-resolved.v1"
    comments_open: int


class DocumentReviewCompleted(DocumentVersionEvent):
    """A reviewer is done."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.review-completed.v1"
    reviewers_outstanding: int


class DocumentReturned(DocumentVersionEvent):
    """The version is a draft again."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.returned.v1"
    round: int


class DocumentApproved(DocumentVersionEvent):
    """The version is approved, by signature. `occurredtime` of the envelope is the date of approval."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.approved.v1"
    sha256: Sha256 = Field(description="What the signature binds: the file's, or that of file and synopsis together")
    substantial: bool | None
    signed: Literal[True]
    meaning: Meaning


class DocumentMadeEffective(DocumentPlaceEvent):
    """The version is in effect at the place; `occurredtime` of the envelope is its first day there."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.made-effective.v1"
    version: str


class DocumentSuperseded(DocumentPlaceEvent):
    """At this place, which the version held, another one takes its stead from `since` on."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.superseded.v1"
    version: str
    superseded_by: str
    since: BusinessTime


class DocumentEffectEnded(DocumentPlaceEvent):
    """At this place no version is in effect any more, from `occurredtime` of the envelope on."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.effect-ended.v1"


class DocumentVersionWithdrawn(DocumentVersionEvent):
    """The version was given up before it took effect."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.version-withdrawn.v1"


class DocumentRetired(DocumentEvent):
    """The document came to its end: nothing of it is in effect anywhere."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.retired.v1"


class DocumentReadersAssigned(DocumentVersionEvent):
    """People were asked to read the version."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.readers-assigned.v1"
    readers: int = Field(description="How many were asked now")
    due_on: BusinessTime | None


class DocumentReadAndUnderstood(DocumentVersionEvent):
    """A reader confirmed by signature."""

    TYPE: ClassVar[str] = "studyline.regulatory.document.read-and-understood.v1"
    reader_key: str = Field(description="derived_id('reader', subject): who knows the person can tell, nobody else")
    signed: Literal[True]
    meaning: Meaning
    readers_outstanding: int


EVENTS: tuple[type[PublicEvent], ...] = (
    DocumentCreated,
    DocumentDrafted,
    DocumentFileAttached,
    DocumentChangeDescribed,
    DocumentSynopsisSet,
    DocumentReviewRequested,
    DocumentCommented,
    DocumentCommentResolved,
    DocumentReviewCompleted,
    DocumentReturned,
    DocumentApproved,
    DocumentMadeEffective,
    DocumentSuperseded,
    DocumentEffectEnded,
    DocumentVersionWithdrawn,
    DocumentRetired,
    DocumentReadersAssigned,
    DocumentReadAndUnderstood,
)
