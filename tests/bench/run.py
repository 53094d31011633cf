"""Speed, side by side in one run: `make bench`, or `make bench-quick` for fewer and shorter rounds.

    make bench ARGS="--only relay"

Starts its own platform on free ports. Sections are measured one after the other; what fails is noted and costs no other
section. Only a whole run writes its results down; `harness.py` says where.
"""

import argparse
import asyncio
import logging
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, Protocol

from chassis import garbage, logs
from footprint import idle_rows, loaded_rows, start_rows
from harness import Row, noted_failure, table, write
from marks import mark_rows
from over_http import http_rows
from pages import page_rows
from rebuild import rebuild_row
from relays import relay_rows
from scaling import scaling_row
from studyline.testing import Servers, start_servers
from visible import visible_rows


class Rows(Protocol):
    """Makes a section's rows ready, and clears away after them."""

    def __call__(self, servers: Servers, /, *, quick: bool) -> AbstractAsyncContextManager[Sequence[Row]]:
        """The rows, while what they measure is there."""
        ...


@asynccontextmanager
async def rebuild_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """The rebuild of the read model."""
    yield [await rebuild_row(servers, quick=quick)]


@asynccontextmanager
async def worker_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """What a second worker of reporting adds."""
    yield [scaling_row(servers, quick=quick)]


@dataclass(frozen=True)
class Section:
    """Rows that are measured together, and in how many rounds. `platform` says whether the services must run."""

    name: str
    rows: Rows
    rounds: int
    rounds_quick: int
    platform: bool


SECTIONS: Final = (
    Section("idle", idle_rows, 1, 1, platform=True),
    # Before the commands: what the other services have to catch up with after them would be measured as well.
    Section("visible", visible_rows, 5, 2, platform=True),
    Section("commands", http_rows, 7, 3, platform=True),
    Section("loaded", loaded_rows, 1, 1, platform=True),
    Section("relay", relay_rows, 5, 2, platform=False),
    Section("rebuild", rebuild_rows, 5, 3, platform=False),
    Section("pages", page_rows, 5, 2, platform=False),
    Section("workers", worker_rows, 3, 1, platform=False),
    Section("marks", mark_rows, 5, 2, platform=False),
    Section("start", start_rows, 5, 2, platform=False),
)


def arguments() -> argparse.Namespace:
    """What was asked on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    names = [section.name for section in SECTIONS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="SECTION", help=", ".join(names))
    return parser.parse_args()


async def measured(section: Section, servers: Servers, *, quick: bool) -> Sequence[Row]:
    """A section's rows with their figures, or with what went wrong."""
    began = time.perf_counter()
    print(f"— {section.name}", flush=True)
    rows: Sequence[Row] = ()
    try:
        async with section.rows(servers, quick=quick) as rows:
            for row in rows:
                await row.run_or_note(section.rounds_quick if quick else section.rounds)
    except Exception as error:  # noqa: BLE001 - whatever it is: it stands in the results, and the others go on
        rows = rows or [Row(section.name, "", "", [], failure=noted_failure(error))]
    print(f"— {section.name} took {time.perf_counter() - began:.0f} s", flush=True)
    return rows


async def all_measured(sections: Sequence[Section], *, quick: bool, keep: Callable[[list[Row]], None]) -> list[Row]:
    """All rows; neighbours share a stack. `keep` is called with what there is after each section."""
    rows: list[Row] = []
    for platform, some in groupby(sections, lambda section: section.platform):
        with tempfile.TemporaryDirectory() as folder, start_servers(Path(folder), services=platform) as servers:
            for section in some:
                rows += await measured(section, servers, quick=quick)
                keep(rows)
    return rows


async def main() -> None:
    """Measure and write."""
    options = arguments()
    logs.configure("bench", "ERROR")
    garbage.search_less()
    logging.getLogger("faststream").setLevel(logging.ERROR)
    sections = [section for section in SECTIONS if section.name in options.only]
    is_whole = len(sections) == len(SECTIONS)
    notes = ["A quick run: fewer and shorter rounds, no import of the portfolio."] if options.quick else []
    began = time.perf_counter()

    def keep(rows: Sequence[Row]) -> None:
        if is_whole:
            write(rows, notes)

    rows = await all_measured(sections, quick=options.quick, keep=keep)
    print(f"\n{table(rows)}\n{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    asyncio.run(main())
