"""Public event → read-model row: which studies and sites there are, whose, and what was agreed about them. Pure.

A row has the top-level `sponsor` and `study` by which every read is scoped. What the row of a study or a site tells
never changes after the event that made it, so all other events pass it by.
"""

from collections.abc import Mapping
from typing import Any

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import Received
from contracts.agreed import agreement_key, agreement_row
from contracts.sites import SiteIdentified, StudyRegistered


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
    return {"sponsor": received.envelope.sponsor, "study": event.study_id, "country": event.country}


STUDIES = Rows("studies", study_key, version_of, study_row)
SITES = Rows("sites", site_key, version_of, site_row)
AGREEMENTS = Rows("sponsor_agreements", agreement_key, version_of, agreement_row)
