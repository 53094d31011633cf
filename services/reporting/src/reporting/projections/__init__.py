"""Public event → read-model writes. Pure: rows mirror aggregates, the timeline has one entry an event."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from chassis.projecting import Entries, Rows
from contracts import Received

from reporting.projections import facts, milestones, sites, studies, subjects, timeline

ROWS: Final[Sequence[Rows[Received]]] = (
    studies.ROWS,
    sites.ROWS,
    subjects.ROWS,
    milestones.VISITS,
    milestones.SUBMISSIONS,
    facts.ROWS,
)


def projections_at(stored_at: datetime, before: Mapping[str, datetime]) -> Sequence[Rows[Received] | Entries[Received]]:
    """Every projection; entries of the timeline are marked as stored at this instant, or when `before` says."""
    return (*ROWS, timeline.entries_at(stored_at, before))
