"""What would have been: the deadlines of stored clocks under another rule, from their stored anchors. Pure."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from regulatory.domain.calendar import Deadline, Place, deadline, is_too_late
from regulatory.domain.clock_rules import ClockRule
from regulatory.domain.clock_state import Clock

Verdict = Literal["met", "missed", "open", "ended"]


class Moved(BaseModel):
    """One clock whose deadline the rule moves, or that it adds beside a clock which began with the same event."""

    model_config = ConfigDict(frozen=True)

    clock_id: str
    study_id: str
    country: str | None
    about_type: str
    about_id: str
    anchored_on: date
    rule_id: str
    rule_version: int
    due_before: date | None
    due_after: date
    verdict_before: Verdict | None
    verdict_after: Verdict


def moved(clock: Clock, rule: ClockRule, place_of: Callable[[], Place], now: datetime) -> Moved | None:
    """How the rule moves the clock's deadline; None where it does not concern it or leaves it where it is.

    A rule with the id of the clock's own replaces it; another one runs beside it, and ends with what ended it.
    """
    period, before = clock.period, clock.deadline
    if period.due_by_body or clock.status == "paused" or clock.anchor is None or rule.unit == "as_decided":
        return None
    if not (rule.is_in_force(before.anchored_on) and rule.holds_in(period.country)):
        return None
    after = deadline(rule, clock.anchor, place_of(), suspensions=clock.suspensions, more_days=clock.more_days)
    replaces = rule.id == period.rule_id
    if replaces and after.due_at == before.due_at:
        return None
    return Moved(
        **period.model_dump(include={"clock_id", "study_id", "country", "about_type", "about_id"}),
        anchored_on=before.anchored_on,
        rule_id=period.rule_id,
        rule_version=period.rule_version,
        due_before=before.due_on if replaces else None,
        due_after=after.due_on,
        verdict_before=_verdict(clock, before, now) if replaces else None,
        verdict_after=_verdict(clock, after, now),
    )


def _verdict(clock: Clock, limit: Deadline, now: datetime) -> Verdict:
    if clock.status == "ended":
        return "ended"
    if clock.status == "stopped":
        return "missed" if clock.over_on is not None and is_too_late(clock.over_on, limit) else "met"
    return "missed" if limit.due_at <= now else "open"
