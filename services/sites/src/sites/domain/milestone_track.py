"""Milestone track: which milestones a country or a site of a study has reached, and on which day.

Dates come from events, and the earliest counts: what is learned later never moves a milestone to a later day. What
somebody records by hand stands, whatever an event says.
"""

from collections.abc import Mapping

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before
from pydantic import BaseModel, ConfigDict

from sites.domain.milestones import KINDS, Kind, Level


class Actual(BaseModel):
    """When a milestone was reached, and by which event this is known; by hand where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    on: BusinessTime | None
    event_id: str | None


class Place(BaseModel):
    """A country of a study, or a site in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    track_id: str
    study_id: str
    sponsor_id: str
    country: str
    site_id: str | None

    @property
    def level(self) -> Level:
        """Of which level the place's milestones are."""
        return "country" if self.site_id is None else "site"


# Commands


class NoteMilestones(Command):
    """Note what events reached."""

    place: Place
    reached: Mapping[str, Actual]


class RecordMilestone(Command):
    """Say by hand when a milestone was reached; None where it was not, whatever was noted."""

    place: Place
    kind: str
    actual: BusinessTime | None


MilestoneTrackCommand = NoteMilestones | RecordMilestone


# Events


class TrackedMilestoneReached(Event):
    """A milestone was reached on that day, or was not after all."""

    place: Place
    kind: str
    actual: Actual | None


# State


class MilestoneTrack(State):
    """What a place has reached. A milestone with None was taken back by hand."""

    place: Place
    reached: Mapping[str, Actual | None]

    @property
    def study_id(self) -> str:
        """The study."""
        return self.place.study_id

    @property
    def sponsor_id(self) -> str:
        """The study's sponsor."""
        return self.place.sponsor_id


def decide(track: MilestoneTrack | None, command: MilestoneTrackCommand) -> list[TrackedMilestoneReached]:
    """What follows from the command; Refused where a rule forbids it."""
    known: Mapping[str, Actual | None] = track.reached if track is not None else {}
    match command:
        case NoteMilestones():
            return note(known, command)
        case RecordMilestone():
            return record(known, command)


def note(known: Mapping[str, Actual | None], command: NoteMilestones) -> list[TrackedMilestoneReached]:
    """Take an event's day where none is known, or where it certainly is earlier."""
    return [
        TrackedMilestoneReached(occurred_at=found.on, place=command.place, kind=kind, actual=found)
        for kind, found in command.reached.items()
        if kind not in known or _is_earlier(found, known[kind])
    ]


def record(known: Mapping[str, Actual | None], command: RecordMilestone) -> list[TrackedMilestoneReached]:
    """Take what is said by hand."""
    if Kind(level=command.place.level, kind=command.kind) not in KINDS:
        detail = f"A {command.place.level} has no milestone {command.kind}: GET /v1/milestone-kinds has them."
        raise Refused(Reason(code="kind_unknown", field="kind", detail=detail))
    actual = Actual(on=command.actual, event_id=None) if command.actual is not None else None
    if command.kind in known and known[command.kind] == actual:
        return []
    if actual is None and command.kind not in known:
        return []
    at = command.actual or command.occurred_at
    return [TrackedMilestoneReached(occurred_at=at, place=command.place, kind=command.kind, actual=actual)]


def earlier(known: Actual | None, found: Actual) -> Actual:
    """What is known by an event, unless what was found is the first, or certainly lies before it."""
    if known is None or (found.on is not None and (known.on is None or is_before(found.on, known.on))):
        return found
    return known


def _is_earlier(found: Actual, known: Actual | None) -> bool:
    return known is not None and known.event_id is not None and earlier(known, found) is found


def evolve(track: MilestoneTrack | None, event: TrackedMilestoneReached) -> MilestoneTrack:
    """Apply one event. No rule lives here: what happened, happened."""
    told = {event.kind: event.actual}
    if track is None:
        return MilestoneTrack(place=event.place, reached=told)
    return changed(track, reached={**track.reached, **told})
