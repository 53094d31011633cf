"""TMF document: one document that a study's trial master file must hold, from its expectation to its filed versions.

An event, or the study itself, expects it for the trial, a country or a site; what is received for it is checked by
somebody else before it is filed (ICH E6(R3) appendix C; four eyes), or is returned with findings. An event that is
itself signed evidence files it at once. Whether it is missing, current or expired is derived (`tmf_status.py`).
"""

from typing import Final

from kernel import BusinessTime, SignedContent, content_sha256

from regulatory.domain import tmf_guards as guards
from regulatory.domain.tmf_commands import (
    ExpectDocument,
    FileVersion,
    ImportVersion,
    NoteExpiry,
    ReceiveVersion,
    ReleaseDocument,
    ReturnVersion,
    StartQc,
    TmfDocumentCommand,
    WaiveDocument,
)
from regulatory.domain.tmf_document_state import TmfDocument, day_after, evolve, existing
from regulatory.domain.tmf_events import (
    TmfDocumentChangedAfterLock,
    TmfDocumentDueSet,
    TmfDocumentEvent,
    TmfDocumentExpected,
    TmfDocumentExpired,
    TmfDocumentExpiring,
    TmfDocumentFiled,
    TmfDocumentReceived,
    TmfDocumentReleased,
    TmfDocumentRequiredAgain,
    TmfDocumentReturned,
    TmfDocumentWaived,
    TmfQcStarted,
    TmfVersionImported,
    TmfVersionSuperseded,
)
from regulatory.domain.tmf_status import day_of
from regulatory.domain.tmf_version import IN_REVIEW, About

NOT_TOLD: Final = {"does", "evidence", "evidence_file", "evidence_label", "applies", "by", "locked_on"}
"""What of an expectation is no part of its event."""


def decide(document: TmfDocument | None, command: TmfDocumentCommand) -> list[TmfDocumentEvent]:
    """What follows from the command; Refused where a rule forbids it, with every reason."""
    match command:
        case ExpectDocument():
            return expect(document, command)
        case ReceiveVersion():
            return receive(existing(document), command)
        case StartQc():
            return start_qc(existing(document), command)
        case ReturnVersion():
            return return_version(existing(document), command)
        case FileVersion():
            return file_version(existing(document), command)
        case WaiveDocument():
            return waive(existing(document), command)
        case ReleaseDocument():
            return release(existing(document), command)
        case ImportVersion():
            return import_version(document, command)
        case NoteExpiry():
            return note_expiry(existing(document), command)


def expect(document: TmfDocument | None, command: ExpectDocument) -> list[TmfDocumentEvent]:
    """Expect it once; what comes again sets its due date, files it, releases it, or changes nothing.

    What happened, happened, also while the file is locked: then it is told that the locked file has changed.
    """
    if not command.applies:
        return []
    guards.check(guards.expectable(command))
    events = _expected(document, command)
    if not events or command.locked_on is None:
        return events
    told = {"occurred_at": command.occurred_at, "locked_on": command.locked_on, "rule": command.rule}
    return [*events, TmfDocumentChangedAfterLock.model_validate(told)]


def _expected(document: TmfDocument | None, command: ExpectDocument) -> list[TmfDocumentEvent]:
    if command.does == "release":
        return _release_by_rule(document, command)
    if document is None:
        expected = TmfDocumentExpected.model_validate(command.model_dump(exclude=NOT_TOLD))
        return [expected, *_by_evidence(evolve(None, expected), command)]
    return [*_required_again(document, command), *_due(document, command), *_by_evidence(document, command)]


def receive(document: TmfDocument, command: ReceiveVersion) -> list[TmfDocumentEvent]:
    """Take a version in; refused while another is in review, and for what must not leave the site."""
    latest = document.latest
    if (
        latest is not None
        and latest.stage == "received"
        and (latest.about, latest.file) == (command.about, command.file)
    ):
        return []
    guards.check(guards.receivable(document, command))
    facts = {"occurred_at": command.occurred_at, "about": command.about, "file": command.file, "by": command.by}
    return [TmfDocumentReceived.model_validate({**facts, "number": _next(document), "evidence": None})]


def start_qc(document: TmfDocument, command: StartQc) -> list[TmfDocumentEvent]:
    """Begin the check; by somebody else than who sent it (four eyes)."""
    latest = document.latest
    if latest is not None and (latest.stage, latest.checked_by) == ("in_qc", command.by):
        return []
    guards.check(guards.checkable(document, command, {"received"}))
    return [TmfQcStarted(occurred_at=command.occurred_at, number=len(document.versions), by=command.by)]


def return_version(document: TmfDocument, command: ReturnVersion) -> list[TmfDocumentEvent]:
    """Send it back; with at least one finding of a known code."""
    latest = document.latest
    if latest is not None and (latest.stage, latest.findings) == ("returned", command.findings):
        return []
    guards.check([*guards.checkable(document, command, {"in_qc"}), *guards.found(command)])
    return [TmfDocumentReturned.model_validate({**_told(command), "number": len(document.versions)})]


def file_version(document: TmfDocument, command: FileVersion) -> list[TmfDocumentEvent]:
    """File it; the one that was in force until now is superseded."""
    latest = document.latest
    if latest is not None and latest.stage == "filed":
        return []
    guards.check([*guards.checkable(document, command, {"in_qc"}), *guards.complete(latest)])
    return _filed(document, command.occurred_at, len(document.versions), command.by)


def waive(document: TmfDocument, command: WaiveDocument) -> list[TmfDocumentEvent]:
    """Do without it; refused where a version is there, without a reason, or signed for something else."""
    waiver = waiver_of(document.tmf_document_id, command.grounds or "")
    if document.waiver is not None and document.waiver.grounds == command.grounds:
        return []
    guards.check([*guards.exemptible(document, command), *guards.signed(command, waiver)])
    facts = {"occurred_at": command.occurred_at, "grounds": command.grounds, "by": command.by}
    return [TmfDocumentWaived.model_validate({**facts, "signature": command.signature})]


def waiver_of(tmf_document_id: str, grounds: str) -> SignedContent:
    """What a waiver's signature is bound to: the document that is done without, and why."""
    sha256 = content_sha256({"tmf_document_id": tmf_document_id, "grounds": grounds})
    return SignedContent(kind="tmf-document-waiver", id=tmf_document_id, version="1", sha256=sha256)


def release(document: TmfDocument, command: ReleaseDocument) -> list[TmfDocumentEvent]:
    """Not required any more; refused where a version is there, and without a reason."""
    if document.release is not None and document.release.grounds == command.grounds:
        return []
    guards.check(guards.exemptible(document, command))
    facts = {"occurred_at": command.occurred_at, "grounds": command.grounds, "by": command.by}
    return [TmfDocumentReleased.model_validate({**facts, "rule": None})]


def import_version(document: TmfDocument | None, command: ImportVersion) -> list[TmfDocumentEvent]:
    """Take it over once. Of two that claim to be in force the later dated one is; nothing is ever overwritten."""
    if document is not None and document.has_origin(command.origin):
        return []
    before: list[TmfDocumentEvent] = [] if document is not None else expect(None, command.expected)
    there = document if document is not None else evolve(None, before[0])
    facts = _told(command)
    if command.stage != "filed" or there.in_force is None:
        return [*before, TmfVersionImported.model_validate({**facts, "number": _next(there)})]
    if day_of(command.about.document_date) < day_of(there.in_force.about.document_date):
        return [TmfVersionImported.model_validate({**facts, "number": _next(there), "stage": "superseded"})]
    over = TmfVersionSuperseded(occurred_at=command.occurred_at, number=there.in_force.number)
    return [over, TmfVersionImported.model_validate({**facts, "number": _next(there)})]


def note_expiry(document: TmfDocument, command: NoteExpiry) -> list[TmfDocumentEvent]:
    """Tell each once for a version; where both days passed unseen, only that it has expired."""
    due, version = document.notice_on, document.in_force
    if due is None or version is None or due > command.on:
        return []
    ends = str(document.standing.expires_on)
    facts = {"occurred_at": due, "number": version.number, "expires_on": ends}
    if command.on > ends:
        return [TmfDocumentExpired.model_validate({**facts, "occurred_at": day_after(ends)})]
    return [TmfDocumentExpiring.model_validate(facts)]


def _release_by_rule(document: TmfDocument | None, command: ExpectDocument) -> list[TmfDocumentEvent]:
    """Only what a rule expected and nobody has sent anything for falls away by a rule."""
    if document is None or document.rule is None or document.versions or document.standing.stage != "awaited":
        return []
    facts = {"occurred_at": command.occurred_at, "grounds": None, "rule": command.rule, "by": None}
    return [TmfDocumentReleased.model_validate(facts)]


def _required_again(document: TmfDocument, command: ExpectDocument) -> list[TmfDocumentEvent]:
    """A rule takes back what a rule released; somebody by hand takes back a waiver too."""
    exempt = document.release or document.waiver
    by_hand = command.rule is None
    if exempt is None or not (by_hand or exempt.rule is not None):
        return []
    return [TmfDocumentRequiredAgain(occurred_at=command.occurred_at, rule=command.rule)]


def _due(document: TmfDocument, command: ExpectDocument) -> list[TmfDocumentEvent]:
    """The earliest day counts; a correction by the same cause, and a day set by hand, stand over it."""
    day = command.due_on
    if day is None or day == document.due_on:
        return []
    corrected = command.rule is None or (command.rule, command.cause) == (document.due_rule, document.due_cause)
    if document.due_on is None or corrected or day < document.due_on:
        facts = {"occurred_at": command.occurred_at, "due_on": day, "rule": command.rule, "cause": command.cause}
        return [TmfDocumentDueSet.model_validate(facts)]
    return []


def _by_evidence(document: TmfDocument, command: ExpectDocument) -> list[TmfDocumentEvent]:
    """The event files the document, unless somebody's own version holds or is on its way."""
    evidence, latest, in_force = command.evidence, document.latest, document.in_force
    if evidence is None or any(one.evidence == evidence for one in document.versions):
        return []
    if latest is not None and latest.stage in IN_REVIEW:
        return []
    day = day_of(command.occurred_at)
    if in_force is not None and in_force.evidence is None and (document.standing.expires_on or "9999") >= day:
        return []
    label = command.evidence_label or f"{_next(document)}.0"
    about = About(label=label, document_date=day or None, finalised_on=day or None)
    facts = {"occurred_at": command.occurred_at, "number": _next(document), "about": about, "by": command.by}
    received = TmfDocumentReceived.model_validate({**facts, "file": command.evidence_file, "evidence": evidence})
    return [received, *_filed(document, command.occurred_at, _next(document), command.by)]


def _filed(document: TmfDocument, at: BusinessTime | None, number: int, by: str) -> list[TmfDocumentEvent]:
    filed = TmfDocumentFiled(occurred_at=at, number=number, by=by)
    before = document.in_force
    return [filed] if before is None else [TmfVersionSuperseded(occurred_at=at, number=before.number), filed]


def _told(command: TmfDocumentCommand) -> dict[str, object]:
    return command.model_dump(exclude={"locked_on", "expected"})


def _next(document: TmfDocument) -> int:
    return len(document.versions) + 1
