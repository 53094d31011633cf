"""Pages of the timeline: each is a range of an index that has its order, however much the timeline holds.

What was known at a past instant is no such range, because what was recorded later stands among it. Where little was
recorded by then it is taken together; else the page is found by the order, passing by what came later. Nothing that
was recorded by then can stand behind that instant, but for the few entries that lie ahead of their recording.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from chassis.http.paging import Page, PageRequest
from chassis.mongo import Collection, Database, Document
from chassis.scope import Scope

from reporting.projections.timeline import instant_text
from reporting.queries import answers
from reporting.queries.answers import TimelineEntry
from reporting.queries.filters import TimelineFilter
from reporting.queries.paging import paged
from reporting.store import TIMELINE, WHENEVER_RECORDED

LITTLE: Final = 2_000
"""So many entries are sorted faster than found by the order."""
KEPT: Final = ("type", "kind", "site_id", "country", "occurred_at", "provenance", "subject_key")
BEYOND: Final = {1: "$gt", -1: "$lt"}


async def timeline_page(
    database: Database, scope: Scope, asked: TimelineFilter, wanted: PageRequest
) -> Page[TimelineEntry]:
    """A page of the timeline by time of occurrence."""
    seen, filters = asked.narrowed(scope), asked.model_dump()
    direction = 1 if asked.order == "asc" else -1
    condition, after = asked.condition(), wanted.after(filters)
    if after:
        condition["position"] = {**condition.get("position", {}), BEYOND[direction]: after[0]}
    reading = Reading(database.collection(TIMELINE), seen, direction, wanted.limit + 1)
    found = await reading.found(condition, asked.known_by)
    return paged([entry(one) for one in found[: wanted.limit]], found, wanted, filters, "position")


class Reading:
    """One page's reading: where, within which scope, in which direction (1 or -1) and how many entries at most."""

    def __init__(self, timeline: Collection, scope: Scope, direction: int, limit: int) -> None:
        """Nothing is read yet."""
        self._timeline, self._scope, self._direction, self._limit = timeline, scope, direction, limit

    async def found(self, condition: Document, known_by: datetime | None) -> list[Document]:
        """The first entries that meet the condition and, where that is asked, were recorded before `known_by`."""
        if known_by is None:
            return await self._in_order(condition, self._limit)
        recorded = {"recorded_at": {**WHENEVER_RECORDED, "$lt": known_by}}
        if await self._timeline.count(Scope.everything(), recorded, limit=LITTLE + 1) <= LITTLE:
            return await self._sorted({**condition, **recorded})
        return await self._passing_by({**condition, "recorded_at": {"$lt": known_by}}, instant_text(known_by))

    async def _in_order(self, condition: Document, limit: int) -> list[Document]:
        return await self._timeline.find(self._scope, condition, sort=[("position", self._direction)], limit=limit)

    async def _sorted(self, condition: Document) -> list[Document]:
        places = await self._timeline.find(self._scope, condition, fields=["position"])
        places.sort(key=_position, reverse=self._direction < 0)
        ids = [one["_id"] for one in places[: self._limit]]
        found = await self._timeline.find(self._scope, {"_id": {"$in": ids}})
        return sorted(found, key=_position, reverse=self._direction < 0)

    async def _passing_by(self, condition: Document, instant: str) -> list[Document]:
        before = {"$and": [condition, {"position": {"$lt": instant}}]}
        ahead = {"$and": [condition, {"position": {"$gte": instant}, "ahead": True}]}
        found: list[Document] = []
        for part in (before, ahead)[:: self._direction]:
            if (left := self._limit - len(found)) > 0:
                found += await self._in_order(part, left)
        return found


def _position(document: Mapping[str, Any]) -> str:
    return document["position"]


def entry(document: Mapping[str, Any]) -> TimelineEntry:
    """A stored entry as clients see it."""
    kept = {field: document[field] for field in KEPT}
    return TimelineEntry(
        event_id=document["_id"],
        study_id=document["study"],
        sponsor_id=document["sponsor"],
        recorded_at=answers.instant(document["recorded_at"]),
        **kept,
    )
