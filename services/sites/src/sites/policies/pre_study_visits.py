"""What events of `monitoring` say about visits to candidate sites."""

from collections.abc import Iterator

from contracts import Received, monitoring

from sites.domain.pre_study_visit import NotePreStudyVisit


def pre_study_visits_from(received: Received) -> Iterator[NotePreStudyVisit]:
    """When a pre-study visit is completed, note that the candidate site was seen."""
    match received.event:
        case monitoring.MonitoringVisitCompleted(visit_type="PSV") as event:
            yield NotePreStudyVisit(
                occurred_at=received.envelope.occurred_at,
                visit_id=event.visit_id,
                study_id=event.study_id,
                sponsor_id=received.envelope.sponsor,
                site_id=event.site_id,
                event_id=received.envelope.id,
            )
        case _:
            return
