"""Public event → read-model row: which studies and sites there are, whose, and what was agreed about them. Pure.

A row has the top-level `sponsor` and `study` by which every read is scoped. What the row of a study or a site tells
never changes after the event that made it, so all other events pass it by. What makes documents of a trial master file
expected is remembered whole, one entry an event.
"""

from collections.abc import Mapping
from typing import Any

from chassis.mongo import Document
from chassis.stream.projecting import Entries, Rows
from contracts import Received
from contracts.agreed import agreement_key, agreement_row
from contracts.sites import MilestoneReached, SiteIdentified, StudyMilestoneReached, StudyRegistered
from kernel import BusinessTime

from regulatory.domain.tmf_expectations import RULES
from regulatory.domain.trial_obligations import MILESTONES as MILESTONES_SPOKEN_OF


def version_of(received: Received) -> int:
    """The version of the aggregate of which the event tells."""
    return received.envelope.aggregateversion


def study_key(received: Received) -> str | None:
    """The study that an event makes known; None where it makes none known."""
    return received.event.study_id if isinstance(received.event, StudyRegistered) else None


def study_row(_: Mapping[str, Any] | None, received: Received) -> Document:
    """A study as this service knows it."""
    return {"sponsor": received.envelope.sponsor, "study": received.event.study_id}


def site_key(received: Received) -> str | None:
    """The site that an event makes known; None where it makes none known."""
    return received.event.site_id if isinstance(received.event, SiteIdentified) else None


def site_row(_: Mapping[str, Any] | None, received: Received) -> Document:
    """A site as this service knows it."""
    event = received.event
    assert isinstance(event, SiteIdentified), "only what has a site's key becomes a site's row"
    return {
        "sponsor": received.envelope.sponsor,
        "study": event.study_id,
        "country": event.country,
        "number": event.number,
    }


def trigger_of(received: Received) -> Document | None:
    """An event that the expectation rules of trial master files speak of, whole: rules to come may ask for it again."""
    envelope, event = received
    if not RULES.speak_of(event.TYPE):
        return None
    return {
        "_id": envelope.id,
        "sponsor": envelope.sponsor,
        "study": envelope.study,
        "recorded_at": envelope.recorded_at,
        "envelope": envelope.model_dump(mode="json", exclude_none=True),
        "body": event.model_dump(mode="json"),
    }


def milestone_key(received: Received) -> str | None:
    """A milestone of which clock rules speak; None for others, and for what was taken over from elsewhere.

    Whoever ran a trial before has told of what happened then; such a period is begun by hand where it still runs.
    """
    told = _milestone(received)
    if told is None or told[1] not in MILESTONES_SPOKEN_OF or received.envelope.provenance != "recorded":
        return None
    return f"{received.event.study_id}/{told[0] or ''}/{told[1]}"


def milestone_row(_: Mapping[str, Any] | None, received: Received) -> Document:
    """When a study or a country of it reached a milestone; None where that was taken back."""
    told = _milestone(received)
    assert told is not None, "only what has a milestone's key becomes a milestone's row"
    about = {"sponsor": received.envelope.sponsor, "study": received.event.study_id}
    return {**about, **dict(zip(("country", "kind", "actual"), told, strict=True))}


def _milestone(received: Received) -> tuple[str | None, str, BusinessTime | None] | None:
    match received.event:
        case StudyMilestoneReached() as event:
            return None, event.milestone, event.actual
        case MilestoneReached(level="country") as event:
            return event.country, event.kind, event.actual
        case _:
            return None


STUDIES = Rows("studies", study_key, version_of, study_row)
SITES = Rows("sites", site_key, version_of, site_row)
MILESTONES = Rows("milestones", milestone_key, version_of, milestone_row)
AGREEMENTS = Rows("sponsor_agreements", agreement_key, version_of, agreement_row)
TMF_TRIGGERS = Entries("tmf_triggers", trigger_of)
