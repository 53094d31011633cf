"""Commands on one document of a trial master file, as tests of several places give them."""

from functools import reduce
from typing import Any

from kernel import Signature
from regulatory.domain.tmf_commands import (
    ExpectDocument,
    FileVersion,
    ImportVersion,
    ReceiveVersion,
    ReleaseDocument,
    ReturnVersion,
    StartQc,
    TmfDocumentCommand,
    WaiveDocument,
)
from regulatory.domain.tmf_document import decide, waiver_of
from regulatory.domain.tmf_document_state import TmfDocument, evolve

CV = 87
AT: dict[str, Any] = {"occurred_at": "2026-03-01"}
PLACE: dict[str, Any] = {"level": "site", "country": "DE", "site_id": "site-7"}
FACTS: dict[str, Any] = {"tmf_document_id": "doc-1", "study_id": "s1", "sponsor_id": "acme-1", "unique_id": CV, **PLACE}
RULE: dict[str, Any] = {"rule": "start-up-cv@1", "cause": "study-site/site-7", "by": "service:regulatory"}
FILE = {"file_id": "f1", "sha256": "a" * 64, "filename": "cv.pdf", "media_type": "application/pdf", "size_bytes": 9}
ABOUT = {"label": "1.0", "document_date": "2026-02-20", "finalised_on": "2026-02-25"}
EVIDENCE = {"event_id": "e1", "event_type": "studyline.regulatory.submission.approved.v1"}


def expectation(**more: Any) -> ExpectDocument:
    return ExpectDocument.model_validate({**AT, **FACTS, **RULE, "due_on": "2026-04-01", **more})


def receipt(*, by: str = "author", about: dict[str, Any] | None = None, sha: str = "a", **more: Any) -> ReceiveVersion:
    file = {**FILE, "sha256": sha * 64}
    return ReceiveVersion.model_validate({**AT, "about": about or ABOUT, "file": file, "by": by, **more})


def check(**more: Any) -> StartQc:
    return StartQc.model_validate({**AT, "by": "checker", **more})


def filing(**more: Any) -> FileVersion:
    return FileVersion.model_validate({**AT, "by": "checker", **more})


def returning(*codes: str, **more: Any) -> ReturnVersion:
    findings = [{"code": code} for code in codes]
    return ReturnVersion.model_validate({**AT, "by": "checker", "findings": findings, **more})


def waiver(grounds: str | None = "No sub-investigator.", signed_for: str | None = None) -> WaiveDocument:
    signature = Signature.model_validate(
        {
            "signer_id": "head",
            "printed_name": "H. Ead",
            "signed_at": "2026-03-01T10:00:00Z",
            "authenticated_at": "2026-03-01T09:59:00Z",
            "meaning": "authorisation",
            "binds": waiver_of("doc-1", signed_for or grounds or ""),
        }
    )
    return WaiveDocument.model_validate({**AT, "grounds": grounds, "by": "head", "signature": signature})


def release(grounds: str | None = "The arm was dropped.") -> ReleaseDocument:
    return ReleaseDocument.model_validate({**AT, "grounds": grounds, "by": "head"})


def imported(stage: str = "filed", *, object_id: str = "o1", date: str = "2020-01-01") -> ImportVersion:
    origin = {"source": "old-etmf", "transfer_id": "t1", "object_id": object_id}
    about = {"label": object_id, "document_date": date}
    facts = {**AT, "expected": expectation(rule=None, cause=None, by="mover"), "about": about, "file": FILE}
    return ImportVersion.model_validate({**facts, "origin": origin, "stage": stage, "by": "mover"})


def after(*commands: TmfDocumentCommand) -> TmfDocument:
    """The document after these commands, each of which is allowed."""
    document: TmfDocument | None = None
    for command in commands:
        document = reduce(evolve, decide(document, command), document)
    assert document is not None
    return document
