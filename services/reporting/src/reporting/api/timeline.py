"""Routes of the timeline: pages of what happened, and a stream of what comes in."""

from typing import Annotated

from chassis.auth import Caller
from chassis.mongo import Database
from chassis.paging import Page, Paging
from fastapi import APIRouter, Query

from reporting import queries
from reporting.answers import TimelineEntry
from reporting.feed import Feed
from reporting.filters import TimelineFilter


def router(database: Database, feed: Feed) -> APIRouter:
    """The routes of the timeline."""
    routes = APIRouter(prefix="/v1/timeline", tags=["timeline"])

    @routes.get("")
    async def read_timeline(
        caller: Caller, wanted: Paging, asked: Annotated[TimelineFilter, Query()]
    ) -> Page[TimelineEntry]:
        """What happened, by the time of occurrence."""
        return await queries.timeline_page(database, caller.scope, asked, wanted)

    return routes
