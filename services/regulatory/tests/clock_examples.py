"""A clock of ten days that began on the first of March: for tests of what becomes of it."""

from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from kernel import Refused
from regulatory.domain.calendar import Deadline, EveryDay, Place, Suspension, deadline
from regulatory.domain.clock import decide
from regulatory.domain.clock_messages import (
    ClockCommand,
    ClockEvent,
    ClockStarted,
    DeadlineApproaching,
    DeadlineMissed,
    NoteDeadline,
    Period,
    StartClock,
)
from regulatory.domain.clock_rules import ClockRule
from regulatory.domain.clock_state import Clock, evolve

ZONE = "Europe/Berlin"
PLACE = Place(ZONE, EveryDay())
BEGAN = date(2024, 3, 1)
RULE = ClockRule.model_validate(
    {
        "id": "a-rule",
        "version": 1,
        "jurisdiction": "DE",
        "applies_to": "obligation",
        "anchor": "something",
        "amount": 10,
        "unit": "calendar_days",
        "obliges": "sponsor",
        "valid_from": "2000-01-01",
        "source": "a test",
    }
)
PERIOD = Period(
    clock_id="clock-1",
    study_id="s1",
    sponsor_id="acme-1",
    country="DE",
    site_id=None,
    about_type="obligation",
    about_id="breach-7",
    rule_id="a-rule",
    rule_version=1,
    obliges="sponsor",
    if_missed="nothing",
)


def ends(*suspensions: Suspension, more_days: int = 0) -> Deadline:
    return deadline(RULE, BEGAN.isoformat(), PLACE, suspensions=suspensions, more_days=more_days)


def morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 8, tzinfo=UTC)


def start(now: date = BEGAN, **more: Any) -> StartClock:
    return StartClock(occurred_at=BEGAN.isoformat(), period=PERIOD, deadline=ends(), now=morning(now), **more)


def march(day: int) -> date:
    return BEGAN + timedelta(days=day - 1)


STARTED = ClockStarted(occurred_at=BEGAN.isoformat(), period=PERIOD, deadline=ends())
MISSED = DeadlineMissed(occurred_at="2024-03-11T23:00:00Z")


def approaching(percent: int, at: str) -> DeadlineApproaching:
    return DeadlineApproaching(occurred_at=f"{at}T23:00:00Z", percent=percent)


HALF, MOST, LAST = approaching(50, "2024-03-06"), approaching(80, "2024-03-09"), approaching(100, "2024-03-10")


def after(*events: ClockEvent) -> Clock:
    clock = reduce(evolve, events, evolve(None, STARTED))
    assert isinstance(clock, Clock)
    return clock


def on(day: int) -> dict[str, Any]:
    return {"occurred_at": march(day).isoformat()}


def note(day: int) -> NoteDeadline:
    return NoteDeadline(occurred_at=None, now=morning(march(day)))


def codes(clock: Clock | None, command: ClockCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(clock, command)
    return [reason.code for reason in refused.value.reasons]
