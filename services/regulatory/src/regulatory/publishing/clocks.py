"""Events of clocks, as the world learns of them."""

from typing import Any

from contracts import PublicEvent
from contracts import regulatory as public

from regulatory.domain import clock_messages, clock_state

PLAIN_EVENTS: dict[type[clock_messages.ClockEvent], type[public.ClockEvent]] = {
    clock_messages.ClockPaused: public.RegulatoryClockPaused,
    clock_messages.ClockResumed: public.RegulatoryClockResumed,
    clock_messages.DeadlineMissed: public.RegulatoryDeadlineMissed,
    clock_messages.ClockEnded: public.RegulatoryClockEnded,
    clock_messages.ClockAnchorTakenBack: public.RegulatoryClockEnded,
}


def publish_clock(state: clock_state.Clock, event: clock_messages.ClockEvent) -> PublicEvent:
    """How the world learns of a clock's event."""
    about: dict[str, Any] = state.period.model_dump(exclude={"sponsor_id", "due_by_body"})
    about |= state.deadline.model_dump(include={"due_on", "due_at", "zone"})
    match event:
        case clock_messages.ClockStarted():
            return public.RegulatoryClockStarted(**about, due_by_body=event.period.due_by_body)
        case clock_messages.ClockExtended():
            under, more = event.under_rule_id, event.more_days
            return public.RegulatoryClockExtended(**about, under_rule_id=under, more_days=more)
        case clock_messages.ClockExtendedByBody():
            before = {"due_before": event.due_before, "reference": event.reference}
            return public.RegulatoryClockExtendedByBody.model_validate({**about, **before, "percent": _told(event)})
        case clock_messages.ClockAnchorCorrected():
            told = {"due_before": event.due_before, "percent": _told(event)}
            return public.RegulatoryClockAnchorCorrected.model_validate({**about, **told})
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
            | clock_messages.ClockAnchorTakenBack()
        ):
            return PLAIN_EVENTS[type(event)](**about)


def _told(event: clock_messages.ClockExtendedByBody | clock_messages.ClockAnchorCorrected) -> int | None:
    """How far the period with its new end was over already by what was told before."""
    return max((one.percent for one in event.deadline.alerts if one not in event.alerts), default=None)
