"""Events of trial master files, as the world learns of them: ids, codes and days; titles, notes and reasons stay."""

from typing import Any

from contracts import PublicEvent
from contracts.regulatory import tmf as public

from regulatory.domain import tmf_events, tmf_messages
from regulatory.domain.tmf import Tmf
from regulatory.domain.tmf_document_state import TmfDocument

ABOUT = {"tmf_document_id", "study_id", "level", "country", "site_id", "milestone", "due_on"}
PLAIN_EVENTS: dict[type[tmf_events.TmfDocumentEvent], type[public.TmfDocumentEvent]] = {
    tmf_events.TmfDocumentRequiredAgain: public.TmfDocumentRequiredAgain,
    tmf_events.TmfDocumentDueSet: public.TmfDocumentDueSet,
    tmf_events.TmfDocumentWaived: public.TmfDocumentWaived,
    tmf_events.TmfQcStarted: public.TmfDocumentQcStarted,
    tmf_events.TmfVersionSuperseded: public.TmfDocumentSuperseded,
}
"""Of which the world learns no more than that it happened to this document, or to this version of it."""
PLAIN_TMF_EVENTS: dict[type[tmf_messages.TmfEvent], type[public.TmfEvent]] = {
    tmf_messages.TmfLocked: public.TmfLocked,
    tmf_messages.TmfUnlocked: public.TmfUnlocked,
    tmf_messages.TmfImportCompleted: public.TmfImportCompleted,
}


def publish_document(state: TmfDocument, event: tmf_events.TmfDocumentEvent) -> PublicEvent:
    """How the world learns of a document's event."""
    artifact = {"unique_id": state.artifact.unique_id, "artifact_number": state.artifact.number}
    about: dict[str, Any] = {**state.model_dump(include=ABOUT), **artifact}
    match event:
        case tmf_events.TmfDocumentExpected():
            return public.TmfDocumentExpected(**about, rule=event.rule)
        case tmf_events.TmfDocumentReleased():
            return public.TmfDocumentNotRequired(**about, rule=event.rule)
        case tmf_events.TmfDocumentChangedAfterLock():
            return public.TmfDocumentChangedAfterLock(**about, locked_on=event.locked_on, rule=event.rule)
        case tmf_events.TmfDocumentRequiredAgain() | tmf_events.TmfDocumentDueSet() | tmf_events.TmfDocumentWaived():
            return PLAIN_EVENTS[type(event)](**about)
        case (
            tmf_events.TmfDocumentReceived()
            | tmf_events.TmfQcStarted()
            | tmf_events.TmfDocumentReturned()
            | tmf_events.TmfDocumentFiled()
            | tmf_events.TmfVersionSuperseded()
            | tmf_events.TmfVersionImported()
            | tmf_events.TmfDocumentExpiring()
            | tmf_events.TmfDocumentExpired()
        ):
            return _of_version(state, event, {**about, "version": event.number})


VersionEvent = (
    tmf_events.TmfDocumentReceived
    | tmf_events.TmfQcStarted
    | tmf_events.TmfDocumentReturned
    | tmf_events.TmfDocumentFiled
    | tmf_events.TmfVersionSuperseded
    | tmf_events.TmfVersionImported
    | tmf_events.TmfDocumentExpiring
    | tmf_events.TmfDocumentExpired
)


def _of_version(state: TmfDocument, event: VersionEvent, about: dict[str, Any]) -> PublicEvent:
    version = state.versions[event.number - 1]
    match event:
        case tmf_events.TmfDocumentReceived():
            evidence = event.evidence.event_id if event.evidence else None
            return public.TmfDocumentReceived(**about, evidence_event_id=evidence, filing_days=version.filing_days)
        case tmf_events.TmfDocumentReturned():
            return public.TmfDocumentReturned(**about, findings=tuple(one.code for one in event.findings))
        case tmf_events.TmfDocumentFiled():
            return _filed(state, event.number, about)
        case tmf_events.TmfVersionImported():
            in_force = event.stage == "filed"
            return _filed(state, event.number, about) if in_force else public.TmfDocumentSuperseded(**about)
        case tmf_events.TmfQcStarted() | tmf_events.TmfVersionSuperseded():
            return PLAIN_EVENTS[type(event)](**about)
        case tmf_events.TmfDocumentExpiring() | tmf_events.TmfDocumentExpired():
            return _of_expiry(event, about)


def _filed(state: TmfDocument, number: int, about: dict[str, Any]) -> PublicEvent:
    version = state.versions[number - 1]
    return public.TmfDocumentFiled(
        **about,
        evidence_event_id=version.evidence.event_id if version.evidence else None,
        expires_on=state.standing.expires_on,
        review_days=version.review_days,
    )


def _of_expiry(
    event: tmf_events.TmfDocumentExpiring | tmf_events.TmfDocumentExpired, about: dict[str, Any]
) -> PublicEvent:
    if isinstance(event, tmf_events.TmfDocumentExpired):
        return public.TmfDocumentExpired(**about, expires_on=event.expires_on)
    return public.TmfDocumentExpiring(**about, expires_on=event.expires_on)


def publish_tmf(state: Tmf, event: tmf_messages.TmfEvent) -> PublicEvent:
    """How the world learns of an event of a study's file. A transfer's id is another system's word: it stays here."""
    about: dict[str, Any] = {"study_id": state.study_id, "tmf_id": state.tmf_id}
    match event:
        case tmf_messages.TmfOpened():
            return public.TmfOpened(**about, rules_version=event.rules_version)
        case tmf_messages.TmfRulesAdopted():
            return public.TmfRulesAdopted(**about, rules_version=event.rules_version)
        case tmf_messages.TmfExported():
            return public.TmfExported(**about, objects=event.objects)
        case tmf_messages.TmfImportBegun():
            return public.TmfImportBegun(**about, objects=event.objects)
        case tmf_messages.TmfMilestoneCompleted():
            return public.TmfMilestoneCompleted(**about, milestone=event.milestone, documents=event.documents)
        case tmf_messages.TmfMilestoneReopened():
            return public.TmfMilestoneReopened(**about, milestone=event.milestone, open_documents=event.open)
        case tmf_messages.TmfLocked() | tmf_messages.TmfUnlocked() | tmf_messages.TmfImportCompleted():
            return PLAIN_TMF_EVENTS[type(event)](**about)
