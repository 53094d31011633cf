"""Enrolment limits: how many subjects a study, a country or a site may enrol, all told.

A limit keeps a study from enrolling more subjects than were planned and approved (ICH E6(R3) 3.1; CTR art. 15).
"""

from collections.abc import Iterable

from kernel import Command, Event, Reason, Refused, State, changed
from pydantic import BaseModel, Field

from sites.domain.milestones import Level

SUBJECTS_MAX = 10_000_000


class Limit(BaseModel, frozen=True, extra="forbid"):
    """How many subjects may be enrolled at a place; the study's own limit has none."""

    country: str | None = None
    site_id: str | None = None
    subjects: int = Field(ge=0, le=SUBJECTS_MAX)

    @property
    def level(self) -> Level:
        """What it limits."""
        return "site" if self.site_id is not None else "country" if self.country is not None else "study"

    def concerns(self, country: str, site_id: str) -> bool:
        """Whether a subject at this site counts."""
        return self.country in {None, country} and self.site_id in {None, site_id}


class Taken(BaseModel, frozen=True, extra="forbid"):
    """A limit and how many subjects were enrolled under it."""

    limit: Limit
    enrolled: int


class LimitEnrolment(Command):
    """Set the limit of a place, or lift it with None."""

    study_id: str
    sponsor_id: str
    country: str | None
    site_id: str | None
    subjects: int | None


class EnrolmentLimited(Event):
    """The place has this limit now, or none."""

    study_id: str
    sponsor_id: str
    country: str | None
    site_id: str | None
    subjects: int | None


class EnrolmentLimits(State):
    """The limits of a study."""

    study_id: str
    sponsor_id: str
    limits: tuple[Limit, ...] = ()

    def of(self, country: str, site_id: str) -> tuple[Limit, ...]:
        """The limits under which a subject at this site counts."""
        return tuple(one for one in self.limits if one.concerns(country, site_id))


def decide(limits: EnrolmentLimits | None, command: LimitEnrolment) -> list[EnrolmentLimited]:
    """Take a limit that differs. One below what is enrolled already is allowed: nobody else is enrolled then."""
    if command.country is None and command.site_id is not None:
        detail = "A site lies in a country: name both."
        raise Refused(Reason(code="place_wrong", field="country", detail=detail))
    known = {(one.country, one.site_id): one.subjects for one in limits.limits} if limits is not None else {}
    if known.get((command.country, command.site_id)) == command.subjects:
        return []
    return [EnrolmentLimited.model_validate(dict(command))]


def full(taken: Iterable[Taken]) -> list[Reason]:
    """Every limit that leaves no room for one more subject."""
    return [
        Reason(
            code=f"{one.limit.level}_limit_reached",
            field="step",
            detail=f"{one.enrolled} subjects are enrolled and {one.limit.subjects} is the limit of the "
            f"{one.limit.level}: raise it first.",
        )
        for one in taken
        if one.enrolled >= one.limit.subjects
    ]


def evolve(limits: EnrolmentLimits | None, event: EnrolmentLimited) -> EnrolmentLimits:
    """Apply one event. No rule lives here: what happened, happened."""
    if limits is None:
        limits = EnrolmentLimits(study_id=event.study_id, sponsor_id=event.sponsor_id)
    others = tuple(one for one in limits.limits if (one.country, one.site_id) != (event.country, event.site_id))
    if event.subjects is None:
        return changed(limits, limits=others)
    made = Limit(country=event.country, site_id=event.site_id, subjects=event.subjects)
    return changed(limits, limits=(*others, made))
