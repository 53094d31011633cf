"""Whom an event concerns: whose checklist is judged again, and which site takes note of its own.

Judging again changes nothing where nothing is new, so it may be asked for once too often and never once too seldom.
"""

from contracts import PublicEvent, Received, monitoring, regulatory, sites

from sites.domain.green_light import Concern

STAFF: tuple[type[PublicEvent], ...] = (
    sites.PrincipalInvestigatorChanged,
    sites.SiteStaffAssigned,
    sites.SiteStaffEnded,
    sites.SiteStaffVoided,
    sites.SiteCredentialExpired,
    sites.TaskDelegated,
    sites.DelegationAuthorised,
    sites.DelegationEnded,
    sites.TrainingCompleted,
    sites.TrainingVoided,
    sites.TrainingExpired,
)
RECORDS: tuple[type[PublicEvent], ...] = (
    sites.SiteContractExecuted,
    sites.SiteContractAmended,
    sites.SiteContractEnded,
    sites.IpShipmentReceived,
    sites.IpShipmentQuarantined,
    sites.IpShipmentReleased,
)
DECISIONS: tuple[type[regulatory.SubmissionEvent], ...] = (
    regulatory.SubmissionApproved,
    regulatory.SubmissionRejected,
    regulatory.SubmissionWithdrawn,
    regulatory.SubmissionLapsed,
    regulatory.SubmissionExpired,
    regulatory.SubmissionRenewed,
    regulatory.SubmissionSuspended,
    regulatory.SubmissionReinstated,
    regulatory.SubmissionRevoked,
)
JUDGED: tuple[type[PublicEvent], ...] = (
    sites.ChecklistItemMet,
    sites.ChecklistItemNotApplicable,
    sites.ChecklistItemWaived,
    sites.ChecklistItemLost,
    sites.ChecklistCompleted,
    sites.ChecklistReopened,
)


def when_something_is_learned_judge_the_checklist(received: Received) -> Concern | None:
    """Whose checklist an event concerns; None where it concerns none."""
    event = received.event
    if isinstance(event, sites.SiteStartUpBegun) or _went_through_the_gate(event):
        return Concern(event.study_id, site_id=_site_of(event), opens=True)
    if isinstance(event, sites.StudyChecklistSetUp):
        return Concern(event.study_id)
    if isinstance(event, DECISIONS):
        site_id = _site_of(event)
        country: str | None = None if site_id else getattr(event, "country", None)
        return Concern(event.study_id, country=country, site_id=site_id)
    if isinstance(event, (*STAFF, *RECORDS)) or _is_initiation(event):
        return Concern(event.study_id, site_id=_site_of(event))
    return None


def when_an_item_changes_have_the_site_take_note(received: Received) -> str | None:
    """Which site follows its checklist after an event; None where none does."""
    event = received.event
    return _site_of(event) if isinstance(event, JUDGED) or _went_through_the_gate(event) else None


def _site_of(event: PublicEvent) -> str | None:
    return getattr(event, "site_id", None)


def _went_through_the_gate(event: PublicEvent) -> bool:
    """History that was taken over rests on nothing that this platform could judge."""
    return isinstance(event, sites.SiteActivated) and bool(event.rested_on)


def _is_initiation(event: PublicEvent) -> bool:
    told = isinstance(event, monitoring.MonitoringVisitCompleted | monitoring.VisitReportApproved)
    return told and event.visit_type == "SIV"
