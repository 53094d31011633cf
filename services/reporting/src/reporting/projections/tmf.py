"""Rows of trial master files and of the documents they must hold, and what is counted of these. Pure.

There are many documents, so pages count small groups of them: those of one place (the trial, a country, a site) and one
zone of the TMF Reference Model. What depends on the day is not stored: a group keeps how many documents it has of each
stage, milestone, due day and expiry, and whoever asks says for which day.
"""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts.regulatory import tmf as public

from reporting.projections.reading import key_of, owner_of, place_of, version_of

FILES: Final = "tmf"
DOCUMENTS: Final = "tmf_documents"
COLLECTION: Final = "tmf_completeness"
COUNTED: Final = ("stage", "milestone", "due_on", "expires_on")
"""What documents of a group are counted by."""

ZONE_CHARACTERS: Final = len("05")
WHOLE_TRIAL: Final = "trial"
EXEMPT: Final = frozenset({"waived", "not_required"})
EXEMPT_AFTER: Final[Mapping[type[PublicEvent], str | None]] = {
    public.TmfDocumentRequiredAgain: None,
    public.TmfDocumentWaived: "waived",
    public.TmfDocumentNotRequired: "not_required",
}
STAGE_AFTER: Final[Mapping[type[PublicEvent], str]] = {
    public.TmfDocumentReceived: "in_review",
    public.TmfDocumentQcStarted: "in_review",
    public.TmfDocumentReturned: "returned",
}
NO_VERSION: Final[Mapping[str, Any]] = {
    "exempt": None,
    "filed": None,
    "latest": 0,
    "latest_stage": None,
    "expires_on": None,
}


def fold_file(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The study's file after one more of its events."""
    event = received.event
    before = row or {"rules_version": None, "locked": False}
    rules = getattr(event, "rules_version", before["rules_version"])
    locked = before["locked"]
    if isinstance(event, public.TmfLocked | public.TmfUnlocked):
        locked = isinstance(event, public.TmfLocked)
    return {**owner_of(received), "rules_version": rules, "locked": locked}


def fold_document(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The document after one more of its events."""
    event = received.event
    assert isinstance(event, public.TmfDocumentEvent)
    before = {name: (row or NO_VERSION)[name] for name in NO_VERSION}
    after = {**before, **_changes(before, event)}
    return {
        **owner_of(received),
        **place_of(received),
        **after,
        "group": group_of(received),
        "zone": event.artifact_number[:ZONE_CHARACTERS],
        "level": event.level,
        "unique_id": event.unique_id,
        "milestone": event.milestone,
        "due_on": event.due_on,
        "stage": _stage(after),
    }


def group_of(received: Received) -> str | None:
    """The group in which a document is counted: study, place and zone; None for every other event."""
    event = received.event
    if not isinstance(event, public.TmfDocumentEvent):
        return None
    place = event.site_id or event.country or WHOLE_TRIAL
    return f"{event.study_id} {place} {event.artifact_number[:ZONE_CHARACTERS]}"


def _changes(before: Mapping[str, Any], event: PublicEvent) -> Document:
    match event:
        case public.TmfDocumentRequiredAgain() | public.TmfDocumentWaived() | public.TmfDocumentNotRequired():
            return {"exempt": EXEMPT_AFTER[type(event)]}
        case public.TmfDocumentReceived() | public.TmfDocumentQcStarted() | public.TmfDocumentReturned():
            required = {"exempt": None} if isinstance(event, public.TmfDocumentReceived) else {}
            return {**required, **_version(before, event.version, STAGE_AFTER[type(event)])}
        case public.TmfDocumentFiled():
            told = {"exempt": None, "filed": event.version, "expires_on": event.expires_on}
            return {**told, **_version(before, event.version, "filed")}
        case public.TmfDocumentSuperseded():
            gone = {"filed": None, "expires_on": None} if before["filed"] == event.version else {}
            return {**gone, **_version(before, event.version, "superseded")}
        case _:
            # Expected, another due day, expiry told: what these change stands in every event, or follows from the day.
            return {}


def _version(before: Mapping[str, Any], number: int, stage: str) -> Document:
    """The stage of the latest version; what happens to an earlier one changes nothing of it."""
    return {"latest": number, "latest_stage": stage} if number >= before["latest"] else {}


def _stage(row: Mapping[str, Any]) -> str:
    if row["exempt"] is not None:
        return row["exempt"]
    return "filed" if row["filed"] is not None else row["latest_stage"] or "awaited"


FILE_ROWS: Final = Rows(FILES, key_of("tmf", "study_id"), version_of, fold_file)
DOCUMENT_ROWS: Final = Rows(DOCUMENTS, key_of("tmf-document", "tmf_document_id"), version_of, fold_document)
