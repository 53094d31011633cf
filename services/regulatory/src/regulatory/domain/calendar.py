"""The arithmetic of periods in law: which day is the last, and which instant is too late. Pure.

Regulation (EEC, Euratom) No 1182/71 art. 3: the day of the event is not counted; a period of months or years that would
end on a day its last month lacks ends on that month's last day; where the last day is a public holiday, a Saturday or a
Sunday, the period ends with the next working day; a period of two days or more has at least two working days. While a
period is paused, and where its rule says so during the winter stop of CTIS (23 December to 7 January), no day counts.
"""

import calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from kernel import bounds
from pydantic import BaseModel, ConfigDict

from regulatory.domain.clock_rules import ClockRule

DAY: Final = timedelta(days=1)
WINTER_STOP: Final = ((12, 23), (1, 7))
"""First and last day (month, day) of the days between the years on which CTIS' timers stand still."""
PERCENTS: Final = (50, 80, 100)
LONGEST_DAYS: Final = 40_000
TWO_WORKING_DAYS: Final = 2
DATE_CHARACTERS: Final = 10
RECKONED: Final = ("1950", "2200")
"""Years (first, and first no more) within which periods are reckoned; what lies elsewhere is a slip of the pen."""


class Calendar(Protocol):
    """Which days are worked where a period is kept."""

    def is_working_day(self, day: date) -> bool:
        """Whether it is neither a weekend's day nor a public holiday."""
        ...


class EveryDay:
    """A calendar without holidays and weekends."""

    def is_working_day(self, day: date) -> bool:  # noqa: ARG002 - every day is one
        """Yes."""
        return True


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Alert(_Value):
    """When so many percent of a period are over, rounded down to whole days; at 100 its last day has begun."""

    percent: int
    at: datetime


class Deadline(_Value):
    """A period's end. `due_on` is the last day in time, where the authority is; from `due_at` on it is too late."""

    anchored_on: date
    due_on: date
    due_at: datetime
    zone: str
    alerts: tuple[Alert, ...] = ()


class Suspension(_Value):
    """Days that do not count: those after `since` up to and with `until`, or for ever where none is known."""

    since: date
    until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether this day does not count."""
        return self.since < day and (self.until is None or day <= self.until)


def deadline(
    rule: ClockRule,
    anchor: str,
    place: "Place",
    *,
    suspensions: Sequence[Suspension] = (),
    more_days: int = 0,
) -> Deadline:
    """The end of the rule's period that begins with the anchor, a business time. `more_days` extend it."""
    if rule.unit == "hours":
        return _exact(anchor, timedelta(hours=rule.amount), place.zone)
    assert rule.unit != "as_decided", "a decided end is not computed: see `decided`"
    begins, counting = local_day(anchor, place.zone), _Counting(rule, place.calendar, suspensions)
    last = counting.last_day(begins, more_days)
    return _until(begins, last, place.zone, counting.counts)


def decided(anchor: str, due_on: date, zone: str) -> Deadline:
    """An end that a body has set; every day from the anchor on counts for its alerts."""
    return _until(local_day(anchor, zone), due_on, zone, lambda _: True)


def local_day(at: str, zone: str) -> date:
    """The day of a business time where the authority is; of a month or a year the first it may mean."""
    if len(at) > DATE_CHARACTERS:
        return bounds(at)[0].astimezone(ZoneInfo(zone)).date()
    return bounds(at)[0].date()


def is_too_late(at: str, limit: Deadline) -> bool:
    """Whether a business time certainly lies after the deadline: an instant by the instant, a date by the day."""
    if len(at) > DATE_CHARACTERS:
        return bounds(at)[0] >= limit.due_at
    return bounds(at)[0].date() > limit.due_on


def is_reckoned(at: str) -> bool:
    """Whether a business time lies within the years for which periods are reckoned."""
    return RECKONED[0] <= at[:4] < RECKONED[1]


def add_months(day: date, months: int) -> date:
    """The same day so many months later; the month's last where it lacks it (Reg. 1182/71 art. 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def in_winter_stop(day: date) -> bool:
    """Whether CTIS' timers stand still on this day."""
    first, last = WINTER_STOP
    return (day.month, day.day) >= first or (day.month, day.day) <= last


@dataclass(frozen=True)
class Place:
    """Where a period is kept: the authority's zone (tzdata) and the calendar of its working days."""

    zone: str
    calendar: Calendar


class _Counting:
    """How the days of one period are counted."""

    def __init__(self, rule: ClockRule, days: Calendar, suspensions: Sequence[Suspension]) -> None:
        self._rule, self._days, self._suspensions = rule, days, suspensions

    def last_day(self, begins: date, more_days: int) -> date:
        """The last day of the period that begins with an event on this day."""
        first = begins if self._rule.event_day == "counted" else begins + DAY
        last = self._nominal(begins, first)
        last = self._nth(last + DAY, more_days, self._stands) if more_days else last
        return self._rolled(first, last)

    def counts(self, day: date) -> bool:
        """Whether the day is one of the period's."""
        works = self._rule.unit != "working_days" or self._days.is_working_day(day)
        return works and self._stands(day)

    def _nominal(self, begins: date, first: date) -> date:
        if self._rule.unit in {"months", "years"}:
            months = self._rule.amount * (12 if self._rule.unit == "years" else 1)
            end = add_months(begins, months) - (DAY if first == begins else timedelta())
            return self._later(first, end)
        return self._nth(first, self._rule.amount, self.counts)

    def _later(self, first: date, end: date) -> date:
        """The end moved by the days in it that did not count."""
        day, left = first, (end - first).days + 1
        return self._nth(day, left, self._stands) if self._suspensions else end

    def _rolled(self, first: date, last: date) -> date:
        if self._rule.roll == "none":
            return last
        last = self._nth(last, 1, self._works)
        if self._rule.roll == "reg_1182_71" and self._rule.amount > 1:
            last = max(last, self._nth(first, TWO_WORKING_DAYS, self._works))
        return last

    def _stands(self, day: date) -> bool:
        if self._rule.pause == "ctis_winter" and in_winter_stop(day):
            return False
        return not any(one.covers(day) for one in self._suspensions)

    def _works(self, day: date) -> bool:
        return self._days.is_working_day(day) and self._stands(day)

    def _nth(self, first: date, amount: int, counts: Callable[[date], bool]) -> date:
        day, left = first - DAY, amount
        for _ in range(LONGEST_DAYS):
            day += DAY
            left -= counts(day)
            if left == 0:
                return day
        message = "a period that never ends: is it paused without an end?"
        raise ValueError(message)


def _until(begins: date, last: date, zone: str, counts: Callable[[date], bool]) -> Deadline:
    days = [day for day in _days_between(begins, last) if counts(day)]
    # Of what falls on one day only the last is told.
    told = {days[min(len(days) * percent // 100, len(days) - 1)]: percent for percent in PERCENTS if days}
    alerts = tuple(Alert(percent=percent, at=_midnight(day, zone)) for day, percent in told.items())
    return Deadline(anchored_on=begins, due_on=last, due_at=_midnight(last + DAY, zone), zone=zone, alerts=alerts)


def _exact(anchor: str, length: timedelta, zone: str) -> Deadline:
    """To the second; a date begins where the authority is. At 100 percent the last hour has begun."""
    begins = bounds(anchor)[0] if len(anchor) > DATE_CHARACTERS else _midnight(local_day(anchor, zone), zone)
    begins = begins.replace(microsecond=0)
    last_hour = length - timedelta(hours=1)
    alerts = tuple(
        Alert(percent=percent, at=(begins + min(length * percent / 100, last_hour)).replace(microsecond=0))
        for percent in PERCENTS
    )
    due_at = begins + length
    due_on = (due_at.astimezone(ZoneInfo(zone)) - timedelta(microseconds=1)).date()
    return Deadline(anchored_on=local_day(anchor, zone), due_on=due_on, due_at=due_at, zone=zone, alerts=alerts)


def _days_between(begins: date, last: date) -> list[date]:
    return [begins + DAY * n for n in range(1, (last - begins).days + 1)]


def _midnight(day: date, zone: str) -> datetime:
    """The first instant of a day in a zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
