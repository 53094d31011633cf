"""The entries that a page shows first: what happened last, among what has a date of its own."""

from collections.abc import Sequence
from typing import Final, get_args

from chassis import clock
from chassis.mongo import Database
from chassis.scope import Scope
from contracts.sites import StudyMilestoneKind

from reporting import queries
from reporting.portal.asking import page_of
from reporting.portal.folding import Line, lines_of
from reporting.queries.filters import TimelineFilter
from reporting.store import TIMELINE

LINES: Final = 12
READ: Final = 250
"""So many entries are folded into lines at most."""
HEADLINES: Final[tuple[str, ...]] = (
    *get_args(StudyMilestoneKind),
    "site_activated",
    "site_closed",
    "site_terminated",
    "subject_enrolled",
    "submission_approved",
    "submission_rejected",
    "monitoring_visit_completed",
)
"""What is worth a line among all studies: a portfolio has far more entries of other kinds, many without a date."""


async def headlines(database: Database, scope: Scope) -> Sequence[Line]:
    """The latest headlines of all studies. What lies ahead is no news."""
    given = {"kind": HEADLINES, "order": "desc", "to": clock.now().date().isoformat()}
    asked = TimelineFilter.model_validate(given)
    page = await queries.timeline_page(database, scope, asked, page_of(READ, None))
    return lines_of(page.items, LINES, more=page.next is not None)


async def entries_of(database: Database, scope: Scope, study_id: str) -> Sequence[Line]:
    """The latest dated entries of one study."""
    until = TimelineFilter.model_validate({"to": clock.now().date().isoformat()}).condition()
    dated = {"study": study_id, "occurred_at": {"$ne": None}, **until}
    found = await database.collection(TIMELINE).find(scope, dated, sort=[("position", -1)], limit=READ + 1)
    return lines_of([queries.entry(one) for one in found[:READ]], LINES, more=len(found) > READ)
