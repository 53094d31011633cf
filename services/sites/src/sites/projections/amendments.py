"""What amendments rest on, as rows: versions of protocols and where they hold, submissions about them, consents given.

Consents and versions are an entry an event; a submission is a row that its events fold, whose order is promised.
"""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Entries, Rows
from contracts import Received, regulatory
from contracts.sites import SubjectConsented, SubjectReconsented, SubjectRescreened

from sites.domain.amendment_facts import Standing
from sites.policies.amendments import SUBMISSIONS
from sites.policies.evidence import OF_A_MODIFICATION
from sites.projections import effect_of
from sites.store import CONSENTS_GIVEN, COVERING_SUBMISSIONS, PROTOCOL_CHANGES

KINDS: Final = frozenset({"protocol", "protocol_amendment"})
NEEDS_NO_APPROVAL: Final[regulatory.Kind] = "non_substantial"
"""A modification that is only kept on record (CTR 536/2014 art. 81(9))."""
ENDS: Final[dict[type[regulatory.SubmissionEvent], Standing]] = {
    regulatory.SubmissionRejected: "rejected",
    regulatory.SubmissionWithdrawn: "withdrawn",
    regulatory.SubmissionLapsed: "lapsed",
    regulatory.SubmissionExpired: "expired",
    regulatory.SubmissionSuspended: "suspended",
    regulatory.SubmissionRevoked: "revoked",
}


def protocol_row(received: Received) -> Document | None:
    """That a version of a protocol was approved, or holds at a place from a day on; None for all else."""
    envelope, event = received
    if not isinstance(event, regulatory.DocumentEvent) or event.kind not in KINDS:
        return None
    told: Document
    if isinstance(event, regulatory.DocumentApproved):
        nowhere: Document = {"country": None, "site_id": None}
        told = {"what": "approved", "version": event.version, "substantial": event.substantial, **nowhere}
    elif (effect := effect_of(event)) is not None:
        told = {"what": "in_effect", "substantial": None, **effect}
    else:
        return None
    owner = {"sponsor": envelope.sponsor, "study": event.study_id, "recorded_at": envelope.recorded_at}
    about = {"document_id": event.document_id, "kind": event.kind}
    when = {"since": envelope.occurred_at, "nth": envelope.aggregateversion}
    return {"_id": envelope.id, **owner, **about, **told, **when}


def submission_key(received: Received) -> str | None:
    """The submission that an event changes for amendments; None where it changes none."""
    event = received.event
    if not isinstance(event, regulatory.SubmissionEvent) or type(event) not in SUBMISSIONS:
        return None
    return event.submission_id if event.kind not in regulatory.TOLD_ONLY else None


def submission_row(row: Mapping[str, Any] | None, received: Received) -> Document:
    """A submission after one more of its events: what it is about, where it stands, since when until when approved."""
    event = received.event
    assert isinstance(event, regulatory.SubmissionEvent), "only a submission's event has its key"
    before = row or {"documents": [], "standing": "pending", "approvals": [], "urgent": []}
    kept = {name: before[name] for name in ("documents", "standing", "approvals", "urgent")}
    about = {"body": event.body, "country": event.country, "site_id": event.site_id}
    owner = {"sponsor": received.envelope.sponsor, "study": event.study_id}
    kind = {"modifies": event.kind in OF_A_MODIFICATION, "only_noted": event.kind == NEEDS_NO_APPROVAL}
    return {**owner, **about, **kind, **kept, **_changed(kept, received)}


def _changed(kept: Document, received: Received) -> Document:
    event, on, key = received.event, received.envelope.occurred_at, received.envelope.id
    match event:
        case regulatory.SubmissionDocumentsNamed():
            return {"documents": _versions(event.documents)}
        case regulatory.SubmissionModificationImplemented(urgent_safety_measure=True):
            measure = {"site_id": event.implemented_at_site_id, "on": on, "event_id": key}
            return {"urgent": [*kept["urgent"], measure]}
        case regulatory.SubmissionApproved() | regulatory.SubmissionRenewed() | regulatory.SubmissionReinstated():
            covered = _versions(event.documents) if isinstance(event, regulatory.SubmissionApproved) else []
            began = {"since": on, "until": None, "ended": False, "event_id": key}
            approvals = [*_ended(kept["approvals"], on), began]
            return {"standing": "approved", "approvals": approvals, "documents": covered or kept["documents"]}
        case regulatory.SubmissionEvent() if type(event) in ENDS:
            return {"standing": ENDS[type(event)], "approvals": _ended(kept["approvals"], on)}
        case _:
            return {}


def _ended(approvals: list[Document], on: str | None) -> list[Document]:
    return [one if one["ended"] else {**one, "until": on, "ended": True} for one in approvals]


def _versions(documents: tuple[regulatory.SubmittedDocument, ...]) -> list[Document]:
    return [{"document_id": one.document_id, "version": one.version} for one in documents]


def consent_row(received: Received) -> Document | None:
    """A consent to a named form, under its event's id; None for all else."""
    envelope, event = received
    match event:
        case SubjectConsented() | SubjectReconsented() | SubjectRescreened() if event.form is not None:
            owner = {"sponsor": envelope.sponsor, "study": event.study_id}
            form = {"document_id": event.form.document_id, "version": event.form.version}
            return {"_id": envelope.id, **owner, "subject_id": event.subject_id, **form, "on": envelope.occurred_at}
        case _:
            return None


PROTOCOLS: Final = Entries(PROTOCOL_CHANGES, protocol_row)
COVERING: Final = Rows(
    COVERING_SUBMISSIONS, submission_key, lambda received: received.envelope.aggregateversion, submission_row
)
CONSENTS: Final = Entries(CONSENTS_GIVEN, consent_row)
ABOUT_AMENDMENTS: Final = (PROTOCOLS, COVERING, CONSENTS)
