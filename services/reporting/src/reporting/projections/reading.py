"""What every projection reads from an event, and how."""

from collections.abc import Callable
from functools import cache
from typing import Any

from contracts import PublicEvent, Received


def aggregate_of(event: PublicEvent | type[PublicEvent]) -> str:
    """The aggregate in an event's type: `studyline.sites.site.activated.v1` gives `site`."""
    return _words_of(event.TYPE)[2]


def action_of(event: PublicEvent | type[PublicEvent]) -> str:
    """What happened, by an event's type: `studyline.sites.site.activated.v1` gives `activated`."""
    return _words_of(event.TYPE)[3]


@cache
def _words_of(event_type: str) -> list[str]:
    return event_type.split(".")


def key_of(aggregate: str, field: str) -> Callable[[Received], str | None]:
    """The row's id of events of this aggregate, from the field that carries it; None for every other event."""

    def key(received: Received) -> str | None:
        return getattr(received.event, field) if aggregate_of(received.event) == aggregate else None

    return key


def version_of(received: Received) -> int:
    """The aggregate's version which the event made."""
    return received.envelope.aggregateversion


def owner_of(received: Received) -> dict[str, Any]:
    """Whose the event is: the two fields by which every read is scoped."""
    return {"sponsor": received.envelope.sponsor, "study": received.envelope.study}


def place_of(received: Received) -> dict[str, Any]:
    """Site and country of an event, null where it names none."""
    event = received.event
    return {"site_id": getattr(event, "site_id", None), "country": getattr(event, "country", None)}
