"""Pre-study visit: that somebody has seen a candidate site, as learned from `monitoring` (TMF RM 05.01.04).

Noted whenever it becomes known, before or after the site has answered, so that any order of arrival ranks it alike.
"""

from kernel import BusinessTime, Command, Event, State


class NotePreStudyVisit(Command):
    """Note that the visit took place."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    event_id: str


class PreStudyVisitNoted(Event):
    """The visit took place."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    event_id: str


class PreStudyVisit(State):
    """A visit, and the event it was learned from."""

    visit_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    event_id: str
    took_place_on: BusinessTime | None


def decide(visit: PreStudyVisit | None, command: NotePreStudyVisit) -> list[PreStudyVisitNoted]:
    """Note it, and again where it is told differently."""
    noted = PreStudyVisitNoted.model_validate(dict(command))
    return [] if visit == evolve(None, noted) else [noted]


def evolve(_: PreStudyVisit | None, event: PreStudyVisitNoted) -> PreStudyVisit:
    """Apply the event."""
    return PreStudyVisit.model_validate(
        {**event.model_dump(exclude={"occurred_at"}), "took_place_on": event.occurred_at}
    )
