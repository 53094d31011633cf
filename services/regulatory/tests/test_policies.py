"""Which clocks a submission's step begins, goes on with and ends; what a missed deadline makes of the submission."""

from datetime import date
from typing import Any

import pytest
from contracts import Received
from contracts import regulatory as public
from contracts.sites.amendments import AmendmentImplementedAtSite
from regulatory.domain.clock_messages import EndClock, PauseClock, StopClock
from regulatory.domain.clock_orders import Extend, Resume, StartForSubmission, is_over
from regulatory.domain.clock_rules import CLOCK_RULES
from regulatory.domain.submission_commands import (
    ExpireApproval,
    ExtendAnswerLimit,
    ImplementModification,
    LapseSubmission,
)
from regulatory.domain.submission_steps import StepTaken
from regulatory.policies import clock_id_of, clock_orders, implementations, longer_limit, submission_order
from studyline.testing.events import told

ABOUT: dict[str, Any] = {
    "study_id": "s1",
    "submission_id": "sub-1",
    "body": "competent_authority",
    "country": "DE",
    "site_id": None,
    "kind": "initial",
}
DECISION: dict[str, Any] = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
EVERY = [(rule_id, number) for rule_id in CLOCK_RULES.ids for number in (1, 2)]
NAMES = {clock_id_of("sub-1", rule_id, number): f"{rule_id} {number}" for rule_id, number in EVERY}


def received(event: public.SubmissionEvent | public.ClockEvent, on: str | None = "2024-04-19") -> Received:
    return told("submission/sub-1", event, sponsor="Acme", version=3, occurred=on)


def happens(event_class: type[public.SubmissionEvent], on: str | None = "2024-04-19", **more: Any) -> dict[str, Any]:
    """What each clock is asked, by the rule and the number of the clock."""
    event = event_class.model_validate({**ABOUT, **more})
    return {NAMES[order.clock_id]: order.wanted for order in clock_orders(received(event, on))}


def words(orders: dict[str, Any]) -> dict[str, str]:
    return {name: type(wanted).__name__ for name, wanted in orders.items()}


def test_a_submission_begins_the_clocks_of_its_country_kind_and_body() -> None:
    assert words(happens(public.SubmissionSubmitted)) == {
        "eu-ctr-reporting-member-state 1": "StartForSubmission",
        "eu-ctr-validation 1": "StartForSubmission",
    }
    assert words(happens(public.SubmissionSubmitted, country="US")) == {"us-ind-in-effect 1": "StartForSubmission"}
    assert words(happens(public.SubmissionSubmitted, kind="annual_report")) == {}
    assert words(happens(public.SubmissionSubmitted, body="ethics_committee")) == {}


def test_a_submission_of_a_first_client_has_no_kind_and_no_clock() -> None:
    assert happens(public.SubmissionSubmitted, kind=None) == {}


@pytest.mark.parametrize("on", ["1900-01-01", "2021-01-01"])
def test_before_its_rule_was_in_force_nothing_begins(on: str) -> None:
    assert happens(public.SubmissionSubmitted, on) == {}


def test_without_its_own_date_a_step_is_dated_by_when_it_became_known() -> None:
    orders = happens(public.SubmissionSubmitted, None)
    assert {order.since for order in orders.values()} == {"2022-02-01T00:00:00+00:00"}


def test_questions_begin_the_sponsors_clock_and_the_body_has_kept_its_own() -> None:
    orders = happens(public.SubmissionValidationQuestionsReceived, rounds=1, due_on="2024-04-29")
    assert words(orders) == {
        "eu-ctr-validation-answer 1": "StartForSubmission",
        "eu-ctr-reporting-member-state 1": "StopClock",
        "eu-ctr-validation 1": "StopClock",
        "eu-ctr-validation-check 1": "StopClock",
    }
    start = orders["eu-ctr-validation-answer 1"]
    assert isinstance(start, StartForSubmission)
    assert (start.round, start.due_on, start.version) == (1, None, 3)


def test_a_limit_that_the_body_has_set_counts() -> None:
    asked: dict[str, Any] = {"rounds": 2, "due_on": "2024-05-07", "due_by_body": True}
    start = happens(public.SubmissionValidationQuestionsReceived, **asked)["eu-ctr-validation-answer 2"]
    assert (start.round, start.due_on) == (2, date(2024, 5, 7))


def test_answers_stop_the_sponsors_clock_and_begin_the_bodys() -> None:
    orders = words(happens(public.SubmissionValidationQuestionsAnswered, rounds=1))
    assert orders.pop("eu-ctr-validation-check 1") == "StartForSubmission"
    assert orders.pop("eu-ctr-validation-answer 1") == "StopClock"
    assert set(orders.values()) == {"Reopen"}, "what ended with a lapse runs again"


def test_validation_begins_the_assessment_of_the_parts_there_are() -> None:
    started = {"eu-ctr-part-i 1", "eu-ctr-part-ii 1"}
    both, second = happens(public.SubmissionValidated), happens(public.SubmissionValidated, parts=("II",))
    assert {name for name, one in words(both).items() if one == "StartForSubmission"} == started
    assert {name for name, one in words(second).items() if one == "StartForSubmission"} == {"eu-ctr-part-ii 1"}


@pytest.mark.parametrize(
    ("part", "extended"),
    [("I", {"eu-ctr-part-i 1"}), ("II", {"eu-ctr-part-ii 1"}), (None, {"eu-ctr-part-i 1", "eu-ctr-part-ii 1"})],
)
def test_questions_extend_the_assessment_of_the_part_they_are_about(part: str | None, extended: set[str]) -> None:
    orders = happens(public.SubmissionQuestionsReceived, part=part, rounds=1)
    longer = {name: one for name, one in orders.items() if isinstance(one, Extend)}
    assert set(longer) == extended
    assert {one.rule.amount for one in longer.values()} == {31}
    assert isinstance(orders["eu-ctr-answer 1"], StartForSubmission)


def test_questions_pause_the_clock_where_the_law_says_so_and_answers_let_it_go_on() -> None:
    swiss: dict[str, Any] = {"country": "CH", "body": "ethics_committee", "rounds": 1}
    paused = PauseClock(occurred_at="2024-04-19", only_if_open=True)
    assert happens(public.SubmissionQuestionsReceived, **swiss) == {"ch-ethics-decision 1": paused}
    assert happens(public.SubmissionQuestionsAnswered, **swiss)["ch-ethics-decision 1"] == Resume("2024-04-19")


def test_the_decision_is_due_after_the_latest_conclusion_in_whichever_order_these_are_entered() -> None:
    concluded: dict[str, Any] = {"part": "II", "conclusion": "acceptable"}
    first = happens(public.SubmissionPartConcluded, "2024-04-08", **concluded, completed_on=None)
    assert words(first) == {"eu-ctr-part-ii 1": "StopClock"}
    last = happens(public.SubmissionPartConcluded, "2022-07-18", **concluded, completed_on="2022-08-01")
    assert words(last) == {"eu-ctr-decision 1": "StartForSubmission", "eu-ctr-part-ii 1": "StopClock"}
    assert last["eu-ctr-decision 1"].since == "2022-08-01"


def test_a_decision_on_part_ii_alone_is_its_conclusion() -> None:
    about: dict[str, Any] = {
        "kind": "substantial_modification",
        "parts": ("II",),
        "part": "II",
        "conclusion": "acceptable",
    }
    orders = happens(public.SubmissionPartConcluded, **about, completed_on="2024-04-19")
    assert words(orders) == {"eu-ctr-modification-part-ii 1": "StopClock"}


def test_with_an_approval_all_that_was_due_before_it_is_over_and_its_expiry_begins() -> None:
    orders = happens(public.SubmissionApproved, **{**DECISION, "expires_on": "2026-06"}, rounds=1)
    assert orders.pop("approval-expiry 1").due_on == date(2026, 6, 30)
    assert orders.pop("eu-ctr-decision 1") == StopClock(occurred_at="2024-04-19", only_if_open=True)
    assert set(words(orders).values()) == {"EndClock"}
    assert "eu-ctr-answer 1" in orders
    assert "approval-expiry 1" not in happens(public.SubmissionApproved, **DECISION)


def test_a_committees_approval_in_the_us_is_reviewed_within_a_year() -> None:
    orders = happens(public.SubmissionApproved, **DECISION, country="US", body="ethics_committee")
    assert words(orders) == {"us-irb-continuing-review 1": "StartForSubmission"}


def test_a_renewal_keeps_the_expiry_and_begins_the_next() -> None:
    renewed: dict[str, Any] = {"reference": "R-2", "covers": (), "expires_on": "2028-01-31"}
    once = happens(public.SubmissionRenewed, **renewed, renewals=1)
    assert words(once) == {"approval-expiry-renewed 1": "StartForSubmission", "approval-expiry 1": "StopClock"}
    twice = words(happens(public.SubmissionRenewed, **renewed, renewals=2))
    assert twice["approval-expiry-renewed 1"] == "StopClock"
    assert twice["approval-expiry-renewed 2"] == "StartForSubmission"


@pytest.mark.parametrize("event", [public.SubmissionWithdrawn, public.SubmissionRevoked, public.SubmissionExpired])
def test_what_gives_a_submission_up_ends_its_clocks(event: type[public.SubmissionEvent]) -> None:
    orders = happens(event, rounds=2, renewals=1)
    assert {"eu-ctr-answer 2", "approval-expiry 1", "approval-expiry-renewed 1"} <= set(orders)
    assert {type(one) for one in orders.values()} <= {EndClock, StopClock}


def test_what_is_no_step_of_a_rule_asks_nothing() -> None:
    assert happens(public.SubmissionPlanned) == {}
    assert happens(public.SubmissionConditionFulfilled, number=1, open_conditions=0) == {}
    assert [*clock_orders(received(missed("lapsed")))] == []


def missed(if_missed: str, **more: Any) -> public.RegulatoryDeadlineMissed:
    about = {"clock_id": "c1", "rule_id": "eu-ctr-answer", "rule_version": 1, "about_type": "submission"}
    due = {"due_on": "2024-04-29", "due_at": "2024-04-29T22:00:00Z", "zone": "Europe/Berlin", "obliges": "sponsor"}
    facts = {"study_id": "s1", "about_id": "sub-1", "country": "DE", "site_id": None, "round": 2}
    return public.RegulatoryDeadlineMissed.model_validate({**about, **due, **facts, "if_missed": if_missed, **more})


def test_a_missed_answer_makes_the_submission_lapse_and_a_missed_renewal_expire() -> None:
    lapse = LapseSubmission(occurred_at="2024-04-19", cause="answer_limit_missed", round=2)
    assert submission_order(received(missed("lapsed"))) == ("sub-1", lapse)
    expire = ExpireApproval(occurred_at="2024-04-19", by_policy=True)
    assert submission_order(received(missed("expired"))) == ("sub-1", expire)


def test_other_misses_ask_nothing_of_a_submission() -> None:
    assert submission_order(received(missed("tacit_validity"))) is None
    assert submission_order(received(missed("lapsed", about_type="obligation"))) is None
    assert submission_order(received(public.SubmissionSubmitted.model_validate(ABOUT))) is None


def extended(**more: Any) -> Received:
    facts = {"due_before": "2024-04-22", "percent": None, "reference": None}
    about = missed("lapsed").model_dump() | facts | more
    return received(public.RegulatoryClockExtendedByBody.model_validate(about))


def test_where_the_body_gives_more_time_for_an_answer_the_submission_waits_until_then() -> None:
    wanted = ExtendAnswerLimit(occurred_at="2024-04-19", round=2, due_on=date(2024, 4, 29))
    assert longer_limit(extended()) == ("sub-1", wanted)
    for other in ({"round": None}, {"obliges": "authority"}, {"about_type": "obligation"}):
        assert longer_limit(extended(**other)) is None
    assert longer_limit(received(missed("lapsed"))) is None


def test_more_time_opens_again_what_ended_with_a_lapse_and_touches_nothing_otherwise() -> None:
    facts: dict[str, Any] = {"round": 1, "rounds": 1, "phase": "assessment", "due_on": "2024-04-29"}
    back = happens(public.SubmissionAnswerLimitExtended, **facts, had_lapsed=True)
    assert set(words(back).values()) == {"Reopen"}
    assert {"eu-ctr-part-i 1", "eu-ctr-part-ii 1"} <= set(back)
    assert happens(public.SubmissionAnswerLimitExtended, **facts, had_lapsed=False) == {}


def test_where_a_site_works_by_a_version_its_modifications_are_carried_out() -> None:
    about = {"study_id": "s1", "site_id": "site-7", "country": "DE", "amendment_id": "a", "document_id": "p"}
    days = {"approved_on": None, "effective_in_country_on": "2024-03-01", "effective_on": "2024-03-01"}
    lags = {"days_from_approval": None, "days_from_effect": 49, "steps": (), "rested_on": ("e1",)}
    told_of = {**about, **days, **lags, "version": "2.0", "submissions": ("sub-1", "sub-2")}
    implemented = told("site-amendment/a", AmendmentImplementedAtSite.model_validate(told_of), sponsor="Acme")
    place = {"site_id": "site-7", "site_country": "DE", "by_policy": True}
    command = ImplementModification.model_validate({"occurred_at": "2022-02-01", **place})
    assert [*implementations(implemented)] == [("sub-1", command), ("sub-2", command)]
    assert [*implementations(received(missed("lapsed")))] == []


def test_a_history_that_went_on_is_over_for_the_clock_that_it_stopped() -> None:
    rule = CLOCK_RULES.in_force("eu-ctr-part-i", date(2024, 1, 1))
    assert rule is not None
    concluded = StepTaken(step="part_concluded", on="2024-02-01", part="I")
    other = StepTaken(step="part_concluded", on="2024-02-01", part="II", completes=True)
    assert is_over(rule, [other, concluded])
    assert not is_over(rule, [other])
    assert is_over(rule, [StepTaken(step="tacitly_approved", on="2024-02-01")])
