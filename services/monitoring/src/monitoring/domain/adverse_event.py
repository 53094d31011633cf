"""Adverse event: an untoward medical occurrence in a subject, as a plain record.

Serious as ICH E2A defines it: death, danger to life, hospitalisation, disability, congenital anomaly, or medically
important; severity is another matter and says how strong it was. Told again with other facts, the record takes them:
a correction.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, State
from pydantic import BaseModel

Severity = Literal["mild", "moderate", "severe", "life_threatening", "fatal"]


class AdverseEventFacts(BaseModel):
    """All that is known of an adverse event but its date."""

    adverse_event_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    serious: bool
    severity: Severity | None


class RecordAdverseEvent(AdverseEventFacts, Command):
    """Note an adverse event of a subject."""


class AdverseEventRecorded(AdverseEventFacts, Event):
    """The adverse event as it is known now."""


class AdverseEvent(AdverseEventFacts, State):
    """An adverse event as it is."""

    occurred_on: BusinessTime | None


def decide(adverse_event: AdverseEvent | None, command: RecordAdverseEvent) -> list[AdverseEventRecorded]:
    """Take what is new."""
    recorded = AdverseEventRecorded.model_validate(dict(command))
    return [] if evolve(adverse_event, recorded) == adverse_event else [recorded]


def evolve(_: AdverseEvent | None, event: AdverseEventRecorded) -> AdverseEvent:
    """Apply the event: it tells all there is."""
    about = event.model_dump(exclude={"occurred_at"})
    return AdverseEvent.model_validate({**about, "occurred_on": event.occurred_at})
