"""A subject is known by a pseudonymous key and takes its steps in order, under a consent that holds, where it may."""

from functools import reduce
from typing import Any, get_args

import pytest
from contracts.sites import subjects as public
from hypothesis import given
from hypothesis import strategies as st
from kernel import BusinessTime, Refused
from sites.domain.consent_forms import Consent, Form, FormChange, Forms
from sites.domain.enrolment_limits import Limit, Taken
from sites.domain.leaving import REASONS, LeavingReason
from sites.domain.subject import ACTIVE, PRECEDED_BY, Subject, decide, evolve
from sites.domain.subject_messages import (
    EVENT_OF,
    AdoptSubject,
    AdvanceSubject,
    ConsentSubject,
    ReconsentSubject,
    RequireReconsent,
    RescreenSubject,
    Setting,
    Step,
    StepName,
    SubjectCommand,
    SubjectCompleted,
    SubjectConsented,
    SubjectEnrolled,
    SubjectEvent,
    SubjectReconsented,
    SubjectReconsentRequired,
    SubjectRescreened,
    SubjectTransferred,
    TransferSubject,
)
from sites.publishing.subjects import publish_subject

ABOUT = {
    "subject_id": "u1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "site_id": "site-7",
    "country": "DE",
    "subject_key": "007-001",
}
ONE, TWO = Form(document_id="icf", version="1.0"), Form(document_id="icf", version="2.0")
OPEN = Setting(site_status="active", study_status="recruiting")
WAYS: dict[StepName, tuple[StepName, ...]] = {
    "consented": ("consented",),
    "screened": ("consented", "screened"),
    "screen_failed": ("consented", "screen_failed"),
    "enrolled": ("consented", "screened", "enrolled"),
    "randomised": ("consented", "screened", "enrolled", "randomised"),
    "treatment_started": ("consented", "screened", "enrolled", "randomised", "treatment_started"),
    "treatment_ended": ("consented", "screened", "enrolled", "treatment_started", "treatment_ended"),
    "follow_up": ("consented", "screened", "enrolled", "follow_up"),
    "completed": ("consented", "screened", "enrolled", "completed"),
    "withdrawn": ("consented", "withdrawn"),
    "lost_to_follow_up": ("consented", "screened", "enrolled", "lost_to_follow_up"),
    "died": ("consented", "died"),
}


def forms(*since: tuple[str | None, BusinessTime]) -> Forms:
    """What is in effect at the site: versions, each since a day."""
    changes = [FormChange(document_id="icf", version=v, country=None, site_id=None, since=on) for v, on in since]
    return Forms(are_known=True, changes=tuple(changes))


def setting(**changes: Any) -> Setting:
    return Setting.model_validate({**dict(OPEN), **changes})


TWICE = forms(("1.0", "2022-01-01"), ("2.0", "2022-06-01"))


def consent(at: BusinessTime = "2022-03-01", form: Form | None = None, where: Setting = OPEN) -> ConsentSubject:
    return ConsentSubject.model_validate({**ABOUT, "occurred_at": at, "form": form, "setting": where})


def event(step: StepName, at: BusinessTime | None = "2022-03-01") -> SubjectEvent:
    return EVENT_OF[step].model_validate({**ABOUT, "occurred_at": at})


def after(*steps: StepName) -> Subject:
    state = reduce(evolve, [event(step) for step in steps], None)
    assert state is not None
    return state


def carried_out(subject: Subject | None, *commands: SubjectCommand) -> Subject:
    for command in commands:
        subject = reduce(evolve, decide(subject, command), subject)
    assert subject is not None
    return subject


REASON_FOR: dict[StepName, LeavingReason] = {
    "screen_failed": "eligibility_criteria_not_met",
    "withdrawn": "withdrawal_by_subject",
}


def advance(step: StepName, at: BusinessTime | None = "2022-04-01", where: Setting = OPEN) -> AdvanceSubject:
    why = REASON_FOR.get(step)
    return AdvanceSubject(occurred_at=at, step=step, setting=where, reason_code=why)


def adopt(*steps: tuple[StepName, BusinessTime | None]) -> AdoptSubject:
    taken = tuple(Step(step=step, on=on) for step, on in steps)
    return AdoptSubject.model_validate({**ABOUT, "occurred_at": steps[0][1], "steps": taken})


def refused(subject: Subject | None, command: SubjectCommand) -> list[str]:
    with pytest.raises(Refused) as told:
        decide(subject, command)
    return [reason.code for reason in told.value.reasons]


def test_a_subject_begins_with_consent_and_consents_once() -> None:
    assert decide(None, consent()) == [event("consented")]
    assert decide(after("consented"), consent()) == []


@pytest.mark.parametrize("step", PRECEDED_BY)
@pytest.mark.parametrize("last", WAYS)
def test_each_step_follows_the_steps_it_needs_and_no_others(last: StepName, step: StepName) -> None:
    subject = after(*WAYS[last])
    if step in WAYS[last]:
        assert decide(subject, advance(step)) == []
    elif last in PRECEDED_BY[step]:
        why = {"reason_code": REASON_FOR[step]} if step in REASON_FOR else {}
        assert decide(subject, advance(step)) == [event(step, "2022-04-01").model_copy(update=why)]
    else:
        with pytest.raises(Refused, match="cannot follow"):
            decide(subject, advance(step))


def test_nobody_is_screened_before_consent() -> None:
    assert refused(None, advance("screened")) == ["subject_unknown"]


def test_nobody_is_enrolled_at_a_site_that_is_not_open() -> None:
    with pytest.raises(Refused, match="not open for enrolment"):
        decide(after("consented", "screened"), advance("enrolled", where=setting(site_status="on_hold")))


def test_a_subject_may_leave_a_site_that_is_not_open() -> None:
    closed = setting(site_status="on_hold", study_status="suspended")
    assert decide(after("consented"), advance("withdrawn", where=closed))


@pytest.mark.parametrize("step", ["screened", "enrolled", "randomised"])
def test_nobody_goes_further_into_a_study_that_is_suspended(step: StepName) -> None:
    subject = after(*WAYS[step][:-1])
    assert refused(subject, advance(step, where=setting(study_status="suspended"))) == ["study_on_hold"]
    assert refused(None, consent(where=setting(study_status="suspended"))) == ["study_on_hold"]


def test_nobody_new_comes_in_at_a_site_on_hold_and_who_takes_part_goes_on() -> None:
    on_hold = setting(site_status="on_hold")
    assert refused(None, consent(where=on_hold)) == ["site_on_hold"]
    assert refused(after("consented"), advance("screened", where=on_hold)) == ["site_on_hold"]
    assert decide(after(*WAYS["enrolled"]), advance("randomised", where=on_hold))


def test_nobody_is_enrolled_beyond_a_limit_and_each_limit_that_is_reached_is_named() -> None:
    taken = (
        Taken(limit=Limit(subjects=5), enrolled=4),
        Taken(limit=Limit(country="DE", subjects=3), enrolled=3),
        Taken(limit=Limit(country="DE", site_id="site-7", subjects=0), enrolled=0),
    )
    subject = after("consented", "screened")
    assert refused(subject, advance("enrolled", where=setting(taken=taken))) == [
        "country_limit_reached",
        "site_limit_reached",
    ]
    assert decide(subject, advance("enrolled", where=setting(taken=taken[:1])))


def test_a_refusal_names_everything_that_is_in_the_way() -> None:
    where = setting(site_status="closed", study_status="terminated", forms=TWICE)
    subject = carried_out(None, consent(form=ONE, where=setting(forms=TWICE)))
    assert refused(subject, advance("enrolled", "2022-02-01", where)) == [
        "wrong_order",
        "before_last_step",
        "site_not_active",
        "study_on_hold",
    ]


def test_a_step_without_a_date_is_not_too_early() -> None:
    assert decide(after("consented"), advance("screened", None))


# Consent forms


def test_where_no_form_of_the_study_is_known_none_is_asked_for() -> None:
    assert decide(None, consent(form=None)) == [event("consented")]


def test_where_a_form_is_known_the_one_in_effect_at_the_site_on_that_day_is_asked_for() -> None:
    where = setting(forms=TWICE)
    assert refused(None, consent(where=where)) == ["consent_form_missing"]
    assert refused(None, consent(form=TWO, where=where)) == ["consent_form_not_in_effect"]
    [consented, *_] = decide(None, consent(form=ONE, where=where))
    assert isinstance(consented, SubjectConsented)
    assert consented.form == ONE
    nowhere = setting(forms=Forms(are_known=True))
    assert refused(None, consent(form=ONE, where=nowhere)) == ["consent_form_not_in_effect"]


def test_a_consent_entered_late_says_at_once_that_another_version_has_come_since() -> None:
    told = decide(None, consent(form=ONE, where=setting(forms=TWICE)))
    assert [type(one) for one in told] == [SubjectConsented, SubjectReconsentRequired]
    assert [type(one) for one in decide(None, consent("2022-07-01", TWO, setting(forms=TWICE)))] == [SubjectConsented]


def test_nobody_goes_further_under_a_consent_that_another_version_has_replaced() -> None:
    before = setting(forms=forms(("1.0", "2022-01-01")))
    subject = carried_out(None, consent(form=ONE, where=before), advance("screened", "2022-05-01", before))
    now = setting(forms=TWICE)
    assert decide(subject, advance("enrolled", "2022-05-31", now))
    assert refused(subject, advance("enrolled", "2022-06-01", now)) == ["reconsent_required"]
    assert decide(subject, advance("withdrawn", "2022-06-01", now))
    again = ReconsentSubject(occurred_at="2022-06-02", form=TWO, setting=now)
    assert decide(carried_out(subject, again), advance("enrolled", "2022-06-03", now))


def test_a_subject_is_marked_once_when_another_version_takes_effect_and_a_new_consent_takes_the_mark_away() -> None:
    subject = carried_out(None, consent(form=ONE, where=setting(forms=forms(("1.0", "2022-01-01")))))
    look = RequireReconsent(occurred_at="2022-06-01", setting=setting(forms=TWICE))
    [required] = decide(subject, look)
    assert isinstance(required, SubjectReconsentRequired)
    assert required.form == TWO
    marked = evolve(subject, required)
    assert marked.reconsent_required
    assert decide(marked, look) == []
    again = ReconsentSubject(occurred_at="2022-06-05", form=TWO, setting=setting(forms=TWICE))
    [reconsented] = decide(marked, again)
    assert isinstance(reconsented, SubjectReconsented)
    subject = evolve(marked, reconsented)
    assert (subject.reconsent_required, subject.status) == (False, "consented")
    assert subject.consents == (Consent(form=ONE, on="2022-03-01"), Consent(form=TWO, on="2022-06-05"))
    assert decide(subject, again) == []


def test_who_consented_to_a_form_nobody_named_is_asked_again_only_when_one_version_replaces_another() -> None:
    first = RequireReconsent(occurred_at="2022-06-01", setting=setting(forms=forms(("1.0", "2022-06-01"))))
    assert decide(after("consented"), first) == []
    second = RequireReconsent(occurred_at="2022-06-01", setting=setting(forms=TWICE))
    assert [type(one) for one in decide(after("consented"), second)] == [SubjectReconsentRequired]
    earlier = forms(("1.0", "2020-01-01"), ("2.0", "2021-01-01"))
    assert decide(after("consented"), RequireReconsent(occurred_at="2022-06-01", setting=setting(forms=earlier))) == []


@pytest.mark.parametrize("last", ["screen_failed", "completed", "withdrawn", "lost_to_follow_up", "died"])
def test_who_has_left_is_asked_for_nothing(last: StepName) -> None:
    look = RequireReconsent(occurred_at="2022-06-01", setting=setting(forms=TWICE))
    assert decide(after(*WAYS[last]), look) == []
    again = ReconsentSubject(occurred_at="2022-06-05", form=TWO, setting=setting(forms=TWICE))
    assert refused(after(*WAYS[last]), again) == ["wrong_order"]


def test_a_new_consent_lies_not_before_the_one_before_and_is_to_a_form_in_effect() -> None:
    again = ReconsentSubject(occurred_at="2022-02-05", form=TWO, setting=setting(forms=TWICE))
    assert refused(after("consented"), again) == ["before_last_step", "consent_form_not_in_effect"]


@pytest.mark.parametrize(
    ("step", "foreign"), [("screen_failed", "progressive_disease"), ("withdrawn", "enrolment_closed")]
)
def test_who_does_not_go_on_does_so_for_a_coded_reason_of_that_step(step: StepName, foreign: LeavingReason) -> None:
    subject = after("consented")
    for why in (None, foreign):
        command = advance(step).model_copy(update={"reason_code": why})
        assert refused(subject, command) == ["reason_code_missing"]
    [left] = decide(subject, advance(step))
    assert evolve(subject, left).steps[-1].reason_code == REASON_FOR[step]
    [published] = [publish_subject(evolve(subject, left), left)]
    assert getattr(published, "reason_code", None) == REASON_FOR[step]


def test_history_is_taken_over_with_the_reason_it_has_or_without_one() -> None:
    steps = (Step(step="consented"), Step(step="withdrawn", on="2021", reason_code="pregnancy"))
    taken = carried_out(None, adopt(("consented", None)).model_copy(update={"steps": steps}))
    assert (taken.status, taken.steps[-1].reason_code) == ("withdrawn", "pregnancy")
    assert carried_out(None, adopt(("consented", None), ("screen_failed", None))).steps[-1].reason_code is None


def test_the_reasons_are_those_of_the_published_events() -> None:
    assert set(REASONS["screen_failed"]) == set(get_args(public.ScreenFailureReason))
    assert set(REASONS["withdrawn"]) == set(get_args(public.WithdrawalReason))


# Another attempt, another site


def test_another_attempt_keeps_the_first_and_takes_its_steps_again() -> None:
    failed = after(*WAYS["screen_failed"])
    again = RescreenSubject(occurred_at="2022-05-01", form=None, setting=OPEN)
    [rescreened] = decide(failed, again)
    assert isinstance(rescreened, SubjectRescreened)
    subject = carried_out(evolve(failed, rescreened), advance("screened", "2022-05-02"))
    assert (subject.attempt, subject.status) == (2, "screened")
    assert [(taken.step, taken.attempt) for taken in subject.steps] == [
        ("consented", 1),
        ("screen_failed", 1),
        ("consented", 2),
        ("screened", 2),
    ]
    assert decide(evolve(failed, rescreened), again) == []


def test_another_attempt_needs_one_that_failed_a_consent_that_holds_and_an_open_study() -> None:
    again = RescreenSubject(occurred_at="2022-02-01", form=None, setting=setting(forms=TWICE, study_status="suspended"))
    assert refused(after("consented"), again) == [
        "wrong_order",
        "before_last_step",
        "study_on_hold",
        "consent_form_missing",
    ]


def transfer(at: BusinessTime = "2022-05-01", site_id: str = "site-9", where: Setting = OPEN) -> TransferSubject:
    return TransferSubject(occurred_at=at, site_id=site_id, country="FR", setting=where)


def test_a_subject_goes_on_at_another_site_under_its_key() -> None:
    [moved] = decide(after(*WAYS["enrolled"]), transfer())
    assert isinstance(moved, SubjectTransferred)
    assert (moved.site_id, moved.from_site_id, moved.from_country) == ("site-9", "site-7", "DE")
    subject = evolve(after(*WAYS["enrolled"]), moved)
    assert (subject.site_id, subject.country, subject.subject_key) == ("site-9", "FR", "007-001")
    assert (subject.sites_before, subject.status) == (("site-7",), "enrolled")
    assert decide(subject, transfer()) == []


def test_a_transfer_names_all_that_is_in_its_way() -> None:
    full = (Taken(limit=Limit(country="FR", subjects=1), enrolled=1),)
    where = setting(site_status="closed", study_status="suspended", taken=full)
    assert refused(after(*WAYS["enrolled"]), transfer("2022-01-01", where=where)) == [
        "before_last_step",
        "site_not_active",
        "study_on_hold",
        "site_on_hold",
        "country_limit_reached",
    ]
    assert refused(after(*WAYS["withdrawn"]), transfer()) == ["wrong_order"]


def test_a_site_with_a_form_of_its_own_asks_for_a_new_consent() -> None:
    subject = carried_out(None, consent(form=ONE, where=setting(forms=forms(("1.0", "2022-01-01")))))
    there = FormChange(document_id="icf-fr", version="1.0", country="FR", site_id=None, since="2022-01-01")
    told = decide(subject, transfer(where=setting(forms=Forms(are_known=True, changes=(there,)))))
    assert [type(one) for one in told] == [SubjectTransferred, SubjectReconsentRequired]


# History


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
    assert PRECEDED_BY["withdrawn"] == ACTIVE


STEPS: st.SearchStrategy[StepName] = st.sampled_from(sorted(EVENT_OF))


@given(st.lists(STEPS, min_size=1, max_size=7, unique=True))
def test_adopting_the_same_twice_changes_nothing(steps: list[StepName]) -> None:
    taken: list[tuple[StepName, BusinessTime | None]] = [(step, "2019") for step in steps]
    command = adopt(*taken)
    subject = reduce(evolve, decide(None, command), None)
    assert decide(subject, command) == []
