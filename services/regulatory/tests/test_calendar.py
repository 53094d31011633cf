"""Periods end on the day that the law says: by Reg. 1182/71, across leap years, clock changes and the winter stop."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from regulatory.domain.calendar import (
    Deadline,
    EveryDay,
    Place,
    Suspension,
    add_months,
    deadline,
    decided,
    in_winter_stop,
    is_too_late,
    local_day,
)
from regulatory.domain.clock_rules import ClockRule
from regulatory.handlers.places import working_days

BERLIN = Place("Europe/Berlin", working_days("DE"))
DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
SUSPENSIONS = st.tuples(DAYS, st.integers(0, 60)).map(
    lambda one: Suspension(since=one[0], until=one[0] + timedelta(days=one[1]))
)


def rule(amount: int, unit: str = "calendar_days", **more: Any) -> ClockRule:
    facts = {"id": "a-rule", "version": 1, "jurisdiction": "EU", "applies_to": "obligation", "anchor": "something"}
    about = {"obliges": "sponsor", "valid_from": "2000-01-01", "source": "a test", "roll": "reg_1182_71"}
    return ClockRule.model_validate({**facts, **about, "amount": amount, "unit": unit, **more})


def due(amount: int, anchor: str, unit: str = "calendar_days", **more: Any) -> str:
    return deadline(rule(amount, unit, **more), anchor, BERLIN).due_on.isoformat()


def test_the_day_of_the_event_is_not_counted() -> None:
    assert due(10, "2024-04-19") == "2024-04-29"


def test_it_is_counted_where_a_rule_says_so() -> None:
    assert due(10, "2024-04-19", event_day="counted", roll="none") == "2024-04-28"


@pytest.mark.parametrize(
    ("anchor", "last"),
    [
        ("2024-06-10", "2024-06-17"),  # a Saturday moves to Monday
        ("2024-04-26", "2024-05-02"),  # the first of May is a holiday
        ("2024-12-20", "2024-12-27"),  # Christmas Day and the day after, then a Friday
    ],
)
def test_a_period_that_ends_on_no_working_day_ends_with_the_next(anchor: str, last: str) -> None:
    assert due(5, anchor) == last


def test_without_a_roll_a_period_ends_where_it_ends() -> None:
    assert due(5, "2024-06-10", roll="none") == "2024-06-15"


def test_a_period_of_two_days_or_more_has_two_working_days() -> None:
    assert due(3, "2024-03-28") == "2024-04-03"  # Good Friday to Easter Monday hold none
    assert due(1, "2024-03-28") == "2024-04-02"


def test_working_days_leave_weekends_and_holidays_out() -> None:
    assert due(5, "2024-04-26", "working_days") == "2024-05-06"


@pytest.mark.parametrize(
    ("amount", "unit", "anchor", "last"),
    [
        (1, "months", "2024-01-31", "2024-02-29"),
        (1, "months", "2023-01-31", "2023-02-28"),
        (1, "years", "2024-02-29", "2025-02-28"),
        (25, "years", "2023-06-30", "2048-06-30"),
        (18, "months", "2022-08-31", "2024-02-29"),
    ],
)
def test_months_and_years_end_on_the_same_day_or_the_months_last(
    amount: int, unit: str, anchor: str, last: str
) -> None:
    assert due(amount, anchor, unit, roll="none") == last


def test_hours_are_exact_also_when_the_clocks_change() -> None:
    ends = deadline(rule(72, "hours", roll="none"), "2024-03-29T10:00:00Z", BERLIN)
    assert ends.due_at == datetime(2024, 4, 1, 10, tzinfo=UTC)
    assert [one.at.isoformat() for one in ends.alerts] == [
        "2024-03-30T22:00:00+00:00",
        "2024-03-31T19:36:00+00:00",
        "2024-04-01T09:00:00+00:00",
    ]


def test_hours_from_a_day_begin_where_the_authority_is() -> None:
    ends = deadline(rule(24, "hours", roll="none"), "2024-07-01", BERLIN)
    assert (ends.due_at, ends.due_on) == (datetime(2024, 7, 1, 22, tzinfo=UTC), date(2024, 7, 1))


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("Europe/Berlin", "2024-03-31T22:00Z"),
        ("America/New_York", "2024-04-01T04:00Z"),
        ("Asia/Tokyo", "2024-03-31T15:00Z"),
    ],
)
def test_a_day_ends_at_midnight_of_the_authority(zone: str, instant: str) -> None:
    ends = deadline(rule(2, roll="none"), "2024-03-29", Place(zone, EveryDay()))
    assert ends.due_at == datetime.fromisoformat(instant)


def test_an_instant_is_the_day_that_it_is_where_the_authority_is() -> None:
    assert local_day("2024-04-19T23:30:00Z", "Europe/Berlin") == date(2024, 4, 20)
    assert local_day("2024-04-19T23:30:00Z", "America/New_York") == date(2024, 4, 19)
    assert local_day("2024-04", "Europe/Berlin") == date(2024, 4, 1)


def test_the_winter_stop_of_ctis_counts_no_day() -> None:
    stopped = {"pause": "ctis_winter"}
    assert due(10, "2024-12-20", **stopped) == "2025-01-15"  # two days before, eight from 8 January on
    assert due(10, "2024-12-30", **stopped) == "2025-01-17"
    assert due(45, "2024-11-20", **stopped) == "2025-01-20"


def test_a_last_day_is_not_moved_into_the_winter_stop() -> None:
    assert due(2, "2023-12-20", pause="ctis_winter") == "2023-12-22"
    assert due(3, "2023-12-20", pause="ctis_winter") == "2024-01-08"


def test_days_of_a_pause_do_not_count() -> None:
    pause = [Suspension(since=date(2024, 3, 4), until=date(2024, 3, 20))]
    ends = deadline(rule(10, roll="none"), "2024-03-01", BERLIN, suspensions=pause)
    assert ends.due_on == date(2024, 3, 27)


def test_a_pause_moves_months_by_its_days() -> None:
    pause = [Suspension(since=date(2024, 3, 4), until=date(2024, 3, 14))]
    ends = deadline(rule(2, "months", roll="none"), "2024-03-01", BERLIN, suspensions=pause)
    assert ends.due_on == date(2024, 5, 11)


def test_a_pause_without_an_end_has_no_deadline() -> None:
    with pytest.raises(ValueError, match="never ends"):
        deadline(rule(10), "2024-03-01", BERLIN, suspensions=[Suspension(since=date(2024, 3, 4))])


def test_an_extension_lengthens_the_period_and_not_the_day_it_was_rolled_to() -> None:
    part_i = rule(45)
    assert deadline(part_i, "2022-05-13", BERLIN).due_on == date(2022, 6, 27)
    assert deadline(part_i, "2022-05-13", BERLIN, more_days=31).due_on == date(2022, 7, 28)


def test_a_decided_end_is_what_the_body_has_set() -> None:
    ends = decided("2024-04-30", date(2024, 5, 7), "Europe/Amsterdam")
    assert ends.due_at == datetime(2024, 5, 7, 22, tzinfo=UTC)
    assert [(one.percent, one.at.date()) for one in ends.alerts] == [
        (50, date(2024, 5, 3)),
        (80, date(2024, 5, 5)),
        (100, date(2024, 5, 6)),
    ]


def test_an_end_on_the_anchors_own_day_has_nothing_to_tell_before_it() -> None:
    assert decided("2024-04-30", date(2024, 4, 30), "Europe/Amsterdam").alerts == ()


def test_of_alerts_on_one_day_the_last_is_told() -> None:
    assert [one.percent for one in deadline(rule(1, roll="none"), "2024-04-29", BERLIN).alerts] == [100]


@pytest.mark.parametrize(
    ("at", "late"),
    [
        ("2024-04-29", False),
        ("2024-04-30", True),
        ("2024-04", False),
        ("2024-05", True),
        ("2024-04-29T21:59:59Z", False),
        ("2024-04-29T22:00:00Z", True),
    ],
)
def test_a_date_is_late_by_its_day_and_an_instant_by_the_instant(at: str, *, late: bool) -> None:
    assert is_too_late(at, deadline(rule(10), "2024-04-19", BERLIN)) is late


@given(DAYS, st.integers(1, 400), st.sampled_from(["none", "ctis_winter"]), st.lists(SUSPENSIONS, max_size=3))
@settings(max_examples=60, deadline=None)
def test_a_rolled_period_ends_on_a_working_day_and_later_events_never_end_earlier(
    day: date, amount: int, pause: str, suspensions: list[Suspension]
) -> None:
    one = rule(amount, pause=pause)

    def ends(anchor: date) -> date:
        return deadline(one, anchor.isoformat(), BERLIN, suspensions=suspensions).due_on

    last = ends(day)
    assert BERLIN.calendar.is_working_day(last)
    assert not any(suspended.covers(last) for suspended in suspensions)
    assert not (pause == "ctis_winter" and in_winter_stop(last))
    assert last >= day + timedelta(days=amount)
    assert ends(day + timedelta(days=1)) >= last


@given(DAYS, st.integers(1, 200), st.integers(1, 200))
@settings(max_examples=60, deadline=None)
def test_days_add_up(day: date, first: int, second: int) -> None:
    place = Place("Europe/Berlin", EveryDay())

    def after(anchor: date, amount: int) -> date:
        return deadline(rule(amount, roll="none"), anchor.isoformat(), place).due_on

    assert after(after(day, first), second) == after(day, first + second) == day + timedelta(days=first + second)
    extended = deadline(rule(first, roll="none"), day.isoformat(), place, more_days=second)
    assert extended.due_on == day + timedelta(days=first + second)


@given(DAYS, st.integers(1, 120))
@settings(max_examples=60, deadline=None)
def test_months_stay_in_their_month(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1


@given(DAYS, st.integers(1, 90), st.sampled_from(["calendar_days", "working_days"]))
@settings(max_examples=60, deadline=None)
def test_alerts_come_in_order_and_before_the_deadline(day: date, amount: int, unit: str) -> None:
    ends: Deadline = deadline(rule(amount, unit), day.isoformat(), BERLIN)
    times = [alert.at for alert in ends.alerts]
    assert times == sorted(set(times))
    assert ends.alerts[-1].percent == 100
    assert times[-1] < ends.due_at <= times[-1] + timedelta(hours=25)
