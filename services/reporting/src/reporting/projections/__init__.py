"""Public event → read-model writes. Pure: rows mirror aggregates, the timeline has one entry an event."""

from collections.abc import Sequence
from typing import Final

from chassis.stream.projecting import Rows
from contracts import Received

from reporting.projections import (
    amendments,
    checklists,
    clocks,
    cycle_times,
    facts,
    milestones,
    plans,
    sites,
    studies,
    subjects,
    submissions,
    tmf,
)

ROWS: Final[Sequence[Rows[Received]]] = (
    studies.ROWS,
    sites.ROWS,
    subjects.ROWS,
    milestones.VISITS,
    milestones.SUBMISSIONS,
    facts.ROWS,
    submissions.ROWS,
    clocks.ROWS,
    checklists.ROWS,
    checklists.STUDY_ROWS,
    plans.ROWS,
    cycle_times.ROWS,
    amendments.ROWS,
    tmf.FILE_ROWS,
    tmf.DOCUMENT_ROWS,
)
"""Every projection but the timeline, which is made anew for each batch: `timeline.entries_at`."""
