"""A clock as it is, and how its events make it so."""

from datetime import date, datetime
from typing import Any, Literal

from kernel import BusinessTime, Reason, Refused, State, changed

from regulatory.domain.calendar import Alert, Deadline, Suspension
from regulatory.domain.clock_messages import (
    ClockAnchorCorrected,
    ClockAnchorTakenBack,
    ClockEnded,
    ClockEvent,
    ClockExtended,
    ClockExtendedByBody,
    ClockPaused,
    ClockReopened,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    DeadlineApproaching,
    DeadlineMissed,
    Period,
)

Status = Literal["running", "paused", "missed", "stopped", "ended"]
OPEN: frozenset[Status] = frozenset({"running", "paused", "missed"})


class Extension(State):
    """A later end that the body set: on which day, what the end was before, and what it became."""

    on: BusinessTime | None
    due_before: date
    due_on: date
    reference: str | None


class Clock(State):
    """A period as it is. `alerts` are those still to be told; `in_time` is known once it was stopped."""

    period: Period
    anchor: BusinessTime | None
    deadline: Deadline
    status: Status = "running"
    over: bool = False
    in_time: bool | None = None
    over_on: BusinessTime | None = None
    alerts: tuple[Alert, ...]
    next_alert_at: datetime | None
    suspensions: tuple[Suspension, ...] = ()
    extended_under: tuple[str, ...] = ()
    more_days: int = 0
    extensions: tuple[Extension, ...] = ()


def evolve(clock: Clock | None, event: ClockEvent) -> Clock:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, ClockStarted):
        begun = {"period": event.period, "anchor": event.occurred_at, "over": event.over, "deadline": event.deadline}
        return Clock.model_validate({**begun, **_next(event.deadline.alerts, event.deadline, over=event.over)})
    if clock is None:
        raise Refused(Reason(code="clock_unknown", detail="The clock is not known."))
    match event:
        case ClockPaused():
            suspended = (*clock.suspensions, Suspension(since=event.since))
            return changed(clock, status="paused", suspensions=suspended, next_alert_at=None)
        case ClockResumed():
            ended = Suspension(since=clock.suspensions[-1].since, until=event.until)
            suspended = (*clock.suspensions[:-1], ended)
            return changed(clock, status="running", suspensions=suspended, **reckoned_anew(clock, event.deadline))
        case ClockExtended():
            return _longer(clock, event)
        case ClockExtendedByBody():
            return _longer_by_body(clock, event)
        case ClockAnchorCorrected():
            return _anchored_anew(clock, event)
        case ClockAnchorTakenBack():
            return changed(clock, status="ended", anchor=None, over_on=event.occurred_at, next_alert_at=None)
        case DeadlineApproaching():
            left = tuple(alert for alert in clock.alerts if alert.percent != event.percent)
            return changed(clock, **_next(left, clock.deadline, over=clock.over))
        case DeadlineMissed():
            return changed(clock, status="missed", alerts=(), next_alert_at=None)
        case ClockStopped():
            over = {"status": "stopped", "in_time": event.in_time, "over_on": event.occurred_at}
            return changed(clock, **over, next_alert_at=None)
        case ClockEnded():
            return changed(clock, status="ended", over_on=event.occurred_at, next_alert_at=None)
        case ClockReopened():
            paused = bool(clock.suspensions) and clock.suspensions[-1].until is None
            again = {"status": "paused" if paused else "running", "over": False, "in_time": None, "over_on": None}
            told = _next(clock.alerts, clock.deadline, over=paused)
            return changed(clock, **again, **told)


def _longer(clock: Clock, event: ClockExtended) -> Clock:
    under, more = (*clock.extended_under, event.under_rule_id), clock.more_days + event.more_days
    running = "paused" if clock.status == "paused" else "running"
    after = {"extended_under": under, "more_days": more, "status": running}
    return changed(clock, **after, **({} if running == "paused" else reckoned_anew(clock, event.deadline)))


def _longer_by_body(clock: Clock, event: ClockExtendedByBody) -> Clock:
    facts = event.model_dump(include={"due_before", "reference"})
    one = Extension.model_validate({**facts, "on": event.occurred_at, "due_on": event.deadline.due_on})
    after = {"period": clock.period.model_copy(update={"due_by_body": True}), "deadline": event.deadline}
    told = _next(event.alerts, event.deadline, over=clock.over)
    return changed(clock, **after, **told, status="running", extensions=(*clock.extensions, one))


def _anchored_anew(clock: Clock, event: ClockAnchorCorrected) -> Clock:
    paused = clock.status == "paused"
    after = {"period": event.period, "anchor": event.occurred_at, "deadline": event.deadline}
    again = {"status": "paused" if paused else "running", "in_time": None, "over_on": None}
    return changed(clock, **after, **again, **_next(event.alerts, event.deadline, over=paused))


def _next(alerts: tuple[Alert, ...], deadline: Deadline, *, over: bool) -> dict[str, Any]:
    """What is still to be told, and when next: the miss where no alert is left, nothing of what is over."""
    at = alerts[0].at if alerts else deadline.due_at
    return {"alerts": alerts, "next_alert_at": None if over else at}


def reckoned_anew(clock: Clock, deadline: Deadline) -> dict[str, Any]:
    """The new end; what was told is told again only where its time has moved to later."""
    pending = {alert.percent for alert in clock.alerts}
    told = {alert.percent: alert.at for alert in clock.deadline.alerts if alert.percent not in pending}
    alerts = tuple(one for one in deadline.alerts if one.percent not in told or told[one.percent] < one.at)
    return {"deadline": deadline, **_next(alerts, deadline, over=clock.over)}
