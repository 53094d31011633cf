"""New entries reach those who listen: each at least once, nothing of anybody else's, and nobody is waited for."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from chassis.http.web import create_server
from chassis.mongo import Collection, Database
from chassis.problems import Problem
from chassis.scope import Scope
from chassis.service import Service
from contracts import sponsor_id
from reporting.api import feed as feeds
from reporting.api.feed import Feed, Subscription
from reporting.consumers import on_events
from reporting.generations import Generations
from reporting.queries.filters import EntryFilter
from studyline.testing import Servers
from telling import Story, whole_story

ALL = Scope.everything()
ACME, GLOBEX = whole_story("Acme", "A-1"), whole_story("Globex", "G-1")


class Deaf(Feed):
    """A feed whose change stream brings nothing."""

    async def _follow(self, timeline: Collection) -> None:  # noqa: ARG002 - it listens to nothing
        await asyncio.Event().wait()


@pytest.fixture
async def url(service: Service) -> AsyncGenerator[str]:
    """The address at which the service's interface runs."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = create_server(service.app("api"), service.parts.settings)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await serving


@asynccontextmanager
async def listening(url: str, token: str, last: str | None = None, **asked: Any) -> AsyncGenerator[AsyncIterator[str]]:
    """The lines of a stream that is open."""
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": last} if last else {})}
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"{url}/v1/timeline/stream", headers=headers, params=asked) as answer,
    ):
        assert answer.status_code == 200, await answer.aread()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield answer.aiter_lines()


async def entries(lines: AsyncIterator[str], number: int) -> list[dict[str, Any]]:
    """The next entries, this many different ones."""
    found: dict[str, dict[str, Any]] = {}
    async with asyncio.timeout(60):
        async for line in lines:
            if line.startswith("data: "):
                entry = json.loads(line.removeprefix("data: "))
                found[entry["event_id"]] = entry
            if len(found) == number:
                break
    return list(found.values())


async def next_of(subscription: Subscription, number: int) -> list[str]:
    """The ids of the next entries."""
    waiting = subscription.entries()
    async with asyncio.timeout(60):
        documents = (document async for document in waiting if document is not None)
        return [(await anext(documents))["_id"] for _ in range(number)]


def ids(story: Story) -> set[str]:
    return {one.envelope.id for one in story.told}


async def test_a_listener_hears_of_what_comes_in_and_of_nothing_of_another_sponsor(
    url: str, servers: Servers, database: Database
) -> None:
    async with listening(url, servers.token("sponsor", ["Acme"])) as lines:
        await on_events(database, [*GLOBEX.told, *ACME.told])
        heard = await entries(lines, len(ACME.told))
    assert {one["event_id"] for one in heard} == ids(ACME)


async def test_a_listener_hears_only_what_it_asked_for(url: str, servers: Servers, database: Database) -> None:
    async with listening(url, servers.token("operations"), kind="site_activated", sponsor="globex") as lines:
        await on_events(database, [*ACME.told, *GLOBEX.told])
        [heard] = await entries(lines, 1)
    assert (heard["study_id"], heard["kind"]) == (GLOBEX.study_id, "site_activated")


async def test_a_listener_that_comes_back_hears_of_all_that_came_in_between(
    url: str, servers: Servers, database: Database
) -> None:
    await on_events(database, ACME.told[:5])
    last = ACME.told[4].envelope.id
    await on_events(database, ACME.told[5:])
    async with listening(url, servers.token("operations"), last) as lines:
        heard = await entries(lines, len(ACME.told) - 1)
    assert {one["event_id"] for one in heard} == ids(ACME) - {last}


@pytest.mark.parametrize("last", ["no-such-event", GLOBEX.told[0].envelope.id])
async def test_going_on_after_an_entry_that_one_may_not_see_is_refused(
    url: str, servers: Servers, database: Database, last: str
) -> None:
    await on_events(database, GLOBEX.told)
    headers = {"Authorization": f"Bearer {servers.token('sponsor', ['Acme'])}", "Last-Event-ID": last}
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/v1/timeline/stream", headers=headers)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == ["Last-Event-ID"]


async def test_a_service_that_stops_ends_its_streams_and_says_so(servers: Servers, service: Service) -> None:
    free = socket.create_server(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reporting", "api", env={**os.environ, **environment(servers, service, port)}
    )
    url = f"http://127.0.0.1:{port}"
    await answering(f"{url}/health/live")
    async with listening(url, servers.token("operations")) as lines:
        process.terminate()
        last = [line async for line in lines if line][-1]
    assert last == ": Come back with Last-Event-ID: the service stops."
    await process.wait()


def environment(servers: Servers, service: Service, port: int) -> dict[str, str]:
    """The settings of a process over the test's database."""
    settings = {
        "ENVIRONMENT": "development",
        "MONGODB_URI": servers.mongodb_uri,
        "MONGODB_DATABASE": service.parts.database.name,
        "KAFKA_BOOTSTRAP": servers.kafka,
        "ISSUER_URL": servers.issuer_url,
        "HTTP_HOST": "127.0.0.1",
        "HTTP_PORT": str(port),
    }
    return {f"STUDYLINE_{name}": value for name, value in settings.items()}


async def answering(url: str) -> None:
    """Wait until a process answers."""
    async with asyncio.timeout(60), httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return


async def test_what_the_change_stream_does_not_bring_the_sweep_finds_once(database: Database) -> None:
    feed = Deaf(Generations(database), 1)
    async with feed.subscribed(ALL, EntryFilter()) as subscription:
        await on_events(database, ACME.told)
        await feed.sweep()
        await on_events(database, GLOBEX.told)
        await feed.sweep()
        heard = await next_of(subscription, len(ACME.told) + len(GLOBEX.told))
    assert set(heard) == ids(ACME) | ids(GLOBEX)


async def test_what_comes_into_a_generation_that_serves_no_more_is_not_told_before_the_one_that_does_has_it(
    database: Database,
) -> None:
    generations = Generations(database)
    announced = {"number": 2, "kept": [1, 2], "switch": {"token": "a-switch", "held": None}}
    await generations.change({}, {**announced, "present": 1})
    feed = Feed(generations, 10)
    async with feed.subscribed(ALL, EntryFilter()) as subscription:
        await on_events(generations.at(1), ACME.told[:1])
        heard = await next_of(subscription, 1)
        await generations.change({}, {"present": 2})
        await on_events(generations.at(1), ACME.told[1:])
        await feed.sweep()
        there = [ACME.told[0], ACME.told[-1]]
        await on_events(generations.at(2), there)
        assert [*heard, *await next_of(subscription, 1)] == [one.envelope.id for one in there]


async def test_what_was_there_before_is_not_new(database: Database) -> None:
    await on_events(database, ACME.told)
    feed = Feed(Generations(database), 1)
    async with feed.subscribed(ALL, EntryFilter()) as subscription:
        await feed.sweep()
        await on_events(database, GLOBEX.told)
        assert set(await next_of(subscription, len(GLOBEX.told))) == ids(GLOBEX)


async def test_one_listener_too_many_is_told_to_come_back_later_and_may_when_another_has_gone(
    database: Database,
) -> None:
    feed = Feed(Generations(database), 1)
    async with feed.subscribed(ALL, EntryFilter()):
        with pytest.raises(Problem) as refused:
            await feed.subscribed(ALL, EntryFilter()).__aenter__()
        assert refused.value.status == 503
    async with feed.subscribed(ALL, EntryFilter()):
        pass


async def test_a_listener_that_does_not_keep_up_is_let_go_and_told_why() -> None:
    subscription = Subscription(ALL, EntryFilter())
    document = {"sponsor": "acme", "study": "s", "country": None, "site_id": None}
    for number in range(feeds.QUEUE_ENTRIES + 10):
        subscription.offer({**document, "_id": str(number)})
    assert [one async for one in subscription.entries()] == []
    assert subscription.ended_because == "entries come faster than they are read"


async def test_a_listener_hears_what_the_same_filter_finds_in_the_timeline(database: Database) -> None:
    await on_events(database, ACME.told)
    timeline = database.collection("timeline")
    stored = await timeline.find(ALL, {})
    filters: list[dict[str, Any]] = [
        {"country": "FR"},
        {"site": stored[-1]["site_id"]},
        {"kind": ["site_activated", "study_start"]},
        {"from": "2024-08", "to": "2024-09-03"},
        {"as_of": "2026-01-01T00:00:09Z"},
        {"sponsor": "acme", "study": ACME.study_id},
        {"sponsor": sponsor_id("Globex")},
    ]
    for asked in (EntryFilter.model_validate(one) for one in filters):
        found = await timeline.find(asked.narrowed(ALL), asked.condition())
        scope = asked.narrowed(ALL)
        heard = [one for one in stored if scope.allows(one["sponsor"], one["study"]) and asked.matches(one)]
        assert {one["_id"] for one in found} == {one["_id"] for one in heard}
