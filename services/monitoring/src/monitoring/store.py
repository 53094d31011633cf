"""What `monitoring` keeps: its aggregates, where they lie, and their indexes."""

from typing import Any

from chassis.commands import Aggregate
from chassis.journal import Owner
from chassis.mongo import Database

from monitoring import publishing
from monitoring.domain import adverse_event, monitoring_visit, protocol_deviation, subject_visit, visit_report

Kept = (
    monitoring_visit.MonitoringVisit
    | subject_visit.SubjectVisit
    | protocol_deviation.ProtocolDeviation
    | adverse_event.AdverseEvent
    | visit_report.VisitReport
)


def view(state: Kept, version: int) -> dict[str, Any]:
    """A visit or a record as this service's clients see it."""
    return {**state.model_dump(mode="json"), "version": version}


def view_report(state: visit_report.VisitReport, version: int) -> dict[str, Any]:
    """A visit report as this service's clients see it: each version with the hash that a signature binds."""
    seen = view(state, version)
    hashed = [{**shown, "sha256": kept.sha256} for shown, kept in zip(seen["versions"], state.versions, strict=True)]
    return {**seen, "versions": hashed}


def owner(state: Kept) -> Owner:
    """What happens in a study belongs to the study's sponsor."""
    return Owner(state.sponsor_id, state.study_id)


MONITORING_VISITS = Aggregate(
    "monitoring-visit",
    "monitoring_visits",
    monitoring_visit.MonitoringVisit,
    monitoring_visit.decide,
    monitoring_visit.evolve,
    publishing.publish_monitoring_visit,
    owner,
    view,
)
VISIT_REPORTS = Aggregate(
    "visit-report",
    "visit_reports",
    visit_report.VisitReport,
    visit_report.decide,
    visit_report.evolve,
    publishing.publish_visit_report,
    owner,
    view_report,
)
SUBJECT_VISITS = Aggregate(
    "subject-visit",
    "subject_visits",
    subject_visit.SubjectVisit,
    subject_visit.decide,
    subject_visit.evolve,
    publishing.publish_subject_visit,
    owner,
    view,
)
PROTOCOL_DEVIATIONS = Aggregate(
    "protocol-deviation",
    "protocol_deviations",
    protocol_deviation.ProtocolDeviation,
    protocol_deviation.decide,
    protocol_deviation.evolve,
    publishing.publish_protocol_deviation,
    owner,
    view,
)
ADVERSE_EVENTS = Aggregate(
    "adverse-event",
    "adverse_events",
    adverse_event.AdverseEvent,
    adverse_event.decide,
    adverse_event.evolve,
    publishing.publish_adverse_event,
    owner,
    view,
)


async def prepare(database: Database) -> None:
    """Make the indexes that the queries need."""
    await database.collection("sponsor_agreements").ensure_index([("study", 1)])
    for aggregate in (MONITORING_VISITS, VISIT_REPORTS, SUBJECT_VISITS, PROTOCOL_DEVIATIONS, ADVERSE_EVENTS):
        for field in ("sponsor", "study", "state.site_id"):
            await database.collection(aggregate.collection).ensure_index([(field, 1), ("_id", 1)])
    await database.collection("sites").ensure_index([("study", 1)])
