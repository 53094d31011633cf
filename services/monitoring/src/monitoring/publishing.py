"""Private event → public event, or explicitly nothing. Pure and exhaustive."""

from typing import Any

from contracts import PublicEvent
from contracts import monitoring as public

from monitoring.domain import adverse_event, monitoring_visit, protocol_deviation, subject_visit, visit_report
from monitoring.domain import visit_report_messages as report

ABOUT_VISIT = {"study_id", "site_id", "country", "visit_id", "visit_type"}
PRIVATE = {"occurred_at", "sponsor_id"}
PLAIN: dict[type[report.VisitReportEvent], type[public.VisitReportEvent]] = {
    report.ReportDrafted: public.VisitReportDrafted,
    report.ReportRevised: public.VisitReportRevised,
    report.ReportReturned: public.VisitReportReturned,
    report.ReportReviewed: public.VisitReportReviewed,
    report.ReportReopened: public.VisitReportReopened,
}


def publish_monitoring_visit(
    state: monitoring_visit.MonitoringVisit, event: monitoring_visit.MonitoringVisitEvent
) -> PublicEvent:
    """How the world learns of a monitoring visit's event."""
    about: dict[str, Any] = state.model_dump(include=ABOUT_VISIT)
    match event:
        case monitoring_visit.MonitoringVisitPlanned():
            return public.MonitoringVisitPlanned(**about, planned_on=event.planned_on)
        case monitoring_visit.MonitoringVisitScheduled():
            return public.MonitoringVisitScheduled(**about, scheduled_on=event.scheduled_on)
        case monitoring_visit.MonitoringVisitCompleted():
            return public.MonitoringVisitCompleted(**about)
        case monitoring_visit.MonitoringVisitCancelled():
            return public.MonitoringVisitCancelled(**about)


def publish_visit_report(state: visit_report.VisitReport, event: report.VisitReportEvent) -> PublicEvent:
    """How the world learns of a visit report's event; what it says stays here."""
    latest = state.latest
    about: dict[str, Any] = {**state.model_dump(include=ABOUT_VISIT), "version": str(latest.number)}
    match event:
        case report.ReportSubmitted():
            issues = sum(one.outcome == "issue" for one in latest.content.observations)
            return public.VisitReportSubmitted(**about, issues=issues)
        case report.ReportApproved():
            signed = {"sha256": event.signature.binds.sha256, "signed": True, "meaning": event.signature.meaning}
            return public.VisitReportApproved.model_validate({**about, **signed})
        case (
            report.ReportDrafted()
            | report.ReportRevised()
            | report.ReportReturned()
            | report.ReportReviewed()
            | report.ReportReopened()
        ):
            return PLAIN[type(event)](**about)


def publish_subject_visit(_: subject_visit.SubjectVisit, event: subject_visit.SubjectVisitEvent) -> PublicEvent:
    """How the world learns of a subject's visit."""
    told: dict[str, Any] = event.model_dump(exclude=PRIVATE)
    match event:
        case subject_visit.SubjectVisitExpected():
            return public.SubjectVisitExpected(**told)
        case subject_visit.SubjectVisitCompleted():
            return public.SubjectVisitCompleted(**told)
        case subject_visit.SubjectVisitMissed():
            return public.SubjectVisitMissed(**told)


def publish_protocol_deviation(
    _: protocol_deviation.ProtocolDeviation, event: protocol_deviation.ProtocolDeviationRecorded
) -> PublicEvent:
    """How the world learns of a protocol deviation."""
    return public.ProtocolDeviationRecorded(**event.model_dump(exclude=PRIVATE))


def publish_adverse_event(_: adverse_event.AdverseEvent, event: adverse_event.AdverseEventRecorded) -> PublicEvent:
    """How the world learns of an adverse event."""
    return public.AdverseEventRecorded(**event.model_dump(exclude=PRIVATE))
