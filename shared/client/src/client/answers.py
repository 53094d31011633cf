"""What the services answer to reads. Fields that a newer service adds are ignored."""

from typing import Generic, TypeVar

from contracts import Sponsor
from pydantic import BaseModel, ConfigDict

Item = TypeVar("Item", bound=BaseModel)


class Answer(BaseModel):
    """The base of every answer: frozen, open for fields to come."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Page(Answer, Generic[Item]):
    """A page of a list; `next` is the cursor of the page that follows, None on the last one."""

    items: tuple[Item, ...]
    next: str | None = None


class Counts(Answer):
    """How much a study holds."""

    countries: int
    sites: int
    active_sites: int
    subjects: int
    enrolled: int


class MilestoneDates(Answer):
    """A milestone with its dates, in the precision of their source."""

    kind: str
    planned: str | None = None
    actual: str | None = None


class Study(Answer):
    """A study as reporting sees it."""

    study_id: str
    registry_ids: tuple[str, ...] = ()
    protocol_number: str
    sponsor: Sponsor
    title: str
    phase: str | None
    status: str
    planned_enrolment: int | None = None
    counts: Counts
    milestones: tuple[MilestoneDates, ...] = ()


class Site(Answer):
    """A study site as reporting sees it; `country` is ISO 3166-1 alpha-2."""

    site_id: str
    name: str | None = None
    city: str | None = None
    country: str
    status: str
    milestones: tuple[MilestoneDates, ...] = ()


class TimelineEntry(Answer):
    """One thing that happened. `occurred_at` is business time, None where the source gives no date."""

    event_id: str
    type: str
    kind: str
    study_id: str
    site_id: str | None = None
    country: str | None = None
    occurred_at: str | None = None
    recorded_at: str
    provenance: str
