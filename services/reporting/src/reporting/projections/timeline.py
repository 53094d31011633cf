"""The timeline: one entry an event, in an order that no arrival can change."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final

from chassis.mongo import Document
from chassis.stream.projecting import Entries
from contracts import PublicEvent, Received
from contracts.sites import StudyMilestonePlanned, StudyMilestoneReached
from kernel import bounds

from reporting.projections.reading import action_of, aggregate_of, owner_of, place_of

COLLECTION: Final = "timeline"
INSTANT_CHARACTERS: Final = len("2021-06-30T00:00:00.000000")


def entries_at(stored_at: datetime, before: Mapping[str, datetime]) -> Entries[Received]:
    """The projection; its entries are marked as stored at this instant, but for those that `before` knows by id."""
    return Entries(COLLECTION, lambda one: entry(one, stored_at=before.get(one.envelope.id, stored_at)))


def entry(received: Received, *, stored_at: datetime) -> Document:
    """The entry of an event. Fields as clients know them, but for `study` and `sponsor`, by which reads are scoped."""
    envelope, event = received
    position = position_of(envelope.occurred_at, envelope.recorded_at, envelope.id)
    # Few lie ahead of their recording, so only these are marked: who asks what was known then looks for them apart.
    ahead = {"ahead": True} if position[:INSTANT_CHARACTERS] > instant_text(envelope.recorded_at) else {}
    return {
        "_id": envelope.id,
        **owner_of(received),
        **place_of(received),
        "type": envelope.type,
        "kind": kind_of(event),
        "occurred_at": envelope.occurred_at,
        "position": position,
        "recorded_at": envelope.recorded_at.astimezone(UTC),
        "provenance": envelope.provenance,
        "source": envelope.source,
        "subject_key": getattr(event, "subject_key", None),
        "trace_id": _trace_id(envelope.traceparent),
        "stored_at": stored_at,
        **ahead,
    }


def kind_of(event: PublicEvent) -> str:
    """What an entry is about: the milestone a study has reached, else aggregate and action: `site_activated`.

    A date that is taken back is no milestone: `milestone_voided`; a plan, or the end of one, is `milestone_planned`.
    """
    match event:
        case StudyMilestoneReached():
            return "milestone_voided" if event.actual is None else event.milestone
        case StudyMilestonePlanned():
            return "milestone_planned"
        case _:
            return _usual_kind(type(event))


@cache
def _usual_kind(event: type[PublicEvent]) -> str:
    return f"{aggregate_of(event)}_{action_of(event)}".replace("-", "_")


def position_of(occurred_at: str | None, recorded_at: datetime, event_id: str = "") -> str:
    """Where an entry stands: by the first instant its business time may mean, then by its id.

    Without a business time it stands where it was recorded. One text that sorts as the timeline does, so that one index
    serves a page however many entries share a day.
    """
    return f"{_first_instant(occurred_at) if occurred_at else instant_text(recorded_at)} {event_id}"


@lru_cache(maxsize=8_192)
def _first_instant(occurred_at: str) -> str:
    return instant_text(bounds(occurred_at)[0])


def instant_text(instant: datetime) -> str:
    """An instant as texts of the same width, which sort as the instants do."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


def _trace_id(traceparent: str | None) -> str | None:
    # W3C Trace Context: version, trace id, parent id, flags.
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None  # noqa: PLR2004 - the four fields
