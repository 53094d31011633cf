"""The read model's collections and the indexes that keep its pages flat, however much it holds.

Every document carries `sponsor` and `study`, by which reads are scoped. Every index of the timeline ends with
`position`, so that a page is a range of it, in either direction; behind it `recorded_at` lets what was recorded too
late be passed by unread.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from chassis.mongo import Collection, Database

from reporting.generations import Generations
from reporting.projections import (
    amendments,
    checklists,
    clocks,
    cycle_times,
    facts,
    milestones,
    plans,
    sites,
    start_up,
    studies,
    subjects,
    submission_board,
    submissions,
    timeline,
    tmf,
)

STUDIES: Final = studies.COLLECTION
SITES: Final = sites.COLLECTION
SUBJECTS: Final = subjects.COLLECTION
MILESTONES: Final = milestones.COLLECTION
FACTS: Final = facts.COLLECTION
TIMELINE: Final = timeline.COLLECTION
SUBMISSIONS: Final = submissions.COLLECTION
CLOCKS: Final = clocks.COLLECTION
CHECKLISTS: Final = checklists.COLLECTION
STUDY_CHECKLISTS: Final = checklists.STUDY_COLLECTION
SUBMISSION_BOARD: Final = submission_board.COLLECTION
START_UP: Final = start_up.COLLECTION
PLANS: Final = plans.COLLECTION
AMENDMENTS: Final = amendments.COLLECTION
CYCLE_TIMES: Final = cycle_times.COLLECTION
TMF: Final = tmf.FILES
TMF_DOCUMENTS: Final = tmf.DOCUMENTS
TMF_COMPLETENESS: Final = tmf.COLLECTION
COUNTS: Final = "study_counts"
FRESHNESS: Final = "freshness"

BOARDS: Final = (SUBMISSION_BOARD, START_UP, TMF_COMPLETENESS)
NAMES: Final = (
    *(STUDIES, SITES, SUBJECTS, MILESTONES, FACTS, SUBMISSIONS, CLOCKS),
    *(CHECKLISTS, STUDY_CHECKLISTS, TMF, TMF_DOCUMENTS, PLANS, AMENDMENTS, CYCLE_TIMES),
    *(TIMELINE, COUNTS, FRESHNESS),
    *BOARDS,
)
"""The collections of which each generation has its own."""

WHENEVER_RECORDED: Final = {"$gt": datetime(1, 1, 1, tzinfo=UTC)}
"""True of every `recorded_at`. Its index holds only for who says so, because it has no order for a page."""

INDEXES: Final[Mapping[str, Sequence[Sequence[str]]]] = {
    STUDIES: (
        ("sponsor", "_id"),
        ("study", "_id"),
        ("registry_ids",),
        ("protocol_number",),
        ("status", "_id"),
        ("phase", "_id"),
        ("countries", "_id"),
    ),
    COUNTS: (("sponsor", "_id"), ("country_codes",)),
    SITES: (("study", "_id"), ("study", "country", "status")),
    SUBJECTS: (("study", "country", "enrolled"),),
    MILESTONES: (("study", "site_id"), ("study", "country"), ("site_id",)),
    FACTS: (("study", "kind", "grave"),),
    CLOCKS: (
        ("about_id",),
        ("about_type", "shown", "order"),
        ("sponsor", "about_type", "shown", "order"),
        ("study", "about_type", "shown", "order"),
    ),
    SUBMISSION_BOARD: (
        ("shown", "order"),
        ("sponsor", "shown", "order"),
        ("study", "shown", "order"),
        ("country", "shown", "order"),
    ),
    AMENDMENTS: (("study", "_id"),),
    CYCLE_TIMES: (("sponsor",), ("study",)),
    TMF: (("sponsor", "_id"), ("study", "_id")),
    TMF_DOCUMENTS: (("group", "stage", "due_on", "expires_on"),),
    TMF_COMPLETENESS: (("study",),),
    START_UP: (
        ("shown", "by_study"),
        ("shown", "by_country"),
        ("sponsor", "shown", "by_study"),
        ("study", "shown", "by_study"),
        ("country", "shown", "by_study"),
        ("shown", "missing", "by_study"),
    ),
    TIMELINE: (
        ("position", "recorded_at"),
        ("sponsor", "position", "recorded_at"),
        ("study", "position"),
        ("site_id", "position"),
        ("country", "position"),
        ("sponsor", "country", "position"),
        ("kind", "position"),
        ("sponsor", "kind", "position"),
        ("study", "kind", "position"),
        ("stored_at", "_id"),
    ),
}

PARTIAL_INDEXES: Final[Mapping[str, Mapping[str, Any]]] = {
    "recorded_at": {"recorded_at": WHENEVER_RECORDED},
    "position": {"ahead": True},
}
"""Of the timeline, by field: the entries that the index holds."""

ALL_OF_THEM: Final = {"$sum": 1}
ACTIVE: Final = {"$sum": {"$cond": [{"$eq": ["$status", "active"]}, 1, 0]}}
ENROLLED: Final = {"$sum": {"$cond": ["$enrolled", 1, 0]}}

FACT_FIELDS: Final = {
    "subject_visit": ("subject_visits", None),
    "protocol_deviation": ("protocol_deviations", "important_deviations"),
    "adverse_event": ("adverse_events", "serious_adverse_events"),
}
"""What is counted of each kind of fact: all of it, and the grave ones."""
NO_COUNTS: Final[Mapping[str, Any]] = {
    "country_codes": [],
    "sites": 0,
    "active_sites": 0,
    "subjects": 0,
    "enrolled": 0,
    **{name: 0 for names in FACT_FIELDS.values() for name in names if name},
}
"""The counts of a study of which nothing has come in."""


async def prepare_kept(generations: Generations) -> None:
    """Make the indexes that are missing in the generations that are kept up to date."""
    for generation in (await generations.current()).kept:
        await prepare(generations.at(generation))


async def prepare(database: Database) -> None:
    """Make the indexes that are missing in one generation."""
    every: dict[str, list[tuple[Sequence[str], Mapping[str, Any]]]] = {
        name: [(fields, {}) for fields in indexes] for name, indexes in INDEXES.items()
    }
    every[TIMELINE] += [((field,), where) for field, where in PARTIAL_INDEXES.items()]
    await asyncio.gather(*(_ensure(database.collection(name), indexes) for name, indexes in every.items()))


async def _ensure(collection: Collection, indexes: Iterable[tuple[Sequence[str], Mapping[str, Any]]]) -> None:
    await collection.ensure_indexes(([(field, 1) for field in fields], where) for fields, where in indexes)
