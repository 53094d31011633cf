"""Every event is told to the world in the words of the contract, without the sponsor's name or a person's."""

from functools import reduce
from typing import Any

import pytest
from contracts import monitoring as public
from kernel import Event, State
from monitoring import store
from monitoring.domain import adverse_event, monitoring_visit, protocol_deviation, subject_visit
from monitoring.domain import visit_report_messages as report
from monitoring.domain.visit_report_content import Content, Observation

AT = {"occurred_at": "2022-05"}
PRIVATE = {**AT, "sponsor_id": "acme-1"}
SITE = {"study_id": "s1", "site_id": "site-7", "country": "DE"}
VISIT = {**SITE, "visit_id": "visit-1", "visit_type": "SIV"}
PLANNED = monitoring_visit.MonitoringVisitPlanned.model_validate({**PRIVATE, **VISIT, "planned_on": "2022-06"})
SUBJECT_VISIT = {**SITE, "subject_visit_id": "sv-1", "subject_key": "007-001", "visit_name": "Week 12"}
DEVIATION = {**SITE, "deviation_id": "d1", "subject_key": None, "category": "safety", "important": True}
ADVERSE_EVENT = {**SITE, "adverse_event_id": "a1", "subject_key": "007-001", "serious": True, "severity": None}


def published(aggregate: Any, *events: Event) -> Any:
    """What the last of the events is published as."""
    state: State | None = reduce(aggregate.evolve, events, None)
    return aggregate.publish(state, events[-1])


def test_a_planned_visit_is_told_with_its_date() -> None:
    told = published(store.MONITORING_VISITS, PLANNED)
    assert told == public.MonitoringVisitPlanned.model_validate({**VISIT, "planned_on": "2022-06"})


def test_what_becomes_of_a_visit_is_told() -> None:
    steps: list[monitoring_visit.MonitoringVisitEvent] = [
        monitoring_visit.MonitoringVisitScheduled(occurred_at="2022-05", scheduled_on="2022-06-07"),
        monitoring_visit.MonitoringVisitCompleted(occurred_at="2022-06-07"),
        monitoring_visit.MonitoringVisitCancelled(occurred_at="2022-06-07"),
    ]
    assert [published(store.MONITORING_VISITS, PLANNED, step) for step in steps] == [
        public.MonitoringVisitScheduled.model_validate({**VISIT, "scheduled_on": "2022-06-07"}),
        public.MonitoringVisitCompleted.model_validate(VISIT),
        public.MonitoringVisitCancelled.model_validate(VISIT),
    ]


def test_a_report_is_told_without_what_it_says() -> None:
    content = Content(summary="Secret", observations=(Observation(topic="consent_process", outcome="issue"),))
    drafted = report.ReportDrafted.model_validate({**PRIVATE, **VISIT, "content": content, "by": "m"})
    submitted = report.ReportSubmitted(occurred_at="2022-06-08", reviewer="r", approver="a")
    about = {**VISIT, "version": "1"}
    assert published(store.VISIT_REPORTS, drafted) == public.VisitReportDrafted.model_validate(about)
    told = published(store.VISIT_REPORTS, drafted, submitted)
    assert told == public.VisitReportSubmitted.model_validate({**about, "issues": 1})


@pytest.mark.parametrize(
    ("event", "contract", "more"),
    [
        (subject_visit.SubjectVisitExpected, public.SubjectVisitExpected, {"expected_on": "2022-07"}),
        (subject_visit.SubjectVisitCompleted, public.SubjectVisitCompleted, {}),
        (subject_visit.SubjectVisitMissed, public.SubjectVisitMissed, {}),
    ],
)
def test_a_subjects_visit_is_told(event: type[Event], contract: Any, more: dict[str, str]) -> None:
    told = published(store.SUBJECT_VISITS, event.model_validate({**PRIVATE, **SUBJECT_VISIT, **more}))
    assert told == contract.model_validate({**SUBJECT_VISIT, **more})


def test_a_deviation_is_told() -> None:
    event = protocol_deviation.ProtocolDeviationRecorded.model_validate({**PRIVATE, **DEVIATION})
    told = published(store.PROTOCOL_DEVIATIONS, event)
    assert told == public.ProtocolDeviationRecorded.model_validate(DEVIATION)


def test_an_adverse_event_is_told() -> None:
    event = adverse_event.AdverseEventRecorded.model_validate({**PRIVATE, **ADVERSE_EVENT})
    assert published(store.ADVERSE_EVENTS, event) == public.AdverseEventRecorded.model_validate(ADVERSE_EVENT)
