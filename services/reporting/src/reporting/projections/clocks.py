"""Rows of regulatory clocks: until when, in whose time zone, how far told, and what became of each.

Days left are never stored: they follow from `due_at` when somebody asks. A row's `order` is one text that sorts by what
is due first, what stands still last; from `soon_at` on it is due soon.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts import regulatory as public

from reporting.projections.reading import key_of, owner_of, place_of, version_of
from reporting.projections.timeline import instant_text

COLLECTION: Final = "clocks"

STATUS_AFTER: Final[Mapping[type[PublicEvent], str]] = {
    public.RegulatoryClockStarted: "running",
    public.RegulatoryClockPaused: "paused",
    public.RegulatoryClockResumed: "running",
    public.RegulatoryDeadlineMissed: "missed",
    public.RegulatoryClockStopped: "stopped",
    public.RegulatoryClockEnded: "ended",
}
"""What is missing here leaves the status as it is."""
ANEW: Final = (
    public.RegulatoryClockExtended,
    public.RegulatoryClockExtendedByBody,
    public.RegulatoryClockAnchorCorrected,
)
"""With another end what was missed, or over, runs again."""
OPEN: Final = frozenset({"running", "paused", "missed"})
COUNTING: Final = frozenset({"running", "missed"})
"""Clocks whose end moves nearer, or has passed. A paused one stands still."""
UNDATED: Final = "9999"
SOON_DAYS: Final = 7
"""What has at most so many days left is due soon."""
KEPT: Final = ("rule_id", "about_type", "about_id", "obliges", "if_missed", "round", "zone")


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The clock after one more of its events."""
    event = received.event
    assert isinstance(event, public.ClockEvent)
    before = row or {"status": "running", "percent": None, "in_time": None}
    status = _status(before["status"], event)
    due = instant_text(event.due_at) if status in COUNTING else UNDATED
    return {
        **before,
        **owner_of(received),
        **place_of(received),
        **{name: getattr(event, name) for name in KEPT},
        "due_on": event.due_on.isoformat(),
        "due_at": event.due_at.astimezone(UTC),
        "status": status,
        "shown": "open" if status in OPEN else "closed",
        "order": f"{due} {event.clock_id}",
        "soon_at": soon_from(event.due_on, event.zone) if status in COUNTING else None,
        **_told(event),
    }


def _status(before: str, event: PublicEvent) -> str:
    if isinstance(event, ANEW):
        return "paused" if before == "paused" else "running"
    if isinstance(event, public.RegulatoryClockReopened):
        return "paused" if event.paused else "running"
    return STATUS_AFTER.get(type(event), before)


def _told(event: PublicEvent) -> Document:
    match event:
        case public.RegulatoryDeadlineApproaching():
            return {"percent": event.percent}
        case public.RegulatoryClockExtendedByBody() | public.RegulatoryClockAnchorCorrected():
            return {"percent": event.percent, "in_time": None}
        case public.RegulatoryClockResumed() | public.RegulatoryClockExtended():
            # The period is reckoned anew, so its alerts are told again.
            return {"percent": None}
        case public.RegulatoryClockStopped():
            return {"in_time": event.in_time}
        case public.RegulatoryClockReopened():
            return {"in_time": None}
        case _:
            return {}


def soon_from(due_on: date, zone: str) -> datetime:
    """The first instant, in UTC, at which no more than `SOON_DAYS` days are left where the authority is."""
    first = due_on - timedelta(days=SOON_DAYS)
    return datetime.combine(first, time(), zone_of(zone)).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """The time zone of this name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


ROWS: Final = Rows(COLLECTION, key_of("clock", "clock_id"), version_of, fold)
