"""Routes of the timeline: pages of what happened, and a stream of what comes in."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any, Final

from chassis.http.auth import Caller
from chassis.http.paging import Page, Paging
from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from reporting import queries
from reporting.api.feed import Feed, Subscription
from reporting.generations import Generations
from reporting.queries.answers import TimelineEntry
from reporting.queries.filters import EntryFilter, TimelineFilter

LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", max_length=64, description="Go on after this entry; some may come again."),
]

# FastAPI's own event streams are described in OpenAPI 3.2 words, which no validator of 3.1 takes.
EVENT_STREAM: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events `timeline`: `id` is the entry's `event_id`, `data` the entry as JSON.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
UNBUFFERED: Final = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def router(generations: Generations, feed: Feed) -> APIRouter:
    """The routes of the timeline."""
    routes = APIRouter(prefix="/v1/timeline", tags=["timeline"], dependencies=generations.pinned)

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
        return await queries.timeline_page(generations.serving, caller.scope, asked, wanted)

    @routes.get("/stream", response_class=StreamingResponse, responses=EVENT_STREAM)
    async def stream_timeline(
        subscription: Annotated[Subscription, Depends(subscribed)], last_event_id: LastEventId = None
    ) -> StreamingResponse:
        """New entries as they are stored, each at least once, as server-sent events `timeline`.

        A comment keeps the connection open while nothing happens. A reader that cannot keep up, and one that has
        listened for a quarter of an hour, is let go with a comment and comes back with `Last-Event-ID`.
        """
        events = _events(feed, subscription, last_event_id)
        return StreamingResponse(events, media_type="text/event-stream", headers=UNBUFFERED)

    return routes


async def _events(feed: Feed, subscription: Subscription, last_event_id: str | None) -> AsyncGenerator[bytes]:
    """The stream's bytes: what was missed, what comes in, and why it ends."""
    async for document in feed.replay(subscription, last_event_id):
        yield _event(queries.entry(document))
    async for document in subscription.entries():
        yield KEEPALIVE_COMMENT if document is None else _event(queries.entry(document))
    yield format_sse_event(comment=f"Come back with Last-Event-ID: {subscription.ended_because}.")


def _event(entry: TimelineEntry) -> bytes:
    return format_sse_event(data_str=entry.model_dump_json(), event="timeline", id=entry.event_id)
