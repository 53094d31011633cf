"""A clock is kept, late or missed by its dates; what it tells it tells once; a refusal names all that is in the way."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from clock_examples import (
    BEGAN,
    HALF,
    LAST,
    MISSED,
    MOST,
    PERIOD,
    STARTED,
    ZONE,
    after,
    approaching,
    codes,
    ends,
    march,
    morning,
    note,
    on,
    start,
)
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kernel import Refused
from regulatory.domain.calendar import Deadline, Suspension, decided
from regulatory.domain.clock import decide
from regulatory.domain.clock_messages import (
    ClockCommand,
    ClockEnded,
    ClockEvent,
    ClockExtended,
    ClockPaused,
    ClockReopened,
    ClockResumed,
    ClockStopped,
    DeadlineApproaching,
    DeadlineMissed,
    EndClock,
    ExtendClock,
    ExtendClockByBody,
    NoteDeadline,
    PauseClock,
    ReopenClock,
    ResumeClock,
    StartClock,
    StopClock,
)
from regulatory.domain.clock_state import Clock, evolve


def test_a_clock_begins_once() -> None:
    assert decide(None, start()) == [STARTED]
    assert decide(after(), start()) == []


def test_a_deadline_that_had_passed_when_its_anchor_was_entered_is_missed_at_once() -> None:
    assert decide(None, start(march(12))) == [STARTED, MISSED]


def test_an_anchor_entered_late_tells_at_once_how_near_the_deadline_is() -> None:
    assert decide(None, start(march(10))) == [STARTED, HALF, MOST]


def test_what_history_knows_to_be_over_tells_nothing() -> None:
    over = STARTED.model_copy(update={"over": True})
    assert decide(None, start(march(12), over=True)) == [over]
    begun = evolve(None, over)
    assert begun.next_alert_at is None
    assert decide(begun, note(20)) == []
    assert decide(begun, StopClock(**on(12))) == [ClockStopped(**on(12), in_time=False)]


def test_alerts_are_told_when_their_time_has_come_and_each_once() -> None:
    assert decide(after(), note(6)) == []
    assert decide(after(), note(7)) == [HALF]
    assert decide(after(HALF), note(8)) == []
    assert decide(after(HALF), note(11)) == [MOST, LAST]
    assert decide(after(HALF, MOST, LAST), note(12)) == [MISSED]
    assert decide(after(HALF, MOST, LAST, MISSED), note(30)) == []


def test_after_downtime_all_is_told_in_order() -> None:
    assert decide(after(), note(30)) == [HALF, MOST, LAST, MISSED]


def test_the_timer_stands_at_what_is_told_next() -> None:
    assert [after(*told).next_alert_at for told in ((), (HALF,), (HALF, MOST), (HALF, MOST, LAST))] == [
        datetime(2024, 3, day, 23, tzinfo=UTC) for day in (6, 9, 10, 11)
    ]
    assert after(MISSED).next_alert_at is None


def test_what_was_done_on_the_last_day_is_in_time_and_a_day_later_not() -> None:
    assert decide(after(), StopClock(**on(11))) == [ClockStopped(**on(11), in_time=True)]
    assert decide(after(), StopClock(**on(12))) == [ClockStopped(**on(12), in_time=False)]


def test_a_miss_that_was_told_proves_wrong_where_the_deed_is_dated_in_time() -> None:
    assert decide(after(MISSED), StopClock(**on(5))) == [ClockStopped(**on(5), in_time=True)]


def test_a_pause_stands_still_and_moves_the_end_by_its_days() -> None:
    paused = after(ClockPaused(**on(4), since=march(4)))
    assert decide(after(), PauseClock(**on(4))) == [ClockPaused(**on(4), since=march(4))]
    assert decide(paused, PauseClock(**on(5))) == []
    assert (paused.status, paused.next_alert_at, decide(paused, note(30))) == ("paused", None, [])
    later = ends(Suspension(since=march(4), until=march(20)))
    resumed = ClockResumed(**on(20), until=march(20), deadline=later)
    command = ResumeClock(**on(20), deadline=later, now=morning(march(20)))
    assert decide(paused, command) == [resumed]
    assert evolve(paused, resumed).deadline.due_on == march(27)
    assert decide(after(), command) == []


def test_what_is_done_while_the_clock_stands_still_is_in_time() -> None:
    paused = after(ClockPaused(**on(4), since=march(4)))
    assert decide(paused, StopClock(**on(25))) == [ClockStopped(**on(25), in_time=True)]


def test_a_pause_entered_late_takes_the_miss_back_where_its_date_allows() -> None:
    assert decide(after(MISSED), PauseClock(**on(4))) == [ClockPaused(**on(4), since=march(4))]
    assert codes(after(MISSED), PauseClock(**on(12))) == ["deadline_passed"]


def test_a_clock_goes_on_no_earlier_than_it_was_paused() -> None:
    paused = after(ClockPaused(**on(4), since=march(4)))
    command = ResumeClock(**on(3), deadline=ends(), now=morning(march(20)))
    assert codes(paused, command) == ["before_pause"]


def test_an_extension_lengthens_once_a_rule_and_tells_again_what_is_later_now() -> None:
    longer = ends(more_days=10)
    command = ExtendClock(
        **on(8), under_rule_id="more", more_days=10, deadline=longer, now=morning(march(8)), only_if_open=True
    )
    extended = ClockExtended(**on(8), under_rule_id="more", more_days=10, deadline=longer)
    assert decide(after(HALF), command) == [extended]
    clock = after(HALF, extended)
    assert (clock.more_days, clock.deadline.due_on) == (10, march(21))
    assert [one.percent for one in clock.alerts] == [50, 80, 100]
    assert decide(clock, command) == []


def test_an_extension_entered_late_opens_a_missed_clock_again_or_finds_it_missed_still() -> None:
    longer = ends(more_days=10)
    facts = {**on(8), "under_rule_id": "more", "more_days": 10, "deadline": longer}
    extended = ClockExtended.model_validate(facts)
    again = decide(after(MISSED), ExtendClock.model_validate({**facts, "now": morning(march(12))}))
    assert again == [extended, approaching(50, "2024-03-11")]
    still = decide(after(MISSED), ExtendClock.model_validate({**facts, "now": morning(march(22))}))
    assert still == [extended, DeadlineMissed(occurred_at="2024-03-21T23:00:00Z")]


def test_an_extension_of_a_paused_clock_waits_for_its_end() -> None:
    paused = after(ClockPaused(**on(4), since=march(4)))
    command = ExtendClock(**on(5), under_rule_id="more", more_days=10, deadline=paused.deadline, now=morning(march(5)))
    [extended] = decide(paused, command)
    clock = evolve(paused, extended)
    assert (clock.status, clock.more_days, clock.next_alert_at) == ("paused", 10, None)


def test_a_clock_can_end_without_having_been_kept() -> None:
    assert decide(after(MISSED), EndClock(**on(20))) == [ClockEnded(**on(20))]
    assert decide(after(ClockEnded(**on(20))), EndClock(**on(21))) == []


def test_to_a_policy_what_was_missed_stays_missed() -> None:
    assert decide(after(MISSED), EndClock(**on(20), only_if_open=True)) == []


def reopen(day: int, *, only_if_open: bool = False) -> ReopenClock:
    return ReopenClock(occurred_at=march(day).isoformat(), now=morning(march(day)), only_if_open=only_if_open)


def test_an_end_can_be_taken_back_and_tells_what_came_due_meanwhile() -> None:
    reopened = ClockReopened(**on(8))
    assert decide(after(HALF, ClockEnded(**on(7))), reopen(8)) == [reopened]
    clock = after(HALF, ClockEnded(**on(7)), reopened)
    assert (clock.status, clock.next_alert_at) == ("running", datetime(2024, 3, 9, 23, tzinfo=UTC))
    assert decide(clock, reopen(8)) == []
    assert decide(after(ClockEnded(**on(7))), reopen(20)) == [ClockReopened(**on(20)), MISSED]


def test_a_paused_clock_that_is_taken_back_stands_still_again() -> None:
    clock = after(ClockPaused(**on(4), since=march(4)), ClockEnded(**on(7)), ClockReopened(**on(8)))
    assert (clock.status, clock.next_alert_at, decide(clock, note(30))) == ("paused", None, [])


def test_a_policy_takes_back_an_end_and_never_that_it_was_kept() -> None:
    kept = after(ClockStopped(**on(5), in_time=True))
    assert decide(kept, reopen(6, only_if_open=True)) == []
    assert decide(kept, reopen(6)) == [ClockReopened(**on(6))]
    assert decide(None, reopen(6, only_if_open=True)) == []


OVER = [ClockStopped(**on(5), in_time=True), ClockEnded(**on(5))]
STEPS: list[type[Any]] = [PauseClock, StopClock, EndClock]


@pytest.mark.parametrize("event", OVER)
@pytest.mark.parametrize("step", STEPS)
def test_what_is_over_takes_no_other_step(event: ClockEvent, step: type[Any]) -> None:
    clock = after(event)
    if (clock.status, step) in {("stopped", StopClock), ("ended", EndClock)}:
        assert decide(clock, step(**on(6))) == []
    else:
        assert codes(clock, step(**on(6))) == ["wrong_status"]
        assert decide(clock, step(**on(6), only_if_open=True)) == []


def test_a_step_cannot_lie_before_the_clock_began() -> None:
    assert codes(after(), StopClock(occurred_at="2024-02-20")) == ["before_start"]
    assert codes(after(), PauseClock(occurred_at="2024-02-20")) == ["before_start"]


def test_a_policy_concerns_only_clocks_that_are_there() -> None:
    assert decide(None, StopClock(**on(5), only_if_open=True)) == []
    assert codes(None, StopClock(**on(5))) == ["clock_unknown"]
    assert codes(None, note(5)) == ["clock_unknown"]
    with pytest.raises(Refused, match="not known"):
        evolve(None, MISSED)


class Life(RuleBasedStateMachine):
    """A clock against a model of its own: days counted one by one, and a set of what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.clock: Clock | None = None
        self.today = BEGAN
        self.suspensions: list[Suspension] = []
        self.more = 0
        self.status = "running"
        self.missed = False
        self.by_body: date | None = None
        self.told: set[int] = set()

    @initialize(late=st.integers(0, 15))
    def begin(self, late: int) -> None:
        self.today = BEGAN + timedelta(days=late)
        self._take(StartClock(occurred_at=BEGAN.isoformat(), period=PERIOD, deadline=ends(), now=morning(self.today)))
        self._look()

    @rule(days=st.integers(0, 6))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)
        self._take(NoteDeadline(occurred_at=None, now=morning(self.today)))
        self._look()

    @precondition(lambda self: self.status == "running")
    @rule()
    def pause(self) -> None:
        self._take(PauseClock(occurred_at=self.today.isoformat()))
        self.suspensions.append(Suspension(since=self.today))
        self.status = "paused"

    @precondition(lambda self: self.status == "paused")
    @rule()
    def resume(self) -> None:
        since = self.suspensions[-1].since
        self.suspensions[-1] = Suspension(since=since, until=self.today)
        self.by_body = self.by_body and self.by_body + (self.today - since)
        end = self._end()
        self.told.clear()
        self._take(ResumeClock(occurred_at=self.today.isoformat(), deadline=end, now=morning(self.today)))
        self.status = "running"
        self._look()

    @precondition(lambda self: self.status in {"running", "missed"} and self.more == 0)
    @rule(days=st.integers(1, 20))
    def extend(self, days: int) -> None:
        self.more = days
        self.by_body = self.by_body and self.by_body + timedelta(days=days)
        end = self._end()
        self.told.clear()
        facts = {"under_rule_id": "more", "more_days": days, "deadline": end, "now": morning(self.today)}
        self._take(ExtendClock.model_validate({"occurred_at": self.today.isoformat(), **facts}))
        self.status = "running"
        self._look()

    @precondition(lambda self: self.status in {"running", "missed"})
    @rule(ago=st.integers(0, 5), days=st.integers(-1, 15))
    def extend_by_body(self, ago: int, days: int) -> None:
        last, said = self._last_day(), self.today - timedelta(days=ago)
        until = last + timedelta(days=days)
        facts = {"occurred_at": said.isoformat(), "due_on": until, "now": morning(self.today)}
        command = ExtendClockByBody.model_validate(facts)
        if days < 1 or not BEGAN <= said <= last:
            assert self.clock is not None
            known = [(one.on, one.due_on) for one in self.clock.extensions[-1:]]
            assert (command.occurred_at, until) in known or codes(self.clock, command)
            return
        self.by_body, self.status = until, "running"
        self.told = {one for one in self.told if self._tells(one, until) <= self.today}
        self._take(command)
        self._look()

    @precondition(lambda self: self.status in {"running", "missed", "paused"})
    @rule()
    def stop(self) -> None:
        late = self.status != "paused" and self.today > self._last_day()
        [stopped] = self._take(StopClock(occurred_at=self.today.isoformat()))
        assert stopped == ClockStopped(occurred_at=self.today.isoformat(), in_time=not late)
        self.status = "stopped"

    @invariant()
    def clock_and_model_agree(self) -> None:
        if self.clock is None:
            return
        assert self.clock.status == self.status
        assert (self.clock.next_alert_at is None) == (self.status != "running")
        if self.status == "running":
            assert self.clock.deadline.due_on == self._last_day()
            assert self.clock.next_alert_at is not None
            assert self.clock.next_alert_at > morning(self.today)

    def _end(self) -> Deadline:
        if self.by_body is not None:
            return decided(BEGAN.isoformat(), self.by_body, ZONE)
        return ends(*self.suspensions, more_days=self.more)

    @staticmethod
    def _tells(percent: int, until: date) -> date:
        """The day on whose beginning so many percent of the days up to the end are over."""
        days = (until - BEGAN).days
        return BEGAN + timedelta(days=1 + min(days * percent // 100, days - 1))

    def _last_day(self) -> date:
        if self.by_body is not None:
            return self.by_body
        day, left = BEGAN, 10 + self.more
        while left:
            day += timedelta(days=1)
            left -= not any(one.covers(day) for one in self.suspensions)
        return day

    def _look(self) -> None:
        if self.status == "running" and self.today > self._last_day():
            self.status = "missed"

    def _take(self, command: ClockCommand) -> list[ClockEvent]:
        events = decide(self.clock, command)
        for event in events:
            self.clock = evolve(self.clock, event)
            if isinstance(event, DeadlineApproaching):
                assert event.percent not in self.told
                self.told.add(event.percent)
        again = [] if isinstance(command, StartClock | NoteDeadline) else decide(self.clock, command)
        assert again == []
        return events


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
test_a_clock_agrees_with_days_counted_one_by_one = Life.TestCase
