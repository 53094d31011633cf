"""A body that sets a later end: taken in time, entered late, refused with all that is in the way."""

from datetime import date
from typing import Any

import pytest
from clock_examples import (
    BEGAN,
    HALF,
    LAST,
    MISSED,
    MOST,
    PERIOD,
    PLACE,
    RULE,
    STARTED,
    ZONE,
    after,
    codes,
    march,
    morning,
    note,
    on,
)
from regulatory.domain.calendar import decided
from regulatory.domain.clock import decide
from regulatory.domain.clock_messages import (
    ClockEnded,
    ClockEvent,
    ClockExtendedByBody,
    ClockPaused,
    ClockStarted,
    ClockStopped,
    DeadlineApproaching,
    DeadlineMissed,
    ExtendClockByBody,
    PauseClock,
    StopClock,
)
from regulatory.domain.clock_state import Clock, Extension, evolve
from regulatory.domain.simulation import moved

TEN_MORE = decided(BEGAN.isoformat(), march(21), ZONE)


def asked(said: int, until: int, *, entered: int | None = None, **more: Any) -> ExtendClockByBody:
    """The body said on one day of March that the period ends on another; it is entered on that day or later."""
    now = morning(march(entered if entered is not None else said))
    return ExtendClockByBody(**on(said), due_on=march(until), now=now, **more)


def granted(said: int, *left: int, **more: Any) -> ClockExtendedByBody:
    """Ten days more, with these alerts still to be told."""
    alerts = tuple(one for one in TEN_MORE.alerts if one.percent in left)
    return ClockExtendedByBody(**on(said), due_before=march(11), deadline=TEN_MORE, alerts=alerts, **more)


def test_a_later_end_counts_its_alerts_anew_and_keeps_the_earlier_one() -> None:
    extended = granted(8, 50, 80, 100, reference="BfArM-17")
    assert decide(after(HALF), asked(8, 21, reference="BfArM-17")) == [extended]
    clock = after(HALF, extended)
    assert (clock.status, clock.period.due_by_body, clock.deadline.due_on) == ("running", True, march(21))
    facts = {"on": march(8).isoformat(), "due_before": march(11), "due_on": march(21), "reference": "BfArM-17"}
    assert clock.extensions == (Extension.model_validate(facts),)
    assert decide(clock, note(11)) == []
    assert decide(clock, note(12)) == [DeadlineApproaching(occurred_at="2024-03-11T23:00:00Z", percent=50)]
    assert decide(clock, StopClock(**on(21))) == [ClockStopped(**on(21), in_time=True)]


def test_what_was_told_and_is_so_by_the_later_end_too_is_not_told_twice() -> None:
    little = decided(BEGAN.isoformat(), march(13), ZONE)
    [extended] = decide(after(HALF, MOST), asked(10, 13))
    assert isinstance(extended, ClockExtendedByBody)
    assert [one.percent for one in little.alerts] == [50, 80, 100]
    assert [one.percent for one in extended.alerts] == [80, 100]
    clock = after(HALF, MOST, extended)
    assert [one.percent for one in decide(clock, note(12)) if isinstance(one, DeadlineApproaching)] == [80]


def test_what_waits_to_be_told_and_is_so_by_the_later_end_is_told_with_it() -> None:
    events = decide(after(), asked(8, 12, entered=9))
    assert [type(event) for event in events] == [ClockExtendedByBody, DeadlineApproaching]
    assert events[1] == DeadlineApproaching(occurred_at="2024-03-06T23:00:00Z", percent=50)


def test_one_that_was_said_before_the_miss_takes_it_back_when_it_is_entered() -> None:
    missed = after(HALF, MOST, LAST, MISSED)
    assert decide(missed, asked(11, 21, entered=14)) == [granted(11, 80, 100)]
    assert after(HALF, MOST, LAST, MISSED, granted(11, 80, 100)).status == "running"


def test_a_later_end_that_has_passed_too_is_missed_at_once() -> None:
    again = DeadlineMissed(occurred_at="2024-03-21T23:00:00Z")
    assert decide(after(MISSED), asked(11, 21, entered=25)) == [granted(11), again]


def test_one_that_was_said_after_the_deadline_had_passed_is_refused_whether_the_miss_is_told_or_not() -> None:
    assert codes(after(MISSED), asked(12, 21)) == ["deadline_passed"]
    assert codes(after(), asked(12, 21)) == ["deadline_passed"]


def test_the_same_again_changes_nothing_and_a_further_one_is_another() -> None:
    once = after(granted(8, 50, 80, 100))
    assert decide(once, asked(8, 21, entered=20)) == []
    assert decide(after(granted(8, 50, 80, 100), ClockStopped(**on(20), in_time=True)), asked(8, 21)) == []
    [further] = decide(once, asked(9, 25))
    assert isinstance(further, ClockExtendedByBody)
    assert (further.due_before, len(evolve(once, further).extensions)) == (march(21), 2)


@pytest.mark.parametrize(
    "event",
    [ClockStopped(**on(5), in_time=True), ClockEnded(**on(5)), ClockPaused(**on(5), since=march(5))],
)
def test_a_clock_that_does_not_run_is_not_extended(event: ClockEvent) -> None:
    assert codes(after(event), asked(6, 21)) == ["wrong_status"]


def test_everything_that_is_in_the_way_is_named_at_once() -> None:
    assert codes(after(), asked(8, 11)) == ["not_later"]
    assert codes(after(), ExtendClockByBody(occurred_at="2024-02-20", due_on=march(21), now=morning(BEGAN))) == [
        "before_start"
    ]
    over = after(ClockEnded(**on(5)))
    assert codes(over, asked(13, 10)) == ["wrong_status", "deadline_passed", "not_later", "due_before_extension"]


def test_an_approval_is_renewed_and_not_extended() -> None:
    about = {"about_type": "submission", "if_missed": "expired"}
    started = ClockStarted(occurred_at=STARTED.occurred_at, period=PERIOD.model_copy(update=about), deadline=TEN_MORE)
    assert codes(evolve(None, started), asked(8, 30)) == ["renew_instead"]


def test_what_history_knows_to_be_over_is_extended_in_silence() -> None:
    over = evolve(None, STARTED.model_copy(update={"over": True}))
    assert decide(over, asked(8, 21, entered=60)) == [granted(8, 50, 80, 100)]


def test_days_of_a_later_pause_move_the_end_that_the_body_has_set() -> None:
    paused = evolve(after(granted(8, 50, 80, 100)), ClockPaused(**on(15), since=march(15)))
    assert (paused.deadline.due_on, paused.period.due_by_body) == (march(21), True)
    assert decide(after(granted(8, 50, 80, 100)), PauseClock(**on(15))) == [ClockPaused(**on(15), since=march(15))]


def test_another_rule_moves_no_end_that_the_body_has_set() -> None:
    shorter, now = RULE.model_copy(update={"amount": 5}), morning(march(30))

    def tried(clock: Clock) -> date | None:
        found = moved(clock, shorter, lambda: PLACE, now)
        return found.due_after if found is not None else None

    assert (tried(after()), tried(after(granted(8, 50, 80, 100)))) == (march(6), None)
