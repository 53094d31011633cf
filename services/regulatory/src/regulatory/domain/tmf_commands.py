"""What can be asked of a document in the trial master file.

`by` is the subject of who acts, by which four eyes are told apart; `locked_on` is a fact of the study's file: since
when it is locked, None where it is open. What an event asks by a rule is never refused: what happened, happened.
"""

from typing import Literal

from kernel import BusinessTime, Command, DateOnly, Signature

from regulatory.domain.document_state import StoredFile
from regulatory.domain.tmf_expectations import Does
from regulatory.domain.tmf_reference import Level
from regulatory.domain.tmf_version import About, Evidence, Finding, Origin

ImportedStage = Literal["filed", "superseded", "obsolete"]


class ExpectDocument(Command):
    """Expect the document; by a `rule` because of an event of `cause`, or by hand.

    With `evidence` it is filed too, with a file where the event speaks of one.
    `applies` is a fact of the study's file: it exists, and follows the rules by which the document is expected.
    """

    tmf_document_id: str
    study_id: str
    sponsor_id: str
    unique_id: int
    level: Level
    country: str | None = None
    site_id: str | None = None
    person_id: str | None = None
    organisation_id: str | None = None
    occurrence: str | None = None
    milestone: str | None = None
    due_on: DateOnly | None = None
    rule: str | None = None
    cause: str | None = None
    does: Does = "expect"
    evidence: Evidence | None = None
    evidence_file: StoredFile | None = None
    evidence_label: str | None = None
    applies: bool = True
    by: str
    locked_on: BusinessTime | None = None


class ReceiveVersion(Command):
    """Take a version in; somebody else checks it."""

    about: About
    file: StoredFile
    by: str
    locked_on: BusinessTime | None = None


class StartQc(Command):
    """Begin to check what was received."""

    by: str
    locked_on: BusinessTime | None = None


class ReturnVersion(Command):
    """Send the version back with what was found."""

    findings: tuple[Finding, ...]
    by: str
    locked_on: BusinessTime | None = None


class FileVersion(Command):
    """File the version: from now on it is the document."""

    by: str
    locked_on: BusinessTime | None = None


class WaiveDocument(Command):
    """Do without the document, for a reason, signed for by who decides so (21 CFR 11.50)."""

    grounds: str | None
    signature: Signature
    by: str
    locked_on: BusinessTime | None = None


class ReleaseDocument(Command):
    """Say that the document is not required any more, for a reason."""

    grounds: str | None
    by: str
    locked_on: BusinessTime | None = None


class ImportVersion(Command):
    """Take over a version with its history from another system; the document is expected where it is not yet."""

    expected: ExpectDocument
    about: About
    file: StoredFile
    attachments: tuple[StoredFile, ...] = ()
    origin: Origin
    stage: ImportedStage
    by: str


class NoteExpiry(Command):
    """Tell what the calendar says on this day: expiring, or expired."""

    on: str


TmfDocumentCommand = (
    ExpectDocument
    | ReceiveVersion
    | StartQc
    | ReturnVersion
    | FileVersion
    | WaiveDocument
    | ReleaseDocument
    | ImportVersion
    | NoteExpiry
)
