"""Spans of days, and what is left of one once others are taken out of it; the days that a business time may mean.

A span ends before its `until`; the earliest and the latest day there are stand for no beginning and no end.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from kernel import BusinessTime, bounds
from pydantic import BaseModel

A_DAY = timedelta(days=1)


class Span(BaseModel, frozen=True, extra="forbid"):
    """Days from the first on, until the day before `until`."""

    since: date = date.min
    until: date = date.max

    def covers(self, day: date) -> bool:
        """Whether the day is one of them."""
        return self.since <= day < self.until


def first_day(on: BusinessTime | None, unknown: date = date.min) -> date:
    """The first day that a business time may mean."""
    return bounds(on)[0].date() if on is not None else unknown


def last_day(on: BusinessTime | None, unknown: date = date.max) -> date:
    """The last day that a business time may mean."""
    return (bounds(on)[1] - timedelta(microseconds=1)).date() if on is not None else unknown


def day_after(on: BusinessTime | None) -> date:
    """The first day after all that a business time may mean; without one, no such day ever comes."""
    last = last_day(on)
    return last if last == date.max else last + A_DAY


def without(whole: Span, taken: Iterable[Span]) -> list[Span]:
    """What is left of a span, in the order of its days."""
    left, begin = list[Span](), whole.since
    for one in sorted(taken, key=lambda one: one.since):
        if begin < one.since < whole.until:
            left.append(Span(since=begin, until=one.since))
        begin = max(begin, one.until) if one.since < whole.until else begin
    return [*left, Span(since=begin, until=whole.until)] if begin < whole.until else left


def first_free(since: date, spans: Sequence[Span]) -> date:
    """The first day from that one on that none of the spans covers; the latest there is where none comes."""
    day = since
    while (ends := [one.until for one in spans if one.covers(day)]) and day < date.max:
        day = max(ends)
    return day
