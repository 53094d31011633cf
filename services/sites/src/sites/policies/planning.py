"""What events say about planned milestones: which they reach, and which plan of the study they change.

Which event reaches which milestone is data (`domain/milestone_kinds.csv`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from contracts import PublicEvent, Received, monitoring, regulatory
from contracts import sites as public

from sites.domain.milestone_track import Actual, earlier
from sites.domain.milestones import Level, reached_by
from sites.domain.study import Milestone


@dataclass(frozen=True)
class Reaching:
    """The milestones that an event reaches, by level; where, when, and which event it is."""

    event_id: str
    study_id: str
    sponsor_id: str
    country: str | None
    site_id: str | None
    on: str | None
    kinds: Mapping[Level, Sequence[str]]


@dataclass(frozen=True)
class Noting:
    """What a place of a study has reached, or without a country the study itself, each at the earliest it was told."""

    study_id: str
    sponsor_id: str
    country: str | None
    site_id: str | None
    reached: Mapping[str, Actual]


def milestones_reached(received: Received) -> Reaching | None:
    """The milestones that an event reaches; None where it reaches none."""
    event = received.event
    rows = reached_by(event.TYPE, _kind_of(event))
    if not rows:
        return None
    country: str | None = getattr(event, "country", None)
    site_id: str | None = getattr(event, "site_id", None)
    here: dict[Level, bool] = {"study": True, "country": country is not None, "site": site_id is not None}
    kinds: dict[Level, list[str]] = {level: [one.kind for one in rows if one.level == level] for level in here}
    return Reaching(
        event_id=received.envelope.id,
        study_id=event.study_id,
        sponsor_id=received.envelope.sponsor,
        country=country,
        site_id=site_id,
        on=received.envelope.occurred_at,
        kinds={level: found for level, found in kinds.items() if found and here[level]},
    )


def notings(several: Iterable[Reaching]) -> list[Noting]:
    """What the study and each of its places have reached by these events."""
    found: dict[tuple[str, str, str | None, str | None], dict[str, Actual]] = defaultdict(dict)
    for one in several:
        places = {"study": (None, None), "country": (one.country, None), "site": (one.country, one.site_id)}
        for level, kinds in one.kinds.items():
            noted = found[one.study_id, one.sponsor_id, *places[level]]
            for kind in kinds:
                noted[kind] = earlier(noted.get(kind), Actual(on=one.on, event_id=one.event_id))
    return [Noting(*place, reached=reached) for place, reached in found.items()]


def study_milestones_planned(received: Received) -> tuple[Milestone, ...]:
    """When a plan or a baseline gives a study's own milestones their day, the study has it too."""
    match received.event:
        case public.MilestonePlanned(level="study") as event:
            days = {event.kind: event.planned}
        case public.PlanBaselineApproved() as event:
            days = {one.kind: one.planned for one in event.milestones if one.level == "study"}
        case _:
            return ()
    return tuple(Milestone.model_validate({"kind": kind, "planned": day.isoformat()}) for kind, day in days.items())


def changes_what_is_to_be_expected(event: PublicEvent) -> bool:
    """When a milestone is reached, what waits for it is looked at anew."""
    return isinstance(event, public.MilestoneReached | public.StudyMilestoneReached)


def _kind_of(event: PublicEvent) -> str | None:
    match event:
        case regulatory.SubmissionEvent():
            return event.body
        case regulatory.DocumentEvent():
            return event.kind
        case monitoring.MonitoringVisitEvent():
            return event.visit_type
        case public.IpShipmentReceived():
            return event.temperature
        case _:
            return None
