"""What events of other services say about the evidence for activation."""

from contracts import Received, monitoring, regulatory

from sites.domain.activation import EvidenceKind
from sites.domain.evidence import EvidenceCommand, RecordEvidence, RevokeEvidence

KIND_OF_BODY: dict[regulatory.Body, EvidenceKind] = {
    "competent_authority": "authority_approval",
    "ethics_committee": "ethics_approval",
}


def evidence_from(received: Received) -> EvidenceCommand | None:
    """What an event of another service says about the evidence for activation; None where it says nothing."""
    match received.event:
        case regulatory.SubmissionApproved():
            return when_a_submission_is_approved_record_evidence(received, received.event)
        case regulatory.SubmissionRejected() | regulatory.SubmissionWithdrawn():
            return RevokeEvidence(occurred_at=received.envelope.occurred_at, event_id=received.envelope.id)
        case monitoring.MonitoringVisitCompleted(visit_type="SIV"):
            return when_an_initiation_visit_is_completed_record_evidence(received, received.event)
        case _:
            return None


def when_a_submission_is_approved_record_evidence(
    received: Received, event: regulatory.SubmissionApproved
) -> RecordEvidence:
    """An approval counts for the site it names, or for its whole country."""
    return RecordEvidence(
        occurred_at=received.envelope.occurred_at,
        source_id=event.submission_id,
        study_id=event.study_id,
        sponsor_id=received.envelope.sponsor,
        kind=KIND_OF_BODY[event.body],
        country=event.country,
        site_id=event.site_id,
        event_id=received.envelope.id,
        expires_on=event.expires_on,
    )


def when_an_initiation_visit_is_completed_record_evidence(
    received: Received, event: monitoring.MonitoringVisitCompleted
) -> RecordEvidence:
    """The site was initiated."""
    return RecordEvidence(
        occurred_at=received.envelope.occurred_at,
        source_id=event.visit_id,
        study_id=event.study_id,
        sponsor_id=received.envelope.sponsor,
        kind="initiation_visit",
        country=event.country,
        site_id=event.site_id,
        event_id=received.envelope.id,
    )
