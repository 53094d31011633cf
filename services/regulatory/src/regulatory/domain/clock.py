"""Clock: one regulatory period of one study that runs, is paused, is kept or is missed; its own persisted timer.

What a rule row says of the period (`clock_rules.csv`) was reckoned by the handler and stands in the events, so that the
past does not move when a rule changes. `next_alert_at` is when the ticker has something to tell. A deadline that has
passed when it is learned of, because its anchor was entered late, is missed in the same command.
"""

from datetime import date, datetime

from kernel import BusinessTime, Command, Reason, Refused

from regulatory.domain.calendar import Alert, Deadline, decided, is_too_late, local_day
from regulatory.domain.clock_messages import (
    ClockAnchorCorrected,
    ClockAnchorTakenBack,
    ClockCommand,
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
    EndClock,
    ExtendClock,
    ExtendClockByBody,
    NoteDeadline,
    PauseClock,
    ReckonObligation,
    ReopenClock,
    ResumeClock,
    StartClock,
    Step,
    StopClock,
)
from regulatory.domain.clock_state import OPEN, Clock, Status, evolve, reckoned_anew


def decide(clock: Clock | None, command: ClockCommand) -> list[ClockEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, StartClock):
        return start(clock, command)
    if isinstance(command, ReckonObligation):
        return reckon(clock, command)
    if clock is None:
        return _nothing_there(command)
    match command:
        case PauseClock():
            return pause(clock, command)
        case ResumeClock():
            return resume(clock, command)
        case ExtendClock():
            return extend(clock, command)
        case ExtendClockByBody():
            return extend_by_body(clock, command)
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


def reckon(clock: Clock | None, command: ReckonObligation) -> list[ClockEvent]:
    """Begin, begin on another day, or not at all, and note that it was met; an end that the body has set stands."""
    if command.held_by_another:
        return []
    if command.deadline is None:
        begun = clock is not None and clock.anchor is not None and clock.status in OPEN
        return [ClockAnchorTakenBack(occurred_at=command.occurred_at)] if begun else []
    anchored = _anchored(clock, command, command.deadline)
    after = evolve(clock, anchored[0]) if anchored else clock
    if after is None or after.status not in OPEN:
        return []
    done_on = command.done_on or (clock.over_on if clock is not None and clock.status == "stopped" else None)
    if done_on is not None:
        return [*anchored, _stopped(after, done_on)]
    return [*anchored, *_at_once(after, command.now)] if anchored else []


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


def extend_by_body(clock: Clock, command: ExtendClockByBody) -> list[ClockEvent]:
    """Take a later end that the body set in time; entered late it takes a miss back, or finds it missed still."""
    last = clock.extensions[-1] if clock.extensions else None
    if last is not None and (last.on, last.due_on) == (command.occurred_at, command.due_on):
        return []
    ends = decided(clock.deadline.anchored_on.isoformat(), command.due_on, clock.deadline.zone)
    unmet = [
        *_wrong_status(clock, frozenset({"running", "missed"})),
        *_too_early(clock, command),
        *_past(clock, command),
        *_no_later_end(clock, command, ends),
        *_renewed_instead(clock),
    ]
    if unmet:
        return _refused(command, unmet)
    told = {"due_before": clock.deadline.due_on, "deadline": ends, "alerts": _still_to_tell(clock, ends, command.now)}
    extended = ClockExtendedByBody.model_validate(
        {"occurred_at": command.occurred_at, "reference": command.reference, **told}
    )
    return [extended, *_at_once(evolve(clock, extended), command.now)]


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


def _anchored(clock: Clock | None, command: ReckonObligation, ends: Deadline) -> list[ClockEvent]:
    if clock is None:
        return [ClockStarted(occurred_at=command.occurred_at, period=command.period, deadline=ends)]
    if clock.anchor == command.occurred_at or clock.period.due_by_body:
        return []
    alerts = _still_to_tell(clock, ends, command.now)
    told = {"period": command.period, "due_before": clock.deadline.due_on, "deadline": ends, "alerts": alerts}
    return [ClockAnchorCorrected.model_validate({"occurred_at": command.occurred_at, **told})]


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


def _no_later_end(clock: Clock, command: ExtendClockByBody, ends: Deadline) -> list[Reason]:
    unmet: list[Reason] = []
    if ends.due_at <= clock.deadline.due_at:
        detail = f"The period ends on {clock.deadline.due_on} as it is: name the later day that the body has set."
        unmet.append(Reason(code="not_later", field="due_on", detail=detail))
    if command.due_on < _day(clock, command):
        detail = f"It cannot end on {command.due_on}, before the body said so on {command.occurred_at}."
        unmet.append(Reason(code="due_before_extension", field="due_on", detail=detail))
    return unmet


def _renewed_instead(clock: Clock) -> list[Reason]:
    """What runs out at the end is an approval, and the submission says until when it holds."""
    if clock.period.if_missed != "expired" or clock.period.about_type != "submission":
        return []
    detail = "An approval holds longer by its renewal: note that on the submission."
    return [Reason(code="renew_instead", field="clock_id", detail=detail)]


def _still_to_tell(clock: Clock, ends: Deadline, now: datetime) -> tuple[Alert, ...]:
    """What was told and is so by the new end too is not told twice."""
    pending = {alert.percent for alert in clock.alerts}
    alerts: tuple[Alert, ...] = reckoned_anew(clock, ends)["alerts"]
    return tuple(alert for alert in alerts if alert.percent in pending or alert.at > now)


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
