"""Rows of what there is much of and only counted: subject visits, protocol deviations, adverse events.

A row is as small as it can be: its kind, and whether it is `grave`, which means important for a deviation (ICH E3) and
serious for an adverse event (ICH E2A).
"""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts.monitoring import AdverseEventRecorded, ProtocolDeviationRecorded, SubjectVisitEvent

from reporting.projections.reading import aggregate_of, owner_of, version_of

COLLECTION: Final = "facts"


def key(received: Received) -> str | None:
    """The id of what is counted; None for every other event."""
    match received.event:
        case SubjectVisitEvent() as event:
            return event.subject_visit_id
        case ProtocolDeviationRecorded() as event:
            return event.deviation_id
        case AdverseEventRecorded() as event:
            return event.adverse_event_id
        case _:
            return None


def fold(_: Mapping[str, Any] | None, received: Received) -> Document:
    """The fact as its last event tells it."""
    event = received.event
    return {**owner_of(received), "kind": kind_of(event), "grave": _is_grave(event)}


def kind_of(event: PublicEvent) -> str:
    """The kind of fact: `subject_visit`, `protocol_deviation` or `adverse_event`."""
    return aggregate_of(event).replace("-", "_")


def _is_grave(event: PublicEvent) -> bool:
    match event:
        case ProtocolDeviationRecorded():
            return event.important
        case AdverseEventRecorded():
            return event.serious
        case _:
            return False


ROWS: Final = Rows(COLLECTION, key, version_of, fold, whole=True)
