"""Commands and adoptions over HTTP, beside the same two writes in transactions of the raw driver."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from chassis import clock
from chassis.mongo import Database, Session
from harness import Contender, Limit, Row, ours, ratio_to
from http_load import answered_per_second, request
from studyline.services import SERVICES
from studyline.testing import Servers

IN_FLIGHT: Final = 16
RECORDS_IN_BATCH: Final = 500
COMMANDS: Final = 1_500
COMMANDS_QUICK: Final = 300
COMMANDS_IN_BATCH: Final = 200
"""For so many commands of a round one batch is adopted."""


class OverHttp:
    """What a round asks of `sites`."""

    def __init__(self, servers: Servers, commands: int) -> None:
        """Names a database for the raw writes; makes nothing yet."""
        self._address, self._commands = servers.addresses.sites, commands
        self._token = servers.token("operations")
        self._database = Database.connect(servers.mongodb_uri, "bench_raw")

    async def commands(self) -> float:
        """Register studies, one command each; commands a second."""
        body = json.dumps(study()).encode()
        asked = [request("POST", "/v1/studies", self._token, body, clock.new_id()) for _ in range(self._commands)]
        return await answered_per_second(self._address, asked, IN_FLIGHT)

    async def raw_transactions(self) -> float:
        """Two documents of the same size written in a transaction each, without anything around it."""
        gate, documents = asyncio.Semaphore(IN_FLIGHT), {"state": "x" * 400, "entry": "y" * 1_400}

        async def one() -> None:
            async def write_both(session: Session) -> None:
                key = clock.new_id()
                await self._database.collection("raw_state").insert([{"_id": key, **documents}], session=session)
                await self._database.collection("raw_entry").insert([{"_id": key, **documents}], session=session)

            async with gate:
                await self._database.in_transaction(write_both)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(self._commands)))
        return self._commands / (time.perf_counter() - began)

    async def adopt(self) -> float:
        """Adopt studies in batches; records a second."""
        batches = max(2, self._commands // COMMANDS_IN_BATCH)
        asked = [
            request("POST", "/v1/adoptions/studies", self._token, adoption(number), clock.new_id())
            for number in range(batches)
        ]
        return RECORDS_IN_BATCH * await answered_per_second(self._address, asked, 2)


@asynccontextmanager
async def http_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """The comparisons, while the other services are away.

    What they make of a registered study, its trial master file for one, is no cost of the command; it would take the
    machine from both sides of the comparison.
    """
    async with _alone(servers, "sites"):
        yield _rows(servers, quick=quick)


@asynccontextmanager
async def _alone(servers: Servers, service: str) -> AsyncGenerator[None]:
    others = [one for one in SERVICES if one != service]
    for one in others:
        await asyncio.to_thread(servers.stop, one)
    try:
        yield
    finally:
        for one in others:
            await asyncio.to_thread(servers.start, one)


def _rows(servers: Servers, *, quick: bool) -> list[Row]:
    bench = OverHttp(servers, COMMANDS_QUICK if quick else COMMANDS)
    raw = Contender("two raw writes in a transaction", bench.raw_transactions)
    one_by_one = Contender("one command each", bench.commands)
    return [
        Row(
            f"commands over HTTP, {IN_FLIGHT} in flight",
            "1/s",
            "≥ 0.5 of raw",
            [Contender("studyline", bench.commands), raw],
            [Limit("of raw", ratio_to(1), least=0.5)],
        ),
        Row(
            "adoption over HTTP",
            "records/s",
            "≥ 1,000/s",
            [Contender("studyline", bench.adopt), one_by_one],
            [Limit("records/s", ours, least=1_000)],
        ),
    ]


def study() -> dict[str, object]:
    """A study to register."""
    return {
        "sponsor": {"name": "Bench"},
        "protocol_number": "BENCH-1",
        "title": "A study of how long things take in a platform for clinical studies",
        "occurred_at": "2026-01-01",
    }


def adoption(number: int) -> bytes:
    """A batch of studies nobody has seen."""
    milestones = [{"kind": "study_start", "actual": "2024-01"}, {"kind": "study_completion", "planned": "2027-06"}]
    about = {name: value for name, value in study().items() if name != "occurred_at"}
    records = [
        {**about, "key": clock.new_id(), "status": "recruiting", "milestones": milestones, "as_of": "2026-01-01"}
        for _ in range(RECORDS_IN_BATCH)
    ]
    return json.dumps({"source": f"bench-{number}", "records": records}).encode()
