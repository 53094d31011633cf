"""What can have happened to a document in the trial master file. Private; `publishing/tmf.py` tells the world."""

from kernel import BusinessTime, DateOnly, Event, SignedEvent

from regulatory.domain.document_state import StoredFile
from regulatory.domain.tmf_commands import ImportedStage
from regulatory.domain.tmf_reference import Level
from regulatory.domain.tmf_version import About, Evidence, Finding, Origin


class TmfDocumentExpected(Event):
    """The study's file must hold the document."""

    tmf_document_id: str
    study_id: str
    sponsor_id: str
    unique_id: int
    level: Level
    country: str | None
    site_id: str | None
    person_id: str | None
    organisation_id: str | None
    occurrence: str | None
    milestone: str | None
    due_on: DateOnly | None
    rule: str | None
    cause: str | None


class TmfDocumentRequiredAgain(Event):
    """What was released or waived is expected again."""

    rule: str | None


class TmfDocumentDueSet(Event):
    """The document is due on a day, the first or another one."""

    due_on: DateOnly
    rule: str | None
    cause: str | None


class TmfDocumentChangedAfterLock(Event):
    """An event changed the document although the study's file was locked since that day."""

    locked_on: BusinessTime
    rule: str | None


class TmfDocumentReceived(Event):
    """A version was received."""

    number: int
    about: About
    file: StoredFile | None
    evidence: Evidence | None
    by: str


class TmfQcStarted(Event):
    """Somebody checks the version."""

    number: int
    by: str


class TmfDocumentReturned(Event):
    """The version went back with findings."""

    number: int
    findings: tuple[Finding, ...]
    by: str


class TmfDocumentFiled(Event):
    """The version is the document from now on."""

    number: int
    by: str


class TmfVersionSuperseded(Event):
    """A further version took the place of this one."""

    number: int


class TmfVersionImported(Event):
    """A version came from another system with its history."""

    number: int
    about: About
    file: StoredFile
    attachments: tuple[StoredFile, ...] = ()
    origin: Origin
    stage: ImportedStage
    by: str


class TmfDocumentWaived(SignedEvent):
    """The study does without the document."""

    grounds: str
    by: str


class TmfDocumentReleased(Event):
    """The document is not required any more: by a rule, or by somebody for a reason."""

    grounds: str | None
    rule: str | None
    by: str | None


class TmfDocumentExpiring(Event):
    """The version in force expires soon."""

    number: int
    expires_on: DateOnly


class TmfDocumentExpired(Event):
    """The version in force has expired, and nothing took its place."""

    number: int
    expires_on: DateOnly


TmfDocumentEvent = (
    TmfDocumentExpected
    | TmfDocumentRequiredAgain
    | TmfDocumentDueSet
    | TmfDocumentChangedAfterLock
    | TmfDocumentReceived
    | TmfQcStarted
    | TmfDocumentReturned
    | TmfDocumentFiled
    | TmfVersionSuperseded
    | TmfVersionImported
    | TmfDocumentWaived
    | TmfDocumentReleased
    | TmfDocumentExpiring
    | TmfDocumentExpired
)
