"""Kafka in: fold each batch into the read model. A batch that comes again changes nothing."""

from collections.abc import Sequence
from typing import Final

from chassis import clock
from chassis.mongo import Database, UpdateOne
from chassis.projecting import project
from contracts import TOPICS, Received

from reporting.handlers import recount
from reporting.projections import projections_at
from reporting.store import FRESHNESS

LISTENS_TO: Final = tuple(TOPICS.values())


async def on_events(database: Database, batch: Sequence[Received]) -> None:
    """Rows and timeline, then the counts that rest on the rows, then how far each source was read."""
    await project(database, projections_at(clock.now()), batch)
    await recount(database, batch)
    await _note_progress(database, batch)


async def _note_progress(database: Database, batch: Sequence[Received]) -> None:
    latest = {one.envelope.source: one.envelope.recorded_at for one in batch}
    for one in batch:
        latest[one.envelope.source] = max(latest[one.envelope.source], one.envelope.recorded_at)
    operations = [
        UpdateOne({"_id": source}, {"$max": {"recorded_at": at}}, upsert=True) for source, at in latest.items()
    ]
    await database.collection(FRESHNESS).write(operations)
