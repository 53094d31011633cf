"""What the mark `unsealed`, by which the sealer finds new journal entries, costs a command's transaction.

The same two writes, the state and the entry, with the mark and its partial index and without both: no switch leaves the
mark out in a service, so both are written here as the chassis writes them.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from chassis import clock
from chassis.journal import UNSEALED, ensure_journal, journal_of
from chassis.mongo import Database, Document, Session
from harness import Contender, Row
from portfolio_mix import portfolio_events
from relays import entry_about, renamed
from studyline.testing import Servers

IN_FLIGHT: Final = 16
COMMANDS: Final = 2_000
COMMANDS_QUICK: Final = 400
SEALED_AT_ONCE: Final = 200
STATE: Final = {"state": "x" * 400, "version": 1}


@dataclass(frozen=True)
class Writes:
    """A database with a journal; its entries have the mark or not, and a sealer takes it away again or not."""

    database: Database
    entry: Document
    marked: bool
    sealed: bool = False

    async def prepare(self) -> None:
        """Make the journal's indexes, but for the mark's where there is none."""
        if self.marked:
            await ensure_journal(self.database)
            return
        journal = journal_of(self.database)
        await journal.ensure_index([("recorded_at", 1), ("version.after", 1)], where={"pending": True})
        await journal.ensure_index([("aggregate.id", 1), ("version.after", 1)])
        await journal.ensure_index([("study", 1), ("recorded_at", 1), ("version.after", 1), ("_id", 1)])

    async def transactions(self, commands: int) -> float:
        """Transactions a second."""
        gate, written = asyncio.Semaphore(IN_FLIGHT), list[str]()

        async def one() -> None:
            async with gate:
                entry = self._another()
                await self.database.in_transaction(partial(self._write, entry))
                written.append(entry["_id"])
                if self.sealed and len(written) >= SEALED_AT_ONCE:
                    await self._seal(written)

        began = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(commands)))
        return commands / (time.perf_counter() - began)

    def _another(self) -> Document:
        entry = renamed(self.entry)
        return entry if self.marked else {name: value for name, value in entry.items() if name != UNSEALED}

    async def _write(self, entry: Document, session: Session) -> None:
        await self.database.collection("states").insert([{"_id": entry["_id"], **STATE}], session=session)
        await journal_of(self.database).insert([entry], session=session)

    async def _seal(self, written: list[str]) -> None:
        sealed, written[:] = written[:], []
        await journal_of(self.database).update({"_id": {"$in": sealed}}, {"$unset": {UNSEALED: ""}})


@asynccontextmanager
async def mark_rows(servers: Servers, *, quick: bool) -> AsyncGenerator[list[Row]]:
    """The comparison."""
    (told,) = portfolio_events(1)
    name, entry = f"bench_{clock.new_id()[-8:]}", entry_about(told)
    databases = [Database.connect(servers.mongodb_uri, f"{name}_{number}") for number in range(3)]
    ways = {
        "with the mark": Writes(databases[0], entry, marked=True),
        "without it": Writes(databases[1], entry, marked=False),
        "with the mark, taken away again meanwhile": Writes(databases[2], entry, marked=True, sealed=True),
    }
    for way in ways.values():
        await way.prepare()
    commands = COMMANDS_QUICK if quick else COMMANDS
    contenders = [Contender(what, partial(way.transactions, commands)) for what, way in ways.items()]
    yield [Row(f"the mark `unsealed` in a command's two writes, {IN_FLIGHT} in flight", "1/s", "told only", contenders)]
    for database in databases:
        database.close()
