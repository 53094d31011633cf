"""How long a page of the timeline and of the portfolio takes with ten thousand, a hundred thousand, a million events.

    python tests/bench/pages.py --sizes 10000 100000

Each size is a read model of its own, folded by the real projections, behind a process of the service of its own. Every
page is asked for by a caller who sees all sponsors and by one who sees a single one.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlencode

from chassis import clock, garbage, logs
from chassis.http.paging import encode_cursor
from chassis.mongo import Database
from contracts import Received, derived_id
from harness import Contender, Limit, Row, Times, our_p99, p99_ratio_to
from http_load import read_answer, request
from portfolio_mix import portfolio_events, sponsor_of
from reporting.generations.command import OPERATION_MILLISECONDS
from reporting.handlers import fold, recount_everything
from reporting.queries.filters import StudyFilter, TimelineFilter
from reporting.store import prepare
from studyline.ports import free_ports
from studyline.testing import Servers, start_servers
from studyline.testing.parts import environment_of_part

SIZES: Final = (1_000_000, 100_000, 10_000)
SIZES_QUICK: Final = (100_000, 10_000)
REQUESTS: Final = 60
REQUESTS_QUICK: Final = 20
BATCH: Final = 5_000
MIDDLE: Final = "2024-05-15T00:00:00.000000 "
"""A place in the middle of the timeline, as positions are written."""


class Asked(NamedTuple):
    """A page to ask for."""

    what: str
    path: str


def timeline(what: str, **filters: str) -> Asked:
    """A page of the timeline."""
    return Asked(f"timeline, {what}", f"/v1/timeline?{urlencode({'limit': 100, **filters})}")


def studies(what: str, **filters: str) -> Asked:
    """A page of studies."""
    return Asked(f"studies, {what}", f"/v1/studies?{urlencode({'limit': 100, **filters})}")


TIMELINE_PAGES: Final = (
    timeline("first page"),
    timeline("latest first", order="desc"),
    timeline("middle", cursor=encode_cursor([MIDDLE], TimelineFilter().model_dump())),
    timeline("of a country", country="JP"),
    timeline("of a kind", kind="site_activated"),
    timeline("of a country and a kind", country="JP", kind="site_activated"),
    timeline("of a study", study=derived_id("study", "bench", "0")),
    timeline("as of long ago", as_of="2023-04-01"),
    timeline("as of long ago, latest first", as_of="2023-04-01", order="desc"),
    timeline("as of lately, latest first", as_of="2025-06-01", order="desc"),
    Asked("portal, timeline", "/timeline"),
    Asked("portal, timeline as a table", "/timeline?view=table"),
)
PORTFOLIO_PAGES: Final = (
    studies("first page"),
    studies("middle", cursor=encode_cursor(["8"], StudyFilter().model_dump())),
    studies("of a country", country="JP"),
    studies("of a status", status="recruiting"),
    Asked("portal, portfolio", "/"),
    Asked("portal, portfolio of a country", "/?country=JP"),
)


@dataclass
class Face:
    """The service over a read model of so many events."""

    events: int
    port: int
    tokens: Sequence[str]
    requests: int
    milliseconds: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    """All that was measured, by page."""

    async def times(self, pages: Sequence[Asked]) -> Times:
        """Ask for each page again and again, as either caller, one request at a time."""
        measured: list[float] = []
        for page in pages:
            for token in self.tokens:
                took = await self._asked(request("GET", page.path, token))
                measured += took
                who = "all sponsors" if token == self.tokens[0] else "one sponsor"
                self.milliseconds.setdefault(f"{page.what}, {who}", []).extend(took)
        return Times.of(measured)

    async def _asked(self, wanted: bytes) -> list[float]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        took: list[float] = []
        for _ in range(self.requests + 1):
            began = time.perf_counter()
            writer.write(wanted)
            await read_answer(reader)
            took.append(1_000 * (time.perf_counter() - began))
        writer.close()
        await writer.wait_closed()
        # The first one opens connections and plans.
        return took[1:]


def batches(events: Iterator[Received]) -> Iterator[list[Received]]:
    """Events as many at once as a rebuild takes."""
    while batch := list(islice(events, BATCH)):
        yield batch


async def fill(servers: Servers, name: str, count: int) -> None:
    """Fold so many events into a read model, as a rebuild does."""
    database = Database.connect(servers.mongodb_uri, name, timeout_ms=OPERATION_MILLISECONDS)
    began = time.perf_counter()
    for batch in batches(portfolio_events(count)):
        await fold(database, batch)
    await prepare(database)
    await recount_everything(database)
    print(f"{count:,} events folded in {time.perf_counter() - began:.1f} s", flush=True)
    database.close()


@asynccontextmanager
async def face_of(servers: Servers, count: int, requests: int) -> AsyncGenerator[Face]:
    """A filled read model with the service's HTTP face before it."""
    name = f"bench_pages_{clock.new_id()[-8:]}"
    port = next(free_ports())
    await fill(servers, name, count)
    line = (sys.executable, "-m", "reporting", "api")
    environment = environment_of_part(servers, name, port, log_level="ERROR")
    running = await asyncio.create_subprocess_exec(*line, env=environment)
    tokens = (servers.token("operations"), servers.token("sponsor", [sponsor_of(0)]))
    try:
        await until_answered(port, request("GET", "/v1/studies?limit=1", tokens[0]))
        yield Face(count, port, tokens, requests)
    finally:
        running.terminate()
        await running.wait()


async def until_answered(port: int, wanted: bytes) -> None:
    """Wait until the service answers."""
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(wanted)
            await read_answer(reader)
        except OSError:
            await asyncio.sleep(0.2)
        else:
            writer.close()
            return


@asynccontextmanager
async def page_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """Both comparisons, ready to be run while the context is open."""
    sizes, requests = (SIZES_QUICK, REQUESTS_QUICK) if quick else (SIZES, REQUESTS)
    async with faces_of(servers, sizes, requests) as faces:
        yield rows_of(faces)


@asynccontextmanager
async def faces_of(servers: Servers, sizes: Sequence[int], requests: int) -> AsyncGenerator[list[Face]]:
    """A face for each size."""
    garbage.search_less()
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(face_of(servers, size, requests)) for size in sizes]


def rows_of(faces: Sequence[Face]) -> list[Row]:
    """One row for the timeline's pages, one for the portfolio's; the largest read model first, the smallest last."""
    return [_row("timeline page", TIMELINE_PAGES, faces), _row("portfolio page", PORTFOLIO_PAGES, faces)]


def _row(what: str, pages: Sequence[Asked], faces: Sequence[Face]) -> Row:
    limits = [
        Limit("p99, ms,", our_p99, most=50),
        Limit("p99 in parts of that of the smallest", p99_ratio_to(len(faces) - 1), most=1.5),
    ]
    contenders = [Contender(f"{face.events:,} events", partial(face.times, pages)) for face in faces]
    return Row(what, "ms", "p99 ≤ 50 ms, ≤ 1.5 times that at 10 thousand", contenders, limits)


def page_by_page(faces: Sequence[Face]) -> str:
    """What every single page took, p50 / p99 in milliseconds, as Markdown."""
    lines = [
        f"| {what} | " + " | ".join("{:.1f} / {:.1f}".format(*Times.of(one.milliseconds[what])) for one in faces) + " |"
        for what in faces[0].milliseconds
    ]
    head = ["| page, ms | " + " | ".join(f"{face.events:,}" for face in faces) + " |", "|---" * (len(faces) + 1) + "|"]
    return "\n".join([*head, *lines])


async def main() -> None:
    """Measure this alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES_QUICK)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=REQUESTS_QUICK)
    options = parser.parse_args()
    logs.configure("bench", "ERROR")
    sizes = sorted(options.sizes, reverse=True)
    with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder)) as servers:
        async with faces_of(servers, sizes, options.requests) as faces:
            for row in rows_of(faces):
                await row.run(options.rounds)
                print(row.line())
            print(page_by_page(faces))


if __name__ == "__main__":
    asyncio.run(main())
