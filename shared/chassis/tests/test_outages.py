"""Outages degrade: commands go on up to a stated backlog, and nobody hangs on what does not answer."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx
import pytest
from chassis.commands import Commands
from chassis.http.deadline import AnswerInTime
from chassis.journal import journal_of
from chassis.mongo import Database
from chassis.patience import went_on
from chassis.problems import Unavailable
from chassis.scope import Scope
from chassis.stream.backlog import Backlog
from counting import instruction
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

ALL = Scope.everything()
START: Message = {"type": "http.response.start", "status": 200, "headers": []}


async def test_commands_are_turned_away_once_as_much_waits_for_kafka_as_may(
    commands: Commands, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.stream.backlog.LOOK_EVERY_SECONDS", 0)
    backlog = Backlog(database, limit=2)
    await commands.carry_out(ALL, instruction("a", "k1"))
    await backlog.check()
    await commands.carry_out(ALL, instruction("a", "k2"))
    with pytest.raises(Unavailable) as refused:
        await backlog.check()
    assert refused.value.headers == {"Retry-After": "30"}
    await journal_of(database).update({"_id": "k1"}, {"$unset": {"pending": ""}})
    await backlog.check()


@asynccontextmanager
async def caller(seconds_before: float, seconds_within: float) -> AsyncGenerator[httpx.AsyncClient]:
    """Someone who calls an app that hangs for so long before, and within, its answer."""

    async def app(scope: AsgiScope, receive: Receive, send: Send) -> None:
        del scope, receive
        await asyncio.sleep(seconds_before)
        await send(START)
        await asyncio.sleep(seconds_within)
        await send({"type": "http.response.body", "body": b"done"})

    async with calling(app) as client:
        yield client


@asynccontextmanager
async def calling(app: ASGIApp) -> AsyncGenerator[httpx.AsyncClient]:
    """Someone who calls an app with one route for batches."""
    transport = httpx.ASGITransport(AnswerInTime(app, {"/batch": 1}))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


async def test_a_request_that_hangs_is_answered_with_503_and_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chassis.http.deadline.ANSWER_SECONDS", 0.01)
    async with caller(60, 0) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


async def test_a_stream_takes_as_long_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.http.deadline.ANSWER_SECONDS", 0.05)
    async with caller(0, 0.2) as client:
        assert (await client.get("/")).text == "done"


async def test_a_batch_that_waits_for_nothing_but_an_outage_is_answered_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chassis.http.deadline.ANSWER_SECONDS", 0.05)
    async with caller(60, 0) as client:
        assert (await client.get("/batch")).status_code == 503


@pytest.mark.parametrize(("seconds_in_all", "status"), [(60.0, 200), (0.2, 503)])
async def test_a_batch_has_longer_while_it_gets_on_but_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, seconds_in_all: float, status: int
) -> None:
    monkeypatch.setattr("chassis.http.deadline.ANSWER_SECONDS", 0.1)
    monkeypatch.setattr("chassis.http.deadline.BATCH_SECONDS", seconds_in_all)

    async def gets_on(scope: AsgiScope, receive: Receive, send: Send) -> None:
        del scope, receive
        for _ in range(20):
            await asyncio.sleep(0.03)
            went_on()
        await send(START)
        went_on()
        await asyncio.sleep(0.2)
        await send({"type": "http.response.body", "body": b"done"})

    async with calling(gets_on) as client:
        assert (await client.get("/batch")).status_code == status
        assert (await client.get("/")).status_code == 503
