"""New timeline entries as they come in, fanned out to everybody who listens: one watch a process, however many listen.

A change stream makes it fast and a sweep by `stored_at` makes it true: what the stream lost, or missed while it was
being opened, the sweep finds. Entries of one batch become visible together, but batches of two processes may become so
in another order than they were stored in; therefore the sweep, and a reader who comes back, begin `OVERLAP` earlier.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from chassis import clock
from chassis.http.stopping import called_at_stop
from chassis.mongo import Collection, Document, PyMongoError
from chassis.problems import FieldError, Problem, Unavailable
from chassis.scope import Scope
from fastapi import FastAPI

from reporting.generations import Generations
from reporting.queries.filters import EntryFilter
from reporting.store import TIMELINE

OVERLAP: Final = timedelta(seconds=15)
"""More than a write may take (10 s, the client's limit) and clocks may differ."""
SWEEP_SECONDS: Final = 2.0
REOPEN_SECONDS: Final = 1.0
QUEUE_ENTRIES: Final = 2_000
REPLAY_PAGE: Final = 500
QUIET_SECONDS: Final = 15.0
"""After this long without an entry a sign of life is due: proxies close what is silent."""
CONNECTION_SECONDS: Final = 900.0
"""Then the reader has to come back with a token that is still valid."""

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class Subscription:
    """One listener's entries: those within its scope that meet its filter, in a queue that has an end."""

    def __init__(self, scope: Scope, asked: EntryFilter) -> None:
        """Nothing waits yet."""
        self.scope, self.asked = asked.narrowed(scope), asked
        self.ended_because: str | None = None
        self._ends_at = clock.monotonic() + CONNECTION_SECONDS
        self._waiting: asyncio.Queue[Document | None] = asyncio.Queue(QUEUE_ENTRIES)

    def offer(self, document: Document) -> None:
        """Put an entry in the queue if it is for this listener; one who does not keep up is let go."""
        if self.ended_because is not None or not self._is_for_me(document):
            return
        try:
            self._waiting.put_nowait(document)
        except asyncio.QueueFull:
            self.end("entries come faster than they are read")

    def end(self, why: str) -> None:
        """Let the listener go, after what it is reading now; what still waits it can ask for again."""
        self.ended_because = self.ended_because or why
        while self._waiting.full():
            self._waiting.get_nowait()
        self._waiting.put_nowait(None)

    async def entries(self) -> AsyncGenerator[Document | None]:
        """Entries as they come, and None whenever a while passes without one; at the end `ended_because` says why."""
        while self.ended_because is None:
            left = self._ends_at - clock.monotonic()
            if left <= 0:
                self.ended_because = "the access token has to be shown again"
                return
            try:
                document = await asyncio.wait_for(self._waiting.get(), min(left, QUIET_SECONDS))
            except TimeoutError:
                yield None
            else:
                if document is not None:
                    yield document

    def _is_for_me(self, document: Document) -> bool:
        return self.scope.allows(document["sponsor"], document["study"]) and self.asked.matches(document)


class Feed:
    """What comes into the timeline, watched as long as somebody listens."""

    def __init__(self, generations: Generations, connections_max: int) -> None:
        """Nobody listens yet, so nothing is watched."""
        self._generations = generations
        self._connections_max = connections_max
        self._subscriptions: set[Subscription] = set()
        self._starting = asyncio.Lock()
        self._watch: asyncio.Task[None] | None = None
        self._delivered: dict[str, datetime] = {}
        self._swept_at = clock.now()

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncGenerator[None]:
        """While the service runs: at its stop every stream ends, so that the stop does not have to wait for them."""
        with called_at_stop(partial(self._end_all, "the service stops")):
            yield

    @asynccontextmanager
    async def subscribed(self, scope: Scope, asked: EntryFilter) -> AsyncGenerator[Subscription]:
        """Listen to entries that become visible from now on. Raises the 503 problem where too many listen already."""
        if len(self._subscriptions) >= self._connections_max:
            raise Unavailable("Too many streams are open. Try again in a while.", retry_after_seconds=30)
        subscription = Subscription(scope, asked)
        self._subscriptions.add(subscription)
        try:
            await self._ensure_watch()
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            if not self._subscriptions:
                self._stop()

    async def replay(self, subscription: Subscription, last_event_id: str | None) -> AsyncGenerator[Document]:
        """What was stored since shortly before an entry, as it was stored; nothing without one.

        Call `check` before. An entry that was seen already may come again.
        """
        timeline = await self._timeline()
        last = last_event_id and await timeline.find_one(subscription.scope, {"_id": last_event_id})
        place = (last["stored_at"] - OVERLAP, "") if last else None
        while place is not None:
            page = await _stored_after(await self._timeline(), *place, subscription)
            for document in page:
                if document["_id"] != last_event_id:
                    yield document
            place = (page[-1]["stored_at"], page[-1]["_id"]) if len(page) == REPLAY_PAGE else None

    async def check(self, scope: Scope, last_event_id: str | None) -> None:
        """Refuse an event that the caller cannot have seen: nobody knows what came after it. Raises the 400 problem."""
        if last_event_id is None or await (await self._timeline()).find_one(scope, {"_id": last_event_id}):
            return
        error = FieldError("Last-Event-ID", "names no entry that you may see", "the id of an entry", "header")
        detail = (
            "Last-Event-ID names no entry that you may see. Leave it out and read /v1/timeline for what came before."
        )
        raise Problem(400, "unknown_event", detail, errors=[error])

    async def _timeline(self) -> Collection:
        return (await self._generations.present()).collection(TIMELINE)

    async def _is_served_from(self, timeline: Collection) -> bool:
        """Whether what was found there may be told: what served before may be ahead of what serves now."""
        return (await self._timeline()).name == timeline.name

    async def _ensure_watch(self) -> None:
        async with self._starting:
            if self._watch is None:
                self._swept_at = clock.now()
                self._delivered = {
                    one["_id"]: one["stored_at"] for one in await self._stored_lately(await self._timeline())
                }
                self._watch = asyncio.create_task(self._watching())
                self._watch.add_done_callback(self._watch_ended)

    def _stop(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _watching(self) -> None:
        """Follow the timeline that serves; when another one does, the next sweep has seen it and that is followed."""
        while True:
            timeline = await self._timeline()
            async with asyncio.TaskGroup() as both:
                following = both.create_task(self._follow(timeline))
                await self._sweep_regularly(timeline.name)
                following.cancel()

    def _watch_ended(self, watch: asyncio.Task[None]) -> None:
        if not watch.cancelled() and (error := watch.exception()) is not None:
            _log.critical("the timeline is no longer watched", exc_info=error)
            self._watch = None
            self._end_all("the timeline is not watched at the moment")

    def _end_all(self, why: str) -> None:
        for subscription in self._subscriptions:
            subscription.end(why)

    async def _follow(self, timeline: Collection) -> None:
        while True:
            try:
                async for document in timeline.inserts():
                    if await self._is_served_from(timeline):
                        self._deliver([document])
            except PyMongoError as error:
                _log.warning("change stream is opened again", error=type(error).__name__, detail=str(error)[:200])
            await asyncio.sleep(REOPEN_SECONDS)

    async def _sweep_regularly(self, name: str) -> None:
        """Until a sweep went over a timeline of another name."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                if await self.sweep() != name:
                    return
            except PyMongoError as error:
                _log.warning("sweep is done again", error=type(error).__name__, detail=str(error)[:200])

    async def sweep(self) -> str:
        """Deliver what the change stream did not bring; the name of the timeline that serves."""
        started_at, timeline = clock.now(), await self._timeline()
        stored = await self._stored_lately(timeline)
        missed = [one["_id"] for one in stored if one["_id"] not in self._delivered]
        for first in range(0, len(missed), REPLAY_PAGE):
            condition = {"_id": {"$in": missed[first : first + REPLAY_PAGE]}}
            found = await timeline.find(Scope.everything(), condition)
            if not await self._is_served_from(timeline):
                return timeline.name
            self._deliver(sorted(found, key=lambda one: one["stored_at"]))
        self._swept_at = started_at
        oldest = started_at - OVERLAP
        self._delivered = {key: at for key, at in self._delivered.items() if at >= oldest}
        return timeline.name

    async def _stored_lately(self, timeline: Collection) -> list[Document]:
        since = {"stored_at": {"$gte": self._swept_at - OVERLAP}}
        order = [("stored_at", 1), ("_id", 1)]
        return await timeline.find(Scope.everything(), since, sort=order, fields=["_id", "stored_at"])

    def _deliver(self, documents: Iterable[Any]) -> None:
        for document in documents:
            if document["_id"] not in self._delivered:
                self._delivered[document["_id"]] = document["stored_at"]
                for subscription in self._subscriptions:
                    subscription.offer(document)


async def _stored_after(timeline: Collection, stored_at: datetime, key: str, wanted: Subscription) -> list[Document]:
    later = [{"stored_at": {"$gt": stored_at}}, {"stored_at": stored_at, "_id": {"$gt": key}}]
    after = {"stored_at": {"$gte": stored_at}, "$or": later}
    condition = {"$and": [wanted.asked.condition(), after]}
    order = [("stored_at", 1), ("_id", 1)]
    return await timeline.find(wanted.scope, condition, sort=order, limit=REPLAY_PAGE)
