"""The course of a trial begins its obligations and tells that they were met, in whichever order that is learned."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from contracts import PublicEvent, Received, derived_id
from contracts import regulatory as public
from contracts.sites import MilestoneReached, SiteActivated, StudyMilestoneReached, SubjectConsented
from regulatory.domain.calendar import EveryDay, Place, deadline
from regulatory.domain.clock import decide
from regulatory.domain.clock_messages import (
    ClockAnchorCorrected,
    ClockAnchorTakenBack,
    ClockEvent,
    ClockStarted,
    ClockStopped,
    DeadlineMissed,
    EndClock,
    ExtendClockByBody,
    PauseClock,
    Period,
    ReckonObligation,
    ResumeClock,
    StopClock,
)
from regulatory.domain.clock_rules import CLOCK_RULES, ClockRule
from regulatory.domain.clock_state import Clock, evolve
from regulatory.domain.trial_obligations import Course, Duty, Sent, anchor_of, duty_of, met_on, not_to_notify
from regulatory.policies import duties
from studyline.testing.events import told

RULES = CLOCK_RULES.seen
AUTHORISED = {"DE": "2024-02-01", "FR": "2024-02-10", "GB": "2024-02-01"}
PLACE = Place("Europe/Berlin", EveryDay())
NOW = datetime(2024, 6, 1, tzinfo=UTC)
SUBMISSION: dict[str, Any] = {"study_id": "s1", "submission_id": "sub-1", "site_id": None}
ENDS = ("eu-ctr-archive", "eu-ctr-end-of-trial-everywhere")


def course(**milestones: str) -> Course:
    """Milestones as `DE_first_subject_in`, the study's without a country."""
    reached: dict[tuple[str | None, str], str] = {}
    for name, day in milestones.items():
        place, _, kind = name.partition("_")
        reached[(place, kind) if place.isupper() else (None, name)] = day
    return Course(reached, AUTHORISED)


def notified(*anchors: str, on: str = "2024-04-10", **more: Any) -> Sent:
    about: dict[str, Any] = {"kind": "notification", "body": "competent_authority", "country": "DE", **more}
    return Sent(**about, notifies=anchors, on=on)


def anchor(rule_id: str, known: Course, country: str | None = "DE") -> str | None:
    rule = RULES[rule_id]
    duty = duty_of(rule, "s1", country)
    assert duty is not None
    return anchor_of(rule, duty, known)


def met(rule_id: str, known: Course, since: str, country: str | None = "DE") -> str | None:
    return met_on(RULES[rule_id], Duty(rule_id, "s1", country), known, since)


@pytest.mark.parametrize(
    ("rule_id", "milestone"),
    [
        ("eu-ctr-start-of-trial", "first_site_activated"),
        ("eu-ctr-first-visit", "first_subject_in"),
        ("eu-ctr-end-of-recruitment", "last_subject_in"),
        ("eu-ctr-end-of-trial-in-state", "trial_ended"),
        ("eu-ctr-no-subject-included", "authority_approval"),
    ],
)
def test_a_countrys_milestone_begins_what_is_due_there(rule_id: str, milestone: str) -> None:
    known = course(**{f"DE_{milestone}": "2024-04-01"})
    assert anchor(rule_id, known) == "2024-04-01"
    assert anchor(rule_id, known, "FR") is None


def test_the_trial_has_ended_in_all_states_once_it_has_in_each_where_it_was_authorised() -> None:
    for rule_id in ("eu-ctr-results", "eu-ctr-end-of-trial-in-all-states"):
        assert anchor(rule_id, course(DE_trial_ended="2025-03-01")) is None
        both = course(DE_trial_ended="2025-03-01", FR_trial_ended="2025-01-01")
        assert anchor(rule_id, both) == "2025-03-01", "not that of the country that came last, but the latest"
    assert anchor("eu-ctr-results", Course({}, {})) is None, "a trial that no state authorised ends in none"


def test_the_studys_completion_begins_what_is_due_once_for_all() -> None:
    for rule_id in ENDS:
        assert anchor(rule_id, course(study_completion="2025-06-01"), None) == "2025-06-01"
        assert (
            anchor_of(RULES[rule_id], Duty(rule_id, "s1", None), Course({(None, "study_completion"): "2025"}, {}))
            is None
        )


@pytest.mark.parametrize("authorised", [{}, {"DE": "2021-05-01"}, {"DE": "2021"}, {"FR": "2024-02-01"}])
def test_nothing_is_due_under_a_law_by_which_the_trial_was_not_authorised(authorised: dict[str, str]) -> None:
    known = replace(course(DE_first_subject_in="2024-04-01"), authorised=authorised)
    assert anchor("eu-ctr-first-visit", known) is None


def test_a_notification_meets_what_it_says_in_its_country_and_not_before_it_happened() -> None:
    first, since = "eu-ctr-first-visit", "2024-04-01"
    told_of = "first_visit_of_first_subject"
    assert met(first, replace(course(), sent=[notified(told_of)]), since) == "2024-04-10"
    both = [notified(told_of, on="2024-04-12"), notified("trial_started", told_of)]
    assert met(first, replace(course(), sent=both), since) == "2024-04-10", "the first counts"
    others = (
        notified("trial_started"),
        notified(told_of, country="FR"),
        notified(told_of, body="ethics_committee"),
        notified(told_of, kind="end_of_trial"),
        notified(told_of, on="2024-03-31"),
        notified(),
    )
    assert [met(first, replace(course(), sent=[one]), since) for one in others] == [None] * len(others)
    assert met(first, replace(course(), sent=[notified(told_of, on=since)]), f"{since}T10:00:00Z") == since


def test_results_are_met_by_whichever_country_has_them_and_the_end_in_a_state_by_its_own_kind() -> None:
    results = replace(course(), sent=[notified(kind="results", body="registry", country="FR", on="2025-12-01")])
    assert met("eu-ctr-results", results, "2025-03-01", None) == "2025-12-01"
    ended = replace(course(), sent=[notified(kind="end_of_trial", on="2025-03-10")])
    assert met("eu-ctr-end-of-trial-in-state", ended, "2025-03-01") == "2025-03-10"
    assert met("eu-ctr-end-of-trial-in-all-states", ended, "2025-03-01", None) is None, "that wants to be said"


def test_an_authorisation_holds_with_the_first_subject() -> None:
    assert met("eu-ctr-no-subject-included", course(DE_first_subject_in="2025-01-07"), "2024-02-01") == "2025-01-07"
    assert met("eu-ctr-no-subject-included", course(FR_first_subject_in="2025-01-07"), "2024-02-01") is None


def test_a_notification_says_only_what_a_rule_of_its_country_awaits() -> None:
    def codes(*notifies: str, **more: Any) -> list[str]:
        asked: dict[str, Any] = {"kind": "notification", "body": "competent_authority", "country": "DE", **more}
        return [reason.code for reason in not_to_notify(**asked, notifies=notifies)]

    assert codes("trial_started", "first_visit_of_first_subject") == []
    assert codes() == codes(kind="initial") == []
    assert codes("trial_started", "the_weather", "measure_taken") == ["anchor_unknown", "anchor_unknown"]
    assert codes("trial_started", country="US") == codes("trial_started", body="ethics_committee") == ["anchor_unknown"]
    assert codes("trial_started", kind="initial") == ["notifies_nothing"]


def received(event: PublicEvent, *, provenance: str = "recorded") -> Received:
    one = told("a/b", event, sponsor="Acme", occurred="2024-04-01")
    return one._replace(envelope=one.envelope.model_copy(update={"provenance": provenance}))


def concerned(event: PublicEvent) -> set[tuple[str, str | None]]:
    return {(duty.rule_id, duty.country) for duty in duties(received(event))}


def milestone(kind: str, country: str = "DE", level: str = "country", actual: str | None = "2024-04-01") -> PublicEvent:
    about = {"study_id": "s1", "level": level, "kind": kind, "country": country, "site_id": None, "actual": actual}
    return MilestoneReached.model_validate(about)


def step(event: type[public.SubmissionEvent], **more: Any) -> PublicEvent:
    about = {"body": "competent_authority", "country": "DE", "kind": "initial", **SUBMISSION}
    return event.model_validate({**about, **more})


def test_each_event_has_those_obligations_reckoned_anew_that_it_may_concern_and_no_other() -> None:
    assert concerned(milestone("first_site_activated")) == {("eu-ctr-start-of-trial", "DE")}
    assert concerned(milestone("first_subject_in")) == {
        ("eu-ctr-first-visit", "DE"),
        ("eu-ctr-no-subject-included", "DE"),
    }
    ended = {
        ("eu-ctr-end-of-trial-in-state", "DE"),
        ("eu-ctr-results", None),
        ("eu-ctr-end-of-trial-in-all-states", None),
    }
    assert concerned(milestone("trial_ended")) == ended
    assert concerned(milestone("trial_ended", "GB")) == concerned(milestone("first_subject_in", level="site")) == set()
    study = StudyMilestoneReached.model_validate({"study_id": "s1", "milestone": "study_completion", "actual": "2025"})
    assert concerned(study) == {(rule_id, None) for rule_id in ENDS}
    sent = concerned(step(public.SubmissionSubmitted, kind="notification", notifies=("trial_started",)))
    assert ("eu-ctr-start-of-trial", "DE") in sent
    assert concerned(step(public.SubmissionSubmitted)) == set()
    assert concerned(step(public.SubmissionSubmitted, kind="results", body="registry")) == {("eu-ctr-results", None)}
    decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
    approved = concerned(step(public.SubmissionApproved, **decision))
    assert approved >= {("eu-ctr-first-visit", "DE"), ("eu-ctr-results", None)}
    assert concerned(step(public.SubmissionApproved, **decision, body="ethics_committee")) == set()


def test_a_site_that_may_enrol_and_a_consent_may_be_the_first_unless_they_were_taken_over() -> None:
    place = {"study_id": "s1", "site_id": "site-1", "country": "DE"}
    activated = SiteActivated.model_validate({**place, "rested_on": ()})
    consented = SubjectConsented.model_validate({**place, "subject_id": "subject-1", "subject_key": "S-1"})
    assert concerned(activated) == concerned(milestone("first_site_activated"))
    assert concerned(consented) == concerned(milestone("first_subject_in"))
    for event in (activated, consented):
        assert list(duties(received(event, provenance="migrated"))) == []


def test_an_urgent_measure_is_told_of_for_itself_wherever_a_rule_wants_it() -> None:
    taken = {"kind": "substantial_modification", "implemented_at_site_id": None, "urgent_safety_measure": True}
    [duty] = duties(received(step(public.SubmissionModificationImplemented, **taken)))
    assert (duty.rule_id, duty.submission_id) == ("eu-urgent-safety-measure", "sub-1")
    known = replace(course(), measures={"sub-1": "2024-05-01"})
    assert anchor_of(RULES[duty.rule_id], duty, known) == "2024-05-01"
    planned = {**taken, "urgent_safety_measure": False}
    assert list(duties(received(step(public.SubmissionModificationImplemented, **planned)))) == []
    assert concerned(step(public.SubmissionModificationImplemented, **taken, country="US")) == set()


# What becomes of the clock

FIRST: ClockRule = RULES["eu-ctr-first-visit"]
DUTY = Duty(FIRST.id, "s1", "DE")
PERIOD = Period.model_validate(
    {
        "clock_id": DUTY.clock_id,
        "study_id": "s1",
        "sponsor_id": derived_id("sponsor", "Acme"),
        "country": "DE",
        "site_id": None,
        "about_type": "obligation",
        "about_id": FIRST.anchor,
        "rule_id": FIRST.id,
        "rule_version": 1,
        "obliges": "sponsor",
        "if_missed": "nothing",
    }
)


def reckoned(since: str | None, done_on: str | None = None, *, now: datetime = NOW, **more: Any) -> ReckonObligation:
    ends = deadline(FIRST, since, PLACE) if since is not None else None
    return ReckonObligation(occurred_at=since, period=PERIOD, deadline=ends, now=now, done_on=done_on, **more)


def after(*commands: Any) -> Clock | None:
    clock = None
    for command in commands:
        for event in decide(clock, command):
            clock = evolve(clock, event)
    return clock


def names(events: list[ClockEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_what_was_over_when_it_was_learned_is_missed_at_once_and_kept_late_or_in_time_by_its_date() -> None:
    started, missed = decide(None, reckoned("2024-04-02"))
    assert isinstance(started, ClockStarted)
    assert started.deadline.due_on == date(2024, 4, 17)
    assert isinstance(missed, DeadlineMissed)
    clock = after(reckoned("2024-04-02"))
    assert decide(clock, reckoned("2024-04-02", "2024-04-17")) == [ClockStopped(occurred_at="2024-04-17", in_time=True)]
    assert decide(clock, reckoned("2024-04-02", "2024-04-18")) == [
        ClockStopped(occurred_at="2024-04-18", in_time=False)
    ]
    assert names(decide(None, reckoned("2024-04-02", "2024-04-09"))) == ["ClockStarted", "ClockStopped"]


def test_the_same_again_changes_nothing() -> None:
    for clock in (after(reckoned("2024-04-02")), after(reckoned("2024-04-02", "2024-04-09"))):
        assert decide(clock, reckoned("2024-04-02")) == []
    assert decide(None, reckoned(None)) == []
    assert decide(None, reckoned("2024-04-02", held_by_another=True)) == []


def test_another_day_gives_another_end_and_takes_a_miss_back() -> None:
    [corrected] = decide(after(reckoned("2024-04-02")), reckoned("2024-05-31"))
    assert isinstance(corrected, ClockAnchorCorrected)
    assert (corrected.due_before, corrected.deadline.due_on) == (date(2024, 4, 17), date(2024, 6, 15))
    clock = after(reckoned("2024-04-02"), reckoned("2024-05-31"))
    assert clock is not None
    assert (clock.status, clock.anchor, len(clock.alerts)) == ("running", "2024-05-31", 3)
    earlier = decide(clock, reckoned("2024-05-01"))
    assert names(earlier) == ["ClockAnchorCorrected", "DeadlineMissed"]


def test_what_was_met_in_time_is_late_by_an_earlier_day_and_the_date_of_doing_it_stays() -> None:
    by_hand = after(reckoned("2024-04-02"), StopClock(occurred_at="2024-04-15"))
    assert by_hand is not None
    assert by_hand.in_time
    corrected, stopped = decide(by_hand, reckoned("2024-03-01"))
    assert names([corrected]) == ["ClockAnchorCorrected"]
    assert stopped == ClockStopped(occurred_at="2024-04-15", in_time=False)


def test_a_milestone_that_is_taken_back_ends_the_clock_and_given_again_it_runs() -> None:
    running = after(reckoned("2024-05-31"))
    assert decide(running, reckoned(None)) == [ClockAnchorTakenBack(occurred_at=None)]
    gone = after(reckoned("2024-05-31"), reckoned(None))
    assert gone is not None
    assert (gone.status, gone.next_alert_at) == ("ended", None)
    assert decide(gone, reckoned(None)) == []
    again = after(reckoned("2024-05-31"), reckoned(None), reckoned("2024-05-31"))
    assert again is not None
    assert (again.status, again.deadline) == ("running", running.deadline if running else None)


def test_what_somebody_ended_stays_so_and_what_stands_still_stands_still() -> None:
    ended = after(reckoned("2024-05-31"), EndClock(occurred_at="2024-06-01"))
    assert decide(ended, reckoned("2024-05-31", "2024-06-03")) == []
    paused = after(reckoned("2024-05-29"), PauseClock(occurred_at="2024-05-31"), reckoned("2024-05-30"))
    assert paused is not None
    assert (paused.status, paused.next_alert_at, paused.anchor) == ("paused", None, "2024-05-30")
    on = deadline(FIRST, "2024-05-30", PLACE)
    went_on = after(reckoned("2024-05-30"), PauseClock(occurred_at="2024-05-31"))
    assert names(decide(went_on, ResumeClock(occurred_at="2024-06-01", deadline=on, now=NOW)))[0] == "ClockResumed"


def test_an_end_that_the_body_has_set_stands_whatever_the_milestone_says() -> None:
    letter = ExtendClockByBody(occurred_at="2024-06-01", due_on=date(2024, 7, 1), now=NOW)
    longer = after(reckoned("2024-05-31"), letter)
    assert decide(longer, reckoned("2024-05-20")) == []
    assert names(decide(longer, reckoned("2024-05-20", "2024-06-20"))) == ["ClockStopped"]


def test_in_whichever_order_authorisation_milestone_correction_and_notification_come_the_clock_is_the_same() -> None:
    facts: dict[str, Any] = {
        "authorised": {"authorised": AUTHORISED},
        "milestone": {"milestones": {("DE", "first_subject_in"): "2024-04-02"}},
        "notified": {"sent": [notified("first_visit_of_first_subject")]},
    }
    seen: set[tuple[object, ...]] = set()
    for order in permutations(facts):
        known, clock = Course({}, {}), None
        for name in order:
            known = replace(known, **facts[name])
            since = anchor_of(FIRST, DUTY, known)
            done_on = met_on(FIRST, DUTY, known, since) if since is not None else None
            for event in decide(clock, reckoned(since, done_on)):
                clock = evolve(clock, event)
        assert clock is not None
        seen.add((clock.status, clock.in_time, clock.anchor, clock.deadline.due_on, clock.over_on))
    assert seen == {("stopped", True, "2024-04-02", date(2024, 4, 17), "2024-04-10")}
