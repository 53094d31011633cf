"""What clients get. Fixed from the start: fields are only ever added."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(frozen=True)


class Sponsor(Answer):
    """The party that answers for the study."""

    id: str
    name: str


class Milestone(Answer):
    """A milestone's dates, each with the precision its source had (`2021-06` is a month); null where there is none."""

    kind: str
    planned: str | None
    actual: str | None


class Counts(Answer):
    """How much a study holds. `countries`: those with sites, or the planned ones where there are no sites yet."""

    countries: int
    sites: int
    active_sites: int
    subjects: int
    enrolled: int = Field(description="Subjects ever enrolled, also those who have left since")
    subject_visits: int
    protocol_deviations: int
    important_deviations: int
    adverse_events: int
    serious_adverse_events: int


class Study(Answer):
    """A study across all services."""

    study_id: str
    registry_ids: list[str]
    protocol_number: str
    sponsor: Sponsor
    title: str
    phase: str | None
    status: str
    planned_enrolment: int | None
    counts: Counts
    milestones: list[Milestone]


class Site(Answer):
    """A study site, with its own milestones and those that visits and approvals gave it."""

    site_id: str
    name: str | None
    city: str | None
    country: str = Field(description="ISO 3166-1 alpha-2")
    number: str | None = Field(description="The sponsor's site number within the study")
    status: str
    milestones: list[Milestone]


class Country(Answer):
    """A country of a study. One without sites is planned only."""

    country: str = Field(description="ISO 3166-1 alpha-2")
    sites: int
    active_sites: int
    subjects: int
    enrolled: int


class TimelineEntry(Answer):
    """One thing that happened: `occurred_at` in the world, `recorded_at` when the platform learned it."""

    event_id: str
    type: str
    kind: str
    study_id: str
    site_id: str | None
    country: str | None
    occurred_at: str | None
    recorded_at: str = Field(description="RFC 3339, UTC")
    provenance: str
    sponsor_id: str
    subject_key: str | None = Field(description="Pseudonymous key of the subject, where there is one")


class SourceFreshness(Answer):
    """How far one service's events have been folded in."""

    source: str
    topic: str
    recorded_at: str | None = Field(description="When the last folded event was recorded; null before the first")
    lag_records: int | None = Field(description="Records not yet folded; null where another process reads them")


class Freshness(Answer):
    """How complete the read model is, source by source."""

    sources: list[SourceFreshness]


class Totals(Answer):
    """What all studies together hold."""

    studies: int
    sponsors: int
    sites: int
    active_sites: int
    subjects: int
    enrolled: int


def instant(value: Any) -> str:
    """An instant as answers carry it: RFC 3339 in UTC, in milliseconds."""
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
