"""Cycle times: the days between two standard milestones that a site, a country or a study has reached.

One row a place, with all that it has reached; a day that is corrected or taken back changes what rests on it. Measured
is only what both ends tell to the day, and where the end does not lie before the beginning.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import Received
from contracts.sites import MilestoneReached, StudyMilestoneReached
from contracts.sites.planning import MilestoneLevel
from kernel import bounds

from reporting.projections.reading import owner_of, place_of, version_of

COLLECTION: Final = "cycle_times"


class Cycle(NamedTuple):
    """Two standard milestones of one level; the names are those of `sites`."""

    code: str
    level: MilestoneLevel
    begins: str
    ends: str


CYCLES: Final = (
    Cycle("study_opening", "study", "protocol_approved", "first_site_activated"),
    Cycle("study_first_subject", "study", "first_site_activated", "first_subject_in"),
    Cycle("study_recruitment", "study", "first_subject_in", "last_subject_in"),
    Cycle("database_lock", "study", "last_subject_last_visit", "database_lock"),
    Cycle("study_report", "study", "database_lock", "study_report_approved"),
    Cycle("authority_review", "country", "authority_submission", "authority_approval"),
    Cycle("ethics_review", "country", "ethics_submission", "ethics_approval"),
    Cycle("country_opening", "country", "authority_approval", "first_site_activated"),
    Cycle("country_first_subject", "country", "first_site_activated", "first_subject_in"),
    Cycle("site_feasibility", "site", "cda_signed", "feasibility_returned"),
    Cycle("site_selection", "site", "site_identified", "site_selected"),
    Cycle("site_contract", "site", "site_selected", "contract_executed"),
    Cycle("site_initiation", "site", "contract_executed", "initiation_visit"),
    Cycle("site_green_light", "site", "initiation_visit", "site_activated"),
    Cycle("site_start_up", "site", "site_selected", "site_activated"),
    Cycle("site_first_subject", "site", "site_activated", "first_subject_in"),
    Cycle("site_close_out", "site", "close_out_visit", "site_closed"),
)
"""From the study down to its sites, each level in the order of a study's life."""


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The place after one more milestone."""
    level, kind, actual = _told(received)
    reached = {**(row or {"reached": {}})["reached"], kind: actual}
    return {
        **owner_of(received),
        **place_of(received),
        "reached": reached,
        "cycles": list(_measured(level, reached)),
    }


def _told(received: Received) -> tuple[MilestoneLevel, str, str | None]:
    event = received.event
    if isinstance(event, StudyMilestoneReached):
        return "study", event.milestone, event.actual
    assert isinstance(event, MilestoneReached), "no other event has a key"
    return event.level, event.kind, event.actual


def _measured(level: MilestoneLevel, reached: Mapping[str, str | None]) -> Iterator[Document]:
    days = {kind: day for kind, actual in reached.items() if actual and (day := _day_of(actual))}
    for cycle in CYCLES:
        if cycle.level == level and cycle.begins in days and cycle.ends in days:
            took = (days[cycle.ends] - days[cycle.begins]).days
            if took >= 0:
                yield {"cycle": cycle.code, "days": took}


def _day_of(actual: str) -> date | None:
    """The day of a business time; None where it may mean several."""
    first, after = bounds(actual)
    return first.date() if after - first <= timedelta(days=1) else None


def _key(received: Received) -> str | None:
    told = isinstance(received.event, MilestoneReached | StudyMilestoneReached)
    return received.envelope.aggregate_id if told else None


ROWS: Final = Rows(COLLECTION, _key, version_of, fold)
