"""A monitoring visit is planned, scheduled as often as it moves, and completed or cancelled once."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import Refused
from monitoring.domain.monitoring_visit import (
    CancelVisit,
    CompleteVisit,
    MonitoringVisit,
    MonitoringVisitCancelled,
    MonitoringVisitCommand,
    MonitoringVisitCompleted,
    MonitoringVisitEvent,
    MonitoringVisitPlanned,
    MonitoringVisitScheduled,
    PlanVisit,
    ScheduleVisit,
    Status,
    decide,
    evolve,
)

FACTS = {
    "occurred_at": "2022-01-10",
    "visit_id": "visit-1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "site_id": "site-7",
    "country": "DE",
    "visit_type": "SIV",
    "planned_on": "2022-03",
}
PLAN = PlanVisit.model_validate(FACTS)
PLANNED = MonitoringVisitPlanned.model_validate(FACTS)
SCHEDULE = ScheduleVisit(occurred_at="2022-02-01", scheduled_on="2022-03-07")
SCHEDULED = MonitoringVisitScheduled(occurred_at="2022-02-01", scheduled_on="2022-03-07")
COMPLETE = CompleteVisit(occurred_at="2022-03-07")
COMPLETED = MonitoringVisitCompleted(occurred_at="2022-03-07")
CANCEL = CancelVisit(occurred_at="2022-03-07")
CANCELLED = MonitoringVisitCancelled(occurred_at="2022-03-07")


def after(*events: MonitoringVisitEvent) -> MonitoringVisit:
    return reduce(evolve, events, evolve(None, PLANNED))


def codes(visit: MonitoringVisit, command: MonitoringVisitCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(visit, command)
    return [reason.code for reason in refused.value.reasons]


def test_a_visit_is_planned_once() -> None:
    assert decide(None, PLAN) == [PLANNED]
    assert decide(after(), PLAN) == []


def test_a_planned_visit_is_scheduled() -> None:
    assert decide(after(), SCHEDULE) == [SCHEDULED]


def test_a_visit_is_moved_to_another_date() -> None:
    moved = SCHEDULE.model_copy(update={"scheduled_on": "2022-03-14"})
    [event] = decide(after(SCHEDULED), moved)
    assert after(SCHEDULED, event).scheduled_on == "2022-03-14"


def test_a_visit_scheduled_for_the_same_date_again_is_left_alone() -> None:
    assert decide(after(SCHEDULED), SCHEDULE) == []


def test_a_scheduled_visit_takes_place() -> None:
    assert decide(after(SCHEDULED), COMPLETE) == [COMPLETED]
    visit = after(SCHEDULED, COMPLETED)
    assert (visit.status, visit.completed_on, visit.planned_on) == ("completed", "2022-03-07", "2022-03")


def test_a_visit_without_an_agreed_date_cannot_be_completed() -> None:
    with pytest.raises(Refused, match="The visit is planned: it can be completed only while it is scheduled"):
        decide(after(), COMPLETE)


@pytest.mark.parametrize("events", [(), (SCHEDULED,)])
def test_a_visit_is_cancelled_before_it_takes_place(events: tuple[MonitoringVisitEvent, ...]) -> None:
    assert decide(after(*events), CANCEL) == [CANCELLED]


@pytest.mark.parametrize(("event", "again"), [(COMPLETED, COMPLETE), (CANCELLED, CANCEL)])
def test_a_visit_that_has_ended_takes_no_other_step(event: MonitoringVisitEvent, again: MonitoringVisitCommand) -> None:
    visit = after(SCHEDULED, event)
    assert decide(visit, again) == []
    for command in (SCHEDULE, COMPLETE, CANCEL):
        if command != again:
            assert "wrong_status" in codes(visit, command)


def test_a_visit_cannot_have_taken_place_before_it_was_scheduled() -> None:
    assert codes(after(SCHEDULED), CompleteVisit(occurred_at="2022-01-31")) == ["before_last_step"]


def test_a_refusal_names_everything_that_is_in_the_way() -> None:
    assert codes(after(), CompleteVisit(occurred_at="2021")) == ["wrong_status", "before_last_step"]


def test_a_step_without_a_date_is_not_too_early() -> None:
    assert decide(after(SCHEDULED), CompleteVisit(occurred_at=None))


@pytest.mark.parametrize("command", [SCHEDULE, COMPLETE, CANCEL])
def test_a_visit_that_is_not_planned_takes_no_step(command: MonitoringVisitCommand) -> None:
    with pytest.raises(Refused, match="not planned"):
        decide(None, command)


COMMANDS: list[MonitoringVisitCommand] = [SCHEDULE, COMPLETE, CANCEL]
ENDED: set[Status] = {"completed", "cancelled"}


@given(st.lists(st.sampled_from(COMMANDS), max_size=8))
def test_a_visit_ends_once_and_a_command_repeated_at_once_changes_nothing(
    commands: list[MonitoringVisitCommand],
) -> None:
    visit = after()
    for command in commands:
        before = visit
        try:
            visit = reduce(evolve, decide(visit, command), visit)
        except Refused:
            continue
        assert decide(visit, command) == []
        assert before.status not in ENDED or visit == before
