"""A subject is known by a pseudonymous key and takes its steps in order, at a site that is open."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import BusinessTime, Refused
from sites.domain.subject import (
    EVENT_OF,
    PRECEDED_BY,
    AdoptSubject,
    AdvanceSubject,
    ConsentSubject,
    Step,
    StepName,
    Subject,
    SubjectCompleted,
    SubjectConsented,
    SubjectEnrolled,
    SubjectEvent,
    decide,
    evolve,
)

ABOUT = {
    "subject_id": "u1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "site_id": "site-7",
    "country": "DE",
    "subject_key": "007-001",
}
CONSENT = ConsentSubject.model_validate({**ABOUT, "occurred_at": "2022-03-01"})
WAYS: dict[StepName, tuple[StepName, ...]] = {
    "consented": ("consented",),
    "screened": ("consented", "screened"),
    "screen_failed": ("consented", "screen_failed"),
    "enrolled": ("consented", "screened", "enrolled"),
    "randomised": ("consented", "screened", "enrolled", "randomised"),
    "completed": ("consented", "screened", "enrolled", "completed"),
    "withdrawn": ("consented", "withdrawn"),
}


def event(step: StepName, at: BusinessTime | None = "2022-03-01") -> SubjectEvent:
    return EVENT_OF[step].model_validate({**ABOUT, "occurred_at": at})


def after(*steps: StepName) -> Subject:
    state = reduce(evolve, [event(step) for step in steps], None)
    assert state is not None
    return state


def advance(step: StepName, at: BusinessTime | None = "2022-04-01", *, site_is_active: bool = True) -> AdvanceSubject:
    return AdvanceSubject(occurred_at=at, step=step, site_is_active=site_is_active)


def adopt(*steps: tuple[StepName, BusinessTime | None]) -> AdoptSubject:
    taken = tuple(Step(step=step, on=on) for step, on in steps)
    return AdoptSubject.model_validate({**ABOUT, "occurred_at": steps[0][1], "steps": taken})


def test_a_subject_begins_with_consent_and_consents_once() -> None:
    assert decide(None, CONSENT) == [event("consented")]
    assert decide(after("consented"), CONSENT) == []


@pytest.mark.parametrize("step", PRECEDED_BY)
@pytest.mark.parametrize("last", WAYS)
def test_each_step_follows_the_steps_it_needs_and_no_others(last: StepName, step: StepName) -> None:
    subject = after(*WAYS[last])
    if last in PRECEDED_BY[step]:
        assert decide(subject, advance(step)) == [event(step, "2022-04-01")]
    elif step in WAYS[last]:
        assert decide(subject, advance(step)) == []
    else:
        with pytest.raises(Refused, match="cannot follow"):
            decide(subject, advance(step))


def test_nobody_is_screened_before_consent() -> None:
    with pytest.raises(Refused, match="not known"):
        decide(None, advance("screened"))


def test_nobody_is_enrolled_at_a_site_that_is_not_open() -> None:
    with pytest.raises(Refused, match="not open for enrolment"):
        decide(after("consented", "screened"), advance("enrolled", site_is_active=False))


def test_a_subject_may_leave_a_site_that_is_not_open() -> None:
    assert decide(after("consented"), advance("withdrawn", site_is_active=False))


def test_a_refusal_names_everything_that_is_in_the_way() -> None:
    with pytest.raises(Refused) as refused:
        decide(after("consented"), advance("enrolled", "2021-12", site_is_active=False))
    codes = [reason.code for reason in refused.value.reasons]
    assert codes == ["wrong_order", "before_last_step", "site_not_active"]


def test_a_step_without_a_date_is_not_too_early() -> None:
    assert decide(after("consented"), advance("screened", None))


def test_an_adopted_subject_brings_its_steps_with_their_dates_and_no_gate_is_applied() -> None:
    assert decide(None, adopt(("enrolled", "2019-05"), ("completed", None))) == [
        SubjectEnrolled.model_validate({**ABOUT, "occurred_at": "2019-05"}),
        SubjectCompleted.model_validate({**ABOUT, "occurred_at": None}),
    ]


def test_adopting_again_takes_over_only_the_steps_that_are_new() -> None:
    subject = evolve(None, SubjectConsented.model_validate({**ABOUT, "occurred_at": "2019-01"}))
    events = decide(subject, adopt(("consented", "2019-01"), ("enrolled", "2019-05")))
    assert [type(one) for one in events] == [SubjectEnrolled]


def test_a_subject_is_where_its_last_step_led() -> None:
    assert after("consented", "screened").status == "screened"


STEPS: st.SearchStrategy[StepName] = st.sampled_from(sorted(EVENT_OF))


@given(st.lists(STEPS, min_size=1, max_size=7, unique=True))
def test_adopting_the_same_twice_changes_nothing(steps: list[StepName]) -> None:
    taken: list[tuple[StepName, BusinessTime | None]] = [(step, "2019") for step in steps]
    command = adopt(*taken)
    subject = reduce(evolve, decide(None, command), None)
    assert decide(subject, command) == []
