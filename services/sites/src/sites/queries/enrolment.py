"""Reads about enrolment: planned, actual and forecast, by country and month."""

from collections import defaultdict
from typing import Final

from chassis import clock
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.http.reading import one
from chassis.mongo import Database, Document
from chassis.scope import Scope

from sites.domain.enrolment import EnrolmentRow, enrolment_of
from sites.domain.study_plan import StudyPlan
from sites.store import STUDIES, STUDY_PLANS, SUBJECTS

MONTH_CHARACTERS: Final = 7
_BY_MONTH: Final = (
    {"$unwind": "$state.steps"},
    {"$match": {"state.steps.step": "enrolled"}},
    {
        "$group": {
            "_id": {"country": "$state.country", "month": {"$substrBytes": ["$state.steps.on", 0, MONTH_CHARACTERS]}},
            "subjects": {"$sum": 1},
        }
    },
)


async def enrolment_in(
    database: Database, scope: Scope, study_id: str, country: str | None, wanted: PageRequest
) -> Page[EnrolmentRow]:
    """A page of a study's months, country by country. Raises the 404 problem, also for another sponsor's study."""
    await one(database, scope, STUDIES, study_id)
    filters = {"country": country} if country is not None else {}
    after = wanted.after(filters, values=2)
    rows = await _rows(database, scope, study_id)
    found = [row for row in rows if country in {None, row.country}]
    rest = [row for row in found if after is None or (row.country, row.month) > (str(after[0]), str(after[1]))]
    items, more = rest[: wanted.limit], len(rest) > wanted.limit
    return Page(items=items, next=encode_cursor([items[-1].country, items[-1].month], filters) if more else None)


async def _rows(database: Database, scope: Scope, study_id: str) -> list[EnrolmentRow]:
    stored = await database.collection(STUDY_PLANS.collection).find_one(scope, {"_id": study_id})
    content = StudyPlan.model_validate(stored["state"]).content if stored is not None else None
    targets = {one.country: one for one in content.countries} if content is not None else {}
    planned = content.enrolment if content is not None else ()
    enrolled = await _enrolled(database, scope, study_id)
    present = clock.now().strftime("%Y-%m")
    return [
        row
        for country in sorted(targets.keys() | enrolled.keys())
        for row in enrolment_of(targets.get(country), planned, enrolled.get(country, {}), country, present)
    ]


async def _enrolled(database: Database, scope: Scope, study_id: str) -> dict[str, dict[str, int]]:
    """Country → month → subjects enrolled. Who was enrolled on a day of which no month is known is left out."""
    subjects = database.collection(SUBJECTS.collection)
    found: list[Document] = await subjects.aggregate(scope, _BY_MONTH, condition={"study": study_id})
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for group in found:
        month: str | None = group["_id"]["month"]
        if month is not None and len(month) == MONTH_CHARACTERS:
            counts[group["_id"]["country"]][month] = group["subjects"]
    return counts
