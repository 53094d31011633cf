"""Events of clocks, as the world learns of them."""

from typing import Any

from contracts import PublicEvent
from contracts import regulatory as public

from regulatory.domain import clock, clock_messages

PLAIN_EVENTS: dict[type[clock_messages.ClockEvent], type[public.ClockEvent]] = {
    clock_messages.ClockPaused: public.RegulatoryClockPaused,
    clock_messages.ClockResumed: public.RegulatoryClockResumed,
    clock_messages.DeadlineMissed: public.RegulatoryDeadlineMissed,
    clock_messages.ClockEnded: public.RegulatoryClockEnded,
}


def publish_clock(state: clock.Clock, event: clock_messages.ClockEvent) -> PublicEvent:
    """How the world learns of a clock's event."""
    about: dict[str, Any] = state.period.model_dump(exclude={"sponsor_id", "due_by_body"})
    about |= state.deadline.model_dump(include={"due_on", "due_at", "zone"})
    match event:
        case clock_messages.ClockStarted():
            return public.RegulatoryClockStarted(**about, due_by_body=event.period.due_by_body)
        case clock_messages.ClockExtended():
            under, more = event.under_rule_id, event.more_days
            return public.RegulatoryClockExtended(**about, under_rule_id=under, more_days=more)
        case clock_messages.DeadlineApproaching():
            return public.RegulatoryDeadlineApproaching(**about, percent=event.percent)
        case clock_messages.ClockStopped():
            return public.RegulatoryClockStopped(**about, in_time=event.in_time)
        case clock_messages.ClockReopened():
            return public.RegulatoryClockReopened(**about, paused=state.status == "paused")
        case (
            clock_messages.ClockPaused()
            | clock_messages.ClockResumed()
            | clock_messages.DeadlineMissed()
            | clock_messages.ClockEnded()
        ):
            return PLAIN_EVENTS[type(event)](**about)
