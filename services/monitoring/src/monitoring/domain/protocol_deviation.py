"""Protocol deviation: a departure from the protocol, as a plain record.

Important deviations may significantly affect the completeness, accuracy or reliability of the data, or a subject's
rights, safety or well-being (ICH E3 questions and answers, R1). Told again with other facts, the record takes them:
a correction.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, State
from pydantic import BaseModel

Category = Literal[
    "informed_consent",
    "eligibility",
    "investigational_product",
    "treatment_compliance",
    "prohibited_medication",
    "visit_schedule",
    "study_procedures",
    "safety",
    "other",
]


class ProtocolDeviationFacts(BaseModel):
    """All that is known of a deviation but its date. Without a site it is known of the study only."""

    deviation_id: str
    study_id: str
    sponsor_id: str
    site_id: str | None
    country: str | None
    subject_key: str | None
    category: Category
    important: bool


class RecordProtocolDeviation(ProtocolDeviationFacts, Command):
    """Note a deviation."""


class ProtocolDeviationRecorded(ProtocolDeviationFacts, Event):
    """The deviation as it is known now."""


class ProtocolDeviation(ProtocolDeviationFacts, State):
    """A protocol deviation as it is."""

    occurred_on: BusinessTime | None


def decide(deviation: ProtocolDeviation | None, command: RecordProtocolDeviation) -> list[ProtocolDeviationRecorded]:
    """Take what is new."""
    recorded = ProtocolDeviationRecorded.model_validate(dict(command))
    return [] if evolve(deviation, recorded) == deviation else [recorded]


def evolve(_: ProtocolDeviation | None, event: ProtocolDeviationRecorded) -> ProtocolDeviation:
    """Apply the event: it tells all there is."""
    about = event.model_dump(exclude={"occurred_at"})
    return ProtocolDeviation.model_validate({**about, "occurred_on": event.occurred_at})
