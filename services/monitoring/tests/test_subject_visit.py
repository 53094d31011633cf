"""A subject's visit is expected, then completed or missed; history may tell of it without an expectation."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import BusinessTime, Refused
from monitoring.domain.subject_visit import (
    AdoptSubjectVisit,
    CompleteSubjectVisit,
    ExpectSubjectVisit,
    MissSubjectVisit,
    Status,
    SubjectVisit,
    SubjectVisitCommand,
    SubjectVisitCompleted,
    SubjectVisitEvent,
    SubjectVisitExpected,
    SubjectVisitMissed,
    decide,
    evolve,
)

FACTS = {
    "subject_visit_id": "sv-1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "site_id": "site-7",
    "country": "DE",
    "subject_key": "007-001",
    "visit_name": "Week 12",
}
EXPECT = ExpectSubjectVisit.model_validate({**FACTS, "occurred_at": "2022-01", "expected_on": "2022-04"})
EXPECTED = SubjectVisitExpected.model_validate({**FACTS, "occurred_at": "2022-01", "expected_on": "2022-04"})
DAY = {"occurred_at": "2022-04-05"}
COMPLETED = SubjectVisitCompleted.model_validate({**FACTS, **DAY})
MISSED = SubjectVisitMissed.model_validate({**FACTS, **DAY})
COMPLETE = CompleteSubjectVisit.model_validate(DAY)
MISS = MissSubjectVisit.model_validate(DAY)


def after(*events: SubjectVisitEvent) -> SubjectVisit:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def adopt(outcome: Status, on: BusinessTime | None = "2019-05-01", visit_name: str = "Week 12") -> AdoptSubjectVisit:
    dates = {"occurred_at": None, "expected_on": on} if outcome == "expected" else {"occurred_at": on}
    return AdoptSubjectVisit.model_validate({**FACTS, **dates, "outcome": outcome, "visit_name": visit_name})


def test_a_visit_is_expected_once() -> None:
    assert decide(None, EXPECT) == [EXPECTED]
    assert decide(after(EXPECTED), EXPECT) == []


@pytest.mark.parametrize(("command", "event"), [(COMPLETE, COMPLETED), (MISS, MISSED)])
def test_an_expected_visit_is_completed_or_missed_and_stays_expected_for_its_day(
    command: SubjectVisitCommand, event: SubjectVisitEvent
) -> None:
    assert decide(after(EXPECTED), command) == [event]
    visit = after(EXPECTED, event)
    assert (visit.expected_on, visit.outcome_on) == ("2022-04", "2022-04-05")
    assert decide(visit, command) == []


@pytest.mark.parametrize(("event", "command"), [(COMPLETED, MISS), (MISSED, COMPLETE)])
def test_a_visit_has_one_outcome(event: SubjectVisitEvent, command: SubjectVisitCommand) -> None:
    with pytest.raises(Refused, match="already: it cannot be"):
        decide(after(EXPECTED, event), command)


@pytest.mark.parametrize("command", [COMPLETE, MISS])
def test_a_visit_that_is_not_known_has_no_outcome(command: SubjectVisitCommand) -> None:
    with pytest.raises(Refused, match="not known"):
        decide(None, command)


def test_an_adopted_visit_is_told_as_one_event_with_its_real_date() -> None:
    assert decide(None, adopt("completed")) == [
        SubjectVisitCompleted.model_validate({**FACTS, "occurred_at": "2019-05-01"})
    ]


def test_an_adopted_expectation_has_its_date_ahead_of_it() -> None:
    [event] = decide(None, adopt("expected"))
    assert event == SubjectVisitExpected.model_validate({**FACTS, "occurred_at": None, "expected_on": "2019-05-01"})


def test_a_visit_adopted_again_is_told_only_if_something_has_changed() -> None:
    visit = after(*decide(None, adopt("expected")))
    assert decide(visit, adopt("expected")) == []
    assert decide(visit, adopt("missed")) == [SubjectVisitMissed.model_validate({**FACTS, "occurred_at": "2019-05-01"})]


def test_a_source_may_correct_an_outcome_a_date_or_a_name() -> None:
    visit = after(*decide(None, adopt("completed")))
    for correction in (adopt("missed"), adopt("completed", "2019-05-02"), adopt("completed", visit_name="Week 13")):
        [event] = decide(visit, correction)
        assert decide(evolve(visit, event), correction) == []


OUTCOMES: st.SearchStrategy[Status] = st.sampled_from(["expected", "completed", "missed"])
ADOPTIONS = st.builds(adopt, OUTCOMES, st.none() | st.sampled_from(["2019", "2019-05-01"]))


@given(st.lists(ADOPTIONS, min_size=1, max_size=5))
def test_whatever_was_adopted_before_adopting_the_same_twice_changes_nothing(
    commands: list[AdoptSubjectVisit],
) -> None:
    visit: SubjectVisit | None = None
    for command in commands:
        visit = reduce(evolve, decide(visit, command), visit)
    assert decide(visit, commands[-1]) == []
