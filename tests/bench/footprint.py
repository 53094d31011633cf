"""What each service holds in memory, idle and at work, and how long the whole platform takes to start again."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import psutil
from client import Addresses
from harness import Contender, Limit, Row, largest, ours
from studyline.demo import PORTFOLIO
from studyline.importing import run_ctgov, run_ctms
from studyline.services import SERVICES
from studyline.testing import Servers, start_servers
from watching import rss_mib, uss_mib

MEMORY_MIB: Final = 150
START_SECONDS: Final = 15
LOOK_EVERY_SECONDS: Final = 0.25
SETTLED_AFTER_SECONDS: Final = 3


class Peaks:
    """The largest figures seen of each service."""

    def __init__(self, servers: Servers) -> None:
        """Nothing is seen yet."""
        self._servers = servers
        self.rss: dict[str, float] = {}
        self.uss: dict[str, float] = {}

    def look(self) -> None:
        """Look once."""
        for name, pid in self._servers.state().pids.items():
            if name in SERVICES:
                with suppress(psutil.NoSuchProcess):
                    self.rss[name] = max(self.rss.get(name, 0), rss_mib(pid))
                    self.uss[name] = max(self.uss.get(name, 0), uss_mib(pid))

    async def watch(self) -> None:
        """Look again and again."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_SECONDS)


@asynccontextmanager
async def idle_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """Memory soon after the start, before anything was asked."""
    del quick
    await asyncio.sleep(SETTLED_AFTER_SECONDS)
    peaks = Peaks(servers)
    peaks.look()
    yield memory_rows("idle", peaks)


@asynccontextmanager
async def loaded_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """Memory after what was measured before, and at its largest while the bundled portfolio is imported."""
    peaks = Peaks(servers)
    peaks.look()
    if quick:
        yield memory_rows("after the load of this run", peaks)
        return
    watching = asyncio.create_task(peaks.watch())
    await _import(servers)
    watching.cancel()
    yield memory_rows("peak of an import of the bundled portfolio", peaks)


@asynccontextmanager
async def start_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """How long a start takes on a directory that has run before."""
    del servers, quick
    with TemporaryDirectory() as folder:
        await _started(Path(folder))
        limit = Limit("s", ours, most=START_SECONDS)
        again = Contender("studyline", partial(_started, Path(folder)))
        yield [Row("start of servers and services, warm", "s", f"≤ {START_SECONDS} s", [again], [limit])]


def memory_rows(when: str, peaks: Peaks) -> list[Row]:
    """A row of what is resident, and one of what is not shared with others."""
    return [
        Row(
            f"memory of each service, {when}",
            f"MiB {kind}",
            f"≤ {MEMORY_MIB} MiB",
            [Contender(name, partial(_known, held, name)) for name in SERVICES],
            [Limit("largest, MiB", largest, most=MEMORY_MIB)],
            are_rivals=False,
        )
        for kind, held in (("RSS", peaks.rss), ("USS", peaks.uss))
    ]


async def _known(held: dict[str, float], name: str) -> float:
    return held[name]


async def _import(servers: Servers) -> None:
    addresses = Addresses.model_validate(servers.addresses, from_attributes=True)
    token = servers.token("operations")
    await run_ctgov([PORTFOLIO / "ctgov.ndjson.gz"], addresses, token)
    await run_ctms(PORTFOLIO / "ctms", addresses, token)


async def _started(folder: Path) -> float:
    return await asyncio.to_thread(_start, folder, time.perf_counter)


def _start(folder: Path, now: Callable[[], float]) -> float:
    began = now()
    with start_servers(folder, services=True):
        return now() - began
