"""A pre-study visit is noted from monitoring's event, whenever it comes, and again changes nothing."""

from contracts import PublicEvent, monitoring
from sites.domain.pre_study_visit import NotePreStudyVisit, PreStudyVisit, PreStudyVisitNoted, decide, evolve
from sites.policies.pre_study_visits import pre_study_visits_from
from studyline.testing.events import told

PLACE = {"study_id": "s1", "site_id": "site-7", "country": "DE"}
ABOUT = {"study_id": "s1", "site_id": "site-7", "sponsor_id": "acme-1", "visit_id": "v1", "event_id": "e1"}
NOTE = NotePreStudyVisit.model_validate({**ABOUT, "occurred_at": "2026-03-05"})
NOTED = PreStudyVisitNoted.model_validate({**ABOUT, "occurred_at": "2026-03-05"})


def asked_by(event: PublicEvent) -> list[NotePreStudyVisit]:
    return list(pre_study_visits_from(told("monitoring-visit/v1", event, sponsor="Acme")))


def test_a_completed_pre_study_visit_is_noted() -> None:
    [note] = asked_by(
        monitoring.MonitoringVisitCompleted.model_validate({**PLACE, "visit_id": "v1", "visit_type": "PSV"})
    )
    assert (note.visit_id, note.site_id, note.occurred_at) == ("v1", "site-7", "2022-02-01")


def test_other_visits_and_plans_are_not() -> None:
    about = {**PLACE, "visit_id": "v1"}
    assert asked_by(monitoring.MonitoringVisitCompleted.model_validate({**about, "visit_type": "SIV"})) == []
    planned = {**about, "visit_type": "PSV", "planned_on": "2026-03"}
    assert asked_by(monitoring.MonitoringVisitPlanned.model_validate(planned)) == []


def test_a_visit_is_noted_once() -> None:
    visit = PreStudyVisit.model_validate({**ABOUT, "took_place_on": "2026-03-05"})
    assert decide(None, NOTE) == [NOTED]
    assert evolve(None, NOTED) == visit
    assert decide(visit, NOTE) == []
    assert decide(visit, NOTE.model_copy(update={"occurred_at": "2026-03-06"})) != []
