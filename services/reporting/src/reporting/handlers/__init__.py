"""Folding a batch into one generation of the read model, then what rests on its rows: counts and boards."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from chassis import clock
from chassis.mongo import Database, UpdateOne
from chassis.stream.projecting import project
from contracts import Received

from reporting.handlers.boards import settle_boards, settle_every_board
from reporting.handlers.counting import recount_all_studies, recount_studies
from reporting.handlers.settling import EVERYTHING
from reporting.projections import ROWS, timeline
from reporting.store import FRESHNESS, TIMELINE


async def fold(database: Database, batch: Sequence[Received], serving: Database | None = None) -> None:
    """Rows and timeline, and how far each source was read; not what rests on the rows.

    Where another generation is the one that is `serving`, entries are marked as stored when they were stored there.
    """
    rows = (project(database, [one], batch) for one in ROWS)
    await asyncio.gather(_append(database, batch, serving), *rows, _note_progress(database, batch))


async def recount(database: Database, batch: Sequence[Received]) -> None:
    """Tell anew what rests on the rows that the batch touched."""
    await asyncio.gather(recount_studies(database, batch), settle_boards(database, batch))


async def recount_everything(database: Database) -> None:
    """Tell all that rests on rows from all rows: once at the end of a rebuild."""
    await recount_all_studies(database)
    await settle_every_board(database)


async def _append(database: Database, batch: Sequence[Received], serving: Database | None) -> None:
    before = await _stored_before(serving, batch) if serving is not None else {}
    await project(database, [timeline.entries_at(clock.now(), before)], batch)


async def _stored_before(database: Database, batch: Sequence[Received]) -> dict[str, datetime]:
    condition = {"_id": {"$in": [one.envelope.id for one in batch]}}
    found = await database.collection(TIMELINE).find(EVERYTHING, condition, fields=["stored_at"])
    return {one["_id"]: one["stored_at"] for one in found}


async def _note_progress(database: Database, batch: Sequence[Received]) -> None:
    latest = {one.envelope.source: one.envelope.recorded_at for one in batch}
    for one in batch:
        latest[one.envelope.source] = max(latest[one.envelope.source], one.envelope.recorded_at)
    operations = [
        UpdateOne({"_id": source}, {"$max": {"recorded_at": at}}, upsert=True) for source, at in latest.items()
    ]
    await database.collection(FRESHNESS).write(operations)
