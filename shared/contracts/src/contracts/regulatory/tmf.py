"""Trial master files: what a study must hold, what was received, checked, filed, and what is open."""

from typing import ClassVar, Literal

from kernel import BusinessTime, DateOnly
from pydantic import Field

from contracts.events import PublicEvent

TmfLevel = Literal["trial", "country", "site"]


class TmfDocumentEvent(PublicEvent):
    """What every event of an expected document carries; keyed on the unique id of the TMF Reference Model."""

    tmf_document_id: str
    unique_id: int = Field(description="Unique id of the artifact, the same in every edition of the model")
    artifact_number: str = Field(pattern=r"^\d{2}\.\d{2}\.\d{2}$", description="Number in the edition of the document")
    level: TmfLevel
    country: str | None = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    site_id: str | None
    milestone: str | None = Field(description="Milestone of the TMF Reference Model by which it belongs there")
    due_on: DateOnly | None = Field(description="From this day on it counts as due; None: not yet known")


class TmfDocumentExpected(TmfDocumentEvent):
    """The study's file must hold this document."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.expected.v1"
    rule: str | None = Field(description="Row and version that expects it; None: expected by hand")


class TmfDocumentRequiredAgain(TmfDocumentEvent):
    """What was waived or not required is expected again."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.required-again.v1"


class TmfDocumentDueSet(TmfDocumentEvent):
    """The day on which the document is due is known, or is another one."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.due-set.v1"


class TmfDocumentChangedAfterLock(TmfDocumentEvent):
    """An event changed the document although the study's file was locked. Unlock it, mend, lock it again."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.changed-after-lock.v1"
    locked_on: BusinessTime = Field(description="Since when the file was locked")
    rule: str | None = Field(description="Row and version by which the event changed it")


class TmfDocumentReceived(TmfDocumentEvent):
    """A version was received and waits to be checked."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.received.v1"
    version: int
    evidence_event_id: str | None = Field(description="The event that is itself the document")
    filing_days: int | None = Field(description="Calendar days from final to received")


class TmfDocumentQcStarted(TmfDocumentEvent):
    """Somebody else than the sender checks the version."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.qc-started.v1"
    version: int


class TmfDocumentReturned(TmfDocumentEvent):
    """Quality control sent the version back."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.returned.v1"
    version: int
    findings: tuple[str, ...] = Field(description="Codes of what was found")


class TmfDocumentFiled(TmfDocumentEvent):
    """The version is the document from now on."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.filed.v1"
    version: int
    evidence_event_id: str | None = Field(description="The event that is itself the document")
    expires_on: DateOnly | None = Field(description="The last day on which it holds")
    review_days: int | None = Field(description="Calendar days from received to filed")


class TmfDocumentSuperseded(TmfDocumentEvent):
    """This version is no longer in force: a further one took its place."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.superseded.v1"
    version: int


class TmfDocumentWaived(TmfDocumentEvent):
    """The study does without the document; the reason stays in the journal."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.waived.v1"


class TmfDocumentNotRequired(TmfDocumentEvent):
    """The document is not required any more."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.not-required.v1"
    rule: str | None = Field(description="Row and version that says so; None: somebody did")


class TmfDocumentExpiring(TmfDocumentEvent):
    """The version in force expires within 60 days."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.expiring.v1"
    version: int
    expires_on: DateOnly


class TmfDocumentExpired(TmfDocumentEvent):
    """The version in force has expired."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf-document.expired.v1"
    version: int
    expires_on: DateOnly


class TmfEvent(PublicEvent):
    """What every event of a study's trial master file carries."""

    tmf_id: str


class TmfOpened(TmfEvent):
    """The study's file began, under a version of the expectation rules."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.opened.v1"
    rules_version: int


class TmfRulesAdopted(TmfEvent):
    """The study moved on to another version of the expectation rules."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.rules-adopted.v1"
    rules_version: int


class TmfLocked(TmfEvent):
    """Nothing that was due is open: the file is closed."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.locked.v1"


class TmfUnlocked(TmfEvent):
    """The file is open again; the reason stays in the journal."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.unlocked.v1"


class TmfExported(TmfEvent):
    """The file's content was handed out in an eTMF-EMS transfer."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.exported.v1"
    objects: int = Field(description="Versions of documents in the package")


class TmfImportBegun(TmfEvent):
    """An eTMF-EMS transfer from another system is being taken over."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.import-begun.v1"
    objects: int = Field(description="Versions of documents in the package")


class TmfImportCompleted(TmfEvent):
    """Every object of the transfer is here."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.import-completed.v1"


class TmfMilestoneCompleted(TmfEvent):
    """Every document that is expected by a milestone is filed, or the study does without it."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.milestone-completed.v1"
    milestone: str = Field(pattern=r"^\d{2}$", description="Milestone of the TMF Reference Model")
    documents: int = Field(description="How many documents the study needs by it", ge=1)


class TmfMilestoneReopened(TmfEvent):
    """A milestone that was complete is so no longer: a document more is expected, or one is not in force any more."""

    TYPE: ClassVar[str] = "studyline.regulatory.tmf.milestone-reopened.v1"
    milestone: str = Field(pattern=r"^\d{2}$", description="Milestone of the TMF Reference Model")
    open_documents: int = Field(description="How many documents are open", ge=0)


EVENTS: tuple[type[PublicEvent], ...] = (
    TmfOpened,
    TmfRulesAdopted,
    TmfLocked,
    TmfUnlocked,
    TmfExported,
    TmfImportBegun,
    TmfImportCompleted,
    TmfMilestoneCompleted,
    TmfMilestoneReopened,
    TmfDocumentExpected,
    TmfDocumentRequiredAgain,
    TmfDocumentDueSet,
    TmfDocumentChangedAfterLock,
    TmfDocumentReceived,
    TmfDocumentQcStarted,
    TmfDocumentReturned,
    TmfDocumentFiled,
    TmfDocumentSuperseded,
    TmfDocumentWaived,
    TmfDocumentNotRequired,
    TmfDocumentExpiring,
    TmfDocumentExpired,
)
