"""What events say about the evidence for activation: of other services, and of this one's contracts and shipments."""

from collections.abc import Iterator
from typing import Any

from contracts import Received, derived_id, monitoring, regulatory, sites

from sites.domain.activation import modification_of
from sites.domain.evidence import EvidenceCommand, EvidenceKind, ExtendEvidence, RecordEvidence, RevokeEvidence

KIND_OF_BODY: dict[regulatory.Body, EvidenceKind] = {
    "competent_authority": "authority_approval",
    "ethics_committee": "ethics_approval",
}
OF_THE_STUDY: frozenset[regulatory.Kind | None] = frozenset({None, "initial", "additional_member_state"})
"""Kinds of submission whose approval lets a study begin in a country."""
OF_A_MODIFICATION: frozenset[regulatory.Kind | None] = frozenset({"substantial_modification", "non_substantial"})
CONTRACT: EvidenceKind = "clinical_trial_agreement"
REPORT: EvidenceKind = "initiation_report"
RECEIPT: EvidenceKind = "product_receipt"
RELEASE: EvidenceKind = "product_release"
Ordered = tuple[str, EvidenceCommand]
"""The id of the evidence that the command concerns, and the command."""


def evidence_from(received: Received) -> Iterator[Ordered]:
    """What an event says about the evidence for activation; nothing where it says nothing."""
    source, event, at = received.envelope.aggregate_id, received.event, received.envelope.occurred_at
    match event:
        case regulatory.SubmissionApproved() | regulatory.SubmissionRenewed() | regulatory.SubmissionReinstated():
            yield from when_a_submission_is_approved_record_evidence(received, event)
        case (
            regulatory.SubmissionRejected()
            | regulatory.SubmissionWithdrawn()
            | regulatory.SubmissionLapsed()
            | regulatory.SubmissionExpired()
            | regulatory.SubmissionSuspended()
            | regulatory.SubmissionRevoked()
        ):
            yield source, RevokeEvidence(occurred_at=at, event_id=received.envelope.id)
        case monitoring.MonitoringVisitCompleted(visit_type="SIV"):
            yield source, when_an_initiation_visit_is_completed_record_evidence(received, event)
        case monitoring.VisitReportApproved(visit_type="SIV"):
            yield when_an_initiation_report_is_approved_record_evidence(received, event)
        case sites.SiteContractExecuted() | sites.SiteContractAmended() | sites.SiteContractEnded():
            yield from when_a_contract_is_in_force_or_ends(received, event)
        case sites.IpShipmentReceived() | sites.IpShipmentQuarantined() | sites.IpShipmentReleased():
            yield from when_a_shipment_may_be_used_or_not(received, event)
        case _:
            return


def when_a_submission_is_approved_record_evidence(
    received: Received,
    event: regulatory.SubmissionApproved | regulatory.SubmissionRenewed | regulatory.SubmissionReinstated,
) -> Iterator[Ordered]:
    """An approval counts for the site it names, or for its whole country, and for the versions that it covers.

    One of a modification lets no study begin: it adds its versions to the approval that does. One of a report is none.
    """
    kind = KIND_OF_BODY.get(event.body)
    if kind is not None and event.kind in OF_THE_STUDY | OF_A_MODIFICATION:
        kind = modification_of(kind) if event.kind in OF_A_MODIFICATION else kind
        about = {"kind": kind, "expires_on": event.expires_on, "covers": event.covers}
        yield event.submission_id, _recorded(received, source_id=event.submission_id, **about)


def when_an_initiation_visit_is_completed_record_evidence(
    received: Received, event: monitoring.MonitoringVisitCompleted
) -> RecordEvidence:
    """The site was initiated."""
    return _recorded(received, source_id=event.visit_id, kind="initiation_visit")


def when_an_initiation_report_is_approved_record_evidence(
    received: Received, event: monitoring.VisitReportApproved
) -> Ordered:
    """What was found at the initiation is signed."""
    source = derived_id("evidence", event.visit_id, REPORT)
    return source, _recorded(received, source_id=source, kind=REPORT)


def when_a_contract_is_in_force_or_ends(received: Received, event: sites.SiteContractEvent) -> Iterator[Ordered]:
    """An executed contract is evidence until it ends; an amendment may move its end."""
    source, at, event_id = event.contract_id, received.envelope.occurred_at, received.envelope.id
    match event:
        case sites.SiteContractExecuted():
            yield source, _recorded(received, source_id=source, kind=CONTRACT, expires_on=event.ends_on)
        case sites.SiteContractAmended() if event.ends_on is not None:
            yield source, ExtendEvidence(occurred_at=at, event_id=event_id, expires_on=event.ends_on)
        case sites.SiteContractEnded():
            yield source, RevokeEvidence(occurred_at=at, event_id=event_id)
        case _:
            return


def when_a_shipment_may_be_used_or_not(received: Received, event: sites.IpShipmentEvent) -> Iterator[Ordered]:
    """A shipment in good condition is received; one that is released may be used; one in quarantine is neither."""
    at, event_id = received.envelope.occurred_at, received.envelope.id
    source = {kind: derived_id("evidence", event.shipment_id, kind) for kind in (RECEIPT, RELEASE)}
    match event:
        case sites.IpShipmentReceived(temperature="within_limits"):
            yield source[RECEIPT], _recorded(received, source_id=source[RECEIPT], kind=RECEIPT)
        case sites.IpShipmentReleased():
            for kind in (RECEIPT, RELEASE):
                yield source[kind], _recorded(received, source_id=source[kind], kind=kind)
        case sites.IpShipmentQuarantined():
            for kind in (RECEIPT, RELEASE):
                yield source[kind], RevokeEvidence(occurred_at=at, event_id=event_id)
        case _:
            return


def _recorded(received: Received, **about: Any) -> RecordEvidence:
    event: Any = received.event
    place = {"study_id": event.study_id, "country": event.country, "site_id": event.site_id}
    known = {"sponsor_id": received.envelope.sponsor, "event_id": received.envelope.id}
    return RecordEvidence.model_validate({"occurred_at": received.envelope.occurred_at, **place, **known, **about})
