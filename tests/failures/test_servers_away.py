"""Outages degrade: without MongoDB everybody is told within five seconds, without Kafka commands go on for a while."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from chassis import clock
from rich.console import Console
from studyline.display import Display
from studyline.paths import Layout
from studyline.stack import Stack, running_stack
from studyline.tokens import token
from workload import Command, identify, register

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

ANSWERED_WITHIN_SECONDS: Final = 5.0
OUTBOX_LIMIT: Final = 8
READS: Final = (
    ("sites", "/studies"),
    ("monitoring", "/visits"),
    ("regulatory", "/submissions"),
    ("reporting", "/timeline"),
    ("reporting", "/studies"),
)
AT_ONCE: Final = 6
BATCH_RECORDS: Final = 20
DOWN_SECONDS: Final = 6.0
COMPLAINTS_MAX: Final = 100


class Caller:
    """Somebody who reads and commands, and has no patience."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient) -> None:
        self.stack, self.client = stack, client

    def url(self, service: str, path: str) -> str:
        return f"{getattr(self.stack.addresses, service)}/v1{path}"

    async def read(self, service: str, path: str) -> httpx.Response:
        return await self.client.get(self.url(service, path))

    async def give(self, command: Command) -> httpx.Response:
        headers = {"Idempotency-Key": clock.new_id()}
        return await self.client.post(self.url(command.service, command.path), json=command.body, headers=headers)

    async def everything_at_once(self, study: str) -> list[httpx.Response]:
        reads = [self.read(service, path) for service, path in READS for _ in range(AT_ONCE)]
        commands = [self.give(identify(study, number)) for number in range(AT_ONCE)]
        return await asyncio.gather(*reads, *commands, *(self.adopt(number) for number in range(AT_ONCE)))

    async def adopt(self, number: int) -> httpx.Response:
        """Hand over a batch of history."""
        about = {**register(number).body, "status": "recruiting"}
        del about["occurred_at"]
        batch = {"source": "chaos", "records": [{"key": str(one), **about} for one in range(BATCH_RECORDS)]}
        headers = {"Idempotency-Key": clock.new_id()}
        return await self.client.post(self.url("sites", "/adoptions/studies"), json=batch, headers=headers)


@asynccontextmanager
async def calling(folder: Path) -> AsyncGenerator[Caller]:
    """A caller of a platform that nobody else uses."""
    async with running_stack(Layout(folder), Display(Console(quiet=True))) as stack:
        bearer = await asyncio.to_thread(token, folder, "operations")
        headers = {"Authorization": f"Bearer {bearer}"}
        async with httpx.AsyncClient(headers=headers, timeout=ANSWERED_WITHIN_SECONDS, trust_env=False) as client:
            yield Caller(stack, client)


@contextmanager
def hanging(stack: Stack, name: str) -> Generator[None]:
    """A process that is there and does not answer."""
    pid = stack.state().pids[name]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def until(what: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await what():  # noqa: ASYNC110 - the truth is behind HTTP
            await asyncio.sleep(0.2)


async def test_outages_degrade_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDYLINE_OUTBOX_LIMIT", str(OUTBOX_LIMIT))
    async with calling(tmp_path) as caller:
        study = (await caller.give(register(1))).json()["study_id"]
        await told_in_time_while_mongodb_hangs(caller, study)
        await commands_go_on_to_the_stated_backlog_while_kafka_hangs(caller, study)
        await the_logs_stay_short_while_kafka_is_down(caller, study)


async def told_in_time_while_mongodb_hangs(caller: Caller, study: str) -> None:
    with hanging(caller.stack, "mongodb"):
        # A later answer would be a timeout of the client's, and fail.
        answers = await caller.everything_at_once(study)
    assert {answer.status_code for answer in answers} == {503}
    assert all("retry-after" in answer.headers for answer in answers)

    async def serves() -> bool:
        return all(answer.is_success for answer in await caller.everything_at_once(study))

    await until(serves)


async def commands_go_on_to_the_stated_backlog_while_kafka_hangs(caller: Caller, study: str) -> None:
    with hanging(caller.stack, "kafka"):
        accepted: list[str] = []
        while (answer := await caller.give(identify(study, 1_000 + len(accepted)))).is_success:
            accepted.append(answer.json()["site_id"])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    assert len(accepted) >= 1

    async def shown() -> bool:
        sites = (
            await caller.client.get(caller.url("reporting", f"/studies/{study}/sites"), params={"limit": 1_000})
        ).json()
        return {one["site_id"] for one in sites["items"]} >= set(accepted)

    await until(shown)

    async def goes_on() -> bool:
        return (await caller.give(identify(study, 5_000))).is_success

    await until(goes_on)


async def the_logs_stay_short_while_kafka_is_down(caller: Caller, study: str) -> None:
    log = caller.stack.layout.logs / "sites.log"
    before = complaints(log)
    with suppress(TimeoutError):
        async with asyncio.timeout(DOWN_SECONDS):
            while True:
                await kill(caller.stack, "kafka")
    assert complaints(log) - before < COMPLAINTS_MAX

    async def goes_on() -> bool:
        return (await caller.give(identify(study, 6_000))).is_success

    await until(goes_on)


def complaints(log: Path) -> int:
    return log.read_text().count("Unable to update metadata")


async def kill(stack: Stack, name: str) -> None:
    """Kill a process where it runs, and look again soon."""
    pid = stack.state().pids.get(name)
    if pid is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.1)
