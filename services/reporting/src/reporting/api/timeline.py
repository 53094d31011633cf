"""Routes of the timeline: pages of what happened, and a stream of what comes in."""

from collections.abc import AsyncIterator
from typing import Annotated

from chassis.auth import Caller
from chassis.mongo import Database
from chassis.paging import Page, Paging
from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from reporting import queries
from reporting.answers import TimelineEntry
from reporting.api.feed import Feed, Subscription
from reporting.filters import EntryFilter, TimelineFilter

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=64, description="Go on after this entry; some may come again."),
]


def router(database: Database, feed: Feed) -> APIRouter:
    """The routes of the timeline."""
    routes = APIRouter(prefix="/v1/timeline", tags=["timeline"])

    async def subscribed(
        caller: Caller, asked: Annotated[EntryFilter, Query()], last_event_id: LastEventId = None
    ) -> AsyncIterator[Subscription]:
        await feed.check(caller.scope, last_event_id)
        async with feed.subscribed(caller.scope, asked) as subscription:
            yield subscription

    @routes.get("")
    async def read_timeline(
        caller: Caller, wanted: Paging, asked: Annotated[TimelineFilter, Query()]
    ) -> Page[TimelineEntry]:
        """What happened, by the time of occurrence."""
        return await queries.timeline_page(database, caller.scope, asked, wanted)

    @routes.get("/stream", response_class=EventSourceResponse)
    async def stream_timeline(
        subscription: Annotated[Subscription, Depends(subscribed)], last_event_id: LastEventId = None
    ) -> AsyncIterator[ServerSentEvent]:
        """New entries as they are stored, each at least once, as server-sent events `timeline`.

        A comment keeps the connection open while nothing happens. A reader that cannot keep up, and one that has
        listened for a quarter of an hour, is let go with a comment and comes back with `Last-Event-ID`.
        """
        async for document in feed.replay(subscription, last_event_id):
            yield _event(queries.entry(document))
        async for document in subscription.entries():
            yield _event(queries.entry(document))
        yield ServerSentEvent(comment=f"Come back with Last-Event-ID: {subscription.ended_because}.")

    return routes


def _event(entry: TimelineEntry) -> ServerSentEvent:
    return ServerSentEvent(id=entry.event_id, event="timeline", data=entry)
