"""Clock: one regulatory period of one study that runs, is paused, is kept or is missed; its own persisted timer.

What a rule row says of the period (`clock_rules.csv`) was reckoned by the handler and stands in the events, so that the
past does not move when a rule changes. `next_alert_at` is when the ticker has something to tell. A deadline that has
passed when it is learned of, because its anchor was entered late, is missed in the same command.
"""

from datetime import date, datetime
from typing import Any, Literal

from kernel import BusinessTime, Command, Reason, Refused, State, changed

from regulatory.domain.calendar import Alert, Deadline, Suspension, is_too_late, local_day
from regulatory.domain.clock_messages import (
    ClockCommand,
    ClockEnded,
    ClockEvent,
    ClockExtended,
    ClockPaused,
    ClockReopened,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    DeadlineApproaching,
    DeadlineMissed,
    EndClock,
    ExtendClock,
    NoteDeadline,
    PauseClock,
    Period,
    ReopenClock,
    ResumeClock,
    StartClock,
    Step,
    StopClock,
)

Status = Literal["running", "paused", "missed", "stopped", "ended"]
OPEN: frozenset[Status] = frozenset({"running", "paused", "missed"})

# State


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


# Decide


def decide(clock: Clock | None, command: ClockCommand) -> list[ClockEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, StartClock):
        return start(clock, command)
    if clock is None:
        return _nothing_there(command)
    match command:
        case PauseClock():
            return pause(clock, command)
        case ResumeClock():
            return resume(clock, command)
        case ExtendClock():
            return extend(clock, command)
        case StopClock():
            return stop(clock, command)
        case EndClock():
            return end(clock, command)
        case ReopenClock():
            return reopen(clock, command)
        case NoteDeadline():
            return what_is_due(clock, command.now)


def start(clock: Clock | None, command: StartClock) -> list[ClockEvent]:
    """Begin once; what is over, missed or near already is said at once."""
    if clock is not None:
        return []
    started = ClockStarted.model_validate({name: value for name, value in command if name != "now"})
    return [started, *_at_once(evolve(None, started), command.now)]


def pause(clock: Clock, command: PauseClock) -> list[ClockEvent]:
    """Stand still from the day after; a deadline that has passed by then cannot be paused any more."""
    if clock.status == "paused":
        return []
    unmet = [
        *_wrong_status(clock, frozenset({"running", "missed"})),
        *_too_early(clock, command),
        *_past(clock, command),
    ]
    if unmet:
        return _refused(command, unmet)
    return [ClockPaused(occurred_at=command.occurred_at, since=_day(clock, command))]


def resume(clock: Clock, command: ResumeClock) -> list[ClockEvent]:
    """Go on after a pause, with the end reckoned anew."""
    if clock.status == "running" or _went_on(clock, command):
        return []
    unmet = [*_wrong_status(clock, frozenset({"paused"})), *_before_pause(clock, command)]
    if unmet:
        return _refused(command, unmet)
    assert command.deadline is not None, "the handler reckons the end of what is paused"
    until = max(_day(clock, command), clock.suspensions[-1].since)
    resumed = ClockResumed(occurred_at=command.occurred_at, until=until, deadline=command.deadline)
    return [resumed, *_at_once(evolve(clock, resumed), command.now)]


def extend(clock: Clock, command: ExtendClock) -> list[ClockEvent]:
    """Lengthen the period once under each rule; a deadline that seemed missed may be open again."""
    if command.under_rule_id in clock.extended_under:
        return []
    if unmet := _wrong_status(clock, OPEN):
        return _refused(command, unmet)
    assert command.deadline is not None, "the handler reckons the end of what is there"
    extended = ClockExtended.model_validate(
        {name: value for name, value in command if name not in {"now", "only_if_open"}}
    )
    after = evolve(clock, extended)
    return [extended, *(_at_once(after, command.now) if after.status == "running" else [])]


def stop(clock: Clock, command: StopClock) -> list[ClockEvent]:
    """Note that it was done, by its date in time or late; a miss that was told proves wrong where the date says so."""
    if clock.status == "stopped":
        return []
    if unmet := [*_wrong_status(clock, OPEN), *_too_early(clock, command)]:
        return _refused(command, unmet)
    return [_stopped(clock, command.occurred_at)]


def end(clock: Clock, command: EndClock) -> list[ClockEvent]:
    """Note that nothing is due any more; to a policy what was missed stays missed."""
    if clock.status == "ended" or (clock.status == "missed" and command.only_if_open):
        return []
    if unmet := _wrong_status(clock, OPEN):
        return _refused(command, unmet)
    return [ClockEnded(occurred_at=command.occurred_at)]


def reopen(clock: Clock, command: ReopenClock) -> list[ClockEvent]:
    """Let it run as before; a policy takes back only an end, never that it was kept."""
    if clock.status in OPEN or (clock.status == "stopped" and command.only_if_open):
        return []
    reopened = ClockReopened(occurred_at=command.occurred_at)
    return [reopened, *_at_once(evolve(clock, reopened), command.now)]


def what_is_due(clock: Clock, now: datetime) -> list[ClockEvent]:
    """Every alert whose time has come, in order, and the miss where the deadline has passed; each once."""
    if clock.status != "running" or clock.over:
        return []
    told = [alert for alert in clock.alerts if alert.at <= now]
    events: list[ClockEvent] = [DeadlineApproaching(occurred_at=_at(one.at), percent=one.percent) for one in told]
    return [*events, *_missed(clock, now)]


def _at_once(clock: Clock, now: datetime) -> list[ClockEvent]:
    """Where the deadline has passed already that alone is news."""
    return what_is_due(clock, now)[-1:] if clock.deadline.due_at <= now else what_is_due(clock, now)


def _missed(clock: Clock, now: datetime) -> list[ClockEvent]:
    return [DeadlineMissed(occurred_at=_at(clock.deadline.due_at))] if clock.deadline.due_at <= now else []


def _stopped(clock: Clock, on: BusinessTime | None) -> ClockStopped:
    late = clock.status != "paused" and on is not None and is_too_late(on, clock.deadline)
    return ClockStopped(occurred_at=on, in_time=not late)


def _wrong_status(clock: Clock, wanted: frozenset[Status]) -> list[Reason]:
    if clock.status in wanted:
        return []
    detail = f"The clock is {clock.status}: this asks for one that is {' or '.join(sorted(wanted))}."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def _too_early(clock: Clock, command: Step) -> list[Reason]:
    if command.only_if_open or _day(clock, command) >= clock.deadline.anchored_on:
        return []
    detail = f"The clock began on {clock.deadline.anchored_on}: {command.occurred_at} lies before. Correct the date."
    return [Reason(code="before_start", field="occurred_at", detail=detail)]


def _past(clock: Clock, command: Step) -> list[Reason]:
    if command.occurred_at is None or not is_too_late(command.occurred_at, clock.deadline):
        return []
    detail = f"The deadline was {clock.deadline.due_on}: it had passed on {command.occurred_at}."
    return [Reason(code="deadline_passed", field="occurred_at", detail=detail)]


def _went_on(clock: Clock, command: Step) -> bool:
    """Whether it went on that day already: what was missed with it is missed still."""
    last = clock.suspensions[-1] if clock.suspensions else None
    return last is not None and last.until is not None and last.until == _day(clock, command)


def _before_pause(clock: Clock, command: Step) -> list[Reason]:
    since = clock.suspensions[-1].since if clock.status == "paused" else None
    if command.only_if_open or since is None or _day(clock, command) >= since:
        return []
    detail = f"It was paused on {since}: it cannot go on before, on {command.occurred_at}. Correct the date."
    return [Reason(code="before_pause", field="occurred_at", detail=detail)]


def _refused(command: Step, unmet: list[Reason]) -> list[ClockEvent]:
    """A policy's order concerns a clock only while it is open; everybody else is told why not."""
    if command.only_if_open:
        return []
    raise Refused(*unmet)


def _nothing_there(command: ClockCommand) -> list[ClockEvent]:
    if isinstance(command, Step) and command.only_if_open:
        return []
    raise Refused(Reason(code="clock_unknown", detail="The clock is not known."))


def _day(clock: Clock, command: Command) -> date:
    assert command.occurred_at is not None, "a step is dated"
    return local_day(command.occurred_at, clock.deadline.zone)


def _at(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


# Evolve


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
            return changed(clock, status="running", suspensions=suspended, **_again(clock, event.deadline))
        case ClockExtended():
            under, more = (*clock.extended_under, event.under_rule_id), clock.more_days + event.more_days
            running = "paused" if clock.status == "paused" else "running"
            after = {"extended_under": under, "more_days": more, "status": running}
            return changed(clock, **after, **({} if running == "paused" else _again(clock, event.deadline)))
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


def _next(alerts: tuple[Alert, ...], deadline: Deadline, *, over: bool) -> dict[str, Any]:
    """What is still to be told, and when next: the miss where no alert is left, nothing of what is over."""
    at = alerts[0].at if alerts else deadline.due_at
    return {"alerts": alerts, "next_alert_at": None if over else at}


def _again(clock: Clock, deadline: Deadline) -> dict[str, Any]:
    """The new end; what was told is told again only where its time has moved to later."""
    pending = {alert.percent for alert in clock.alerts}
    told = {alert.percent: alert.at for alert in clock.deadline.alerts if alert.percent not in pending}
    alerts = tuple(one for one in deadline.alerts if one.percent not in told or told[one.percent] < one.at)
    return {"deadline": deadline, **_next(alerts, deadline, over=clock.over)}
