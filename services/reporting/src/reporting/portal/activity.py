"""How busy a study was, month by month: sites activated and subjects enrolled, for the rows a chart has in sight."""

from collections.abc import Sequence
from typing import Final

from chassis.mongo import Database
from chassis.scope import Scope

from reporting.store import TIMELINE

KINDS: Final = ("site_activated", "subject_enrolled")
STUDIES_MAX: Final = 80
MONTH_CHARACTERS: Final = len("2021-06")

Months = dict[str, list[int]]
"""By month such as 2021-06, a count for each of `KINDS`. What has no date of its own is left out."""


async def activity(database: Database, scope: Scope, studies: Sequence[str]) -> dict[str, Months]:
    """The months of these studies, as far as the scope holds them."""
    month = {"$substrBytes": ["$occurred_at", 0, MONTH_CHARACTERS]}
    group = {"_id": {"study": "$study", "kind": "$kind", "month": month}, "count": {"$sum": 1}}
    dated = {"study": {"$in": list(studies)}, "kind": {"$in": list(KINDS)}, "occurred_at": {"$ne": None}}
    found = await database.collection(TIMELINE).aggregate(scope, [{"$group": group}], condition=dated)
    told: dict[str, Months] = {}
    for one in found:
        place = one["_id"]
        counts = told.setdefault(place["study"], {}).setdefault(place["month"], [0, 0])
        counts[KINDS.index(place["kind"])] += one["count"]
    return told
