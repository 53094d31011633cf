"""What has fallen due by now, of every aggregate that waits for a day: the ticker asks here."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime

from chassis.mongo import Database
from chassis.scope import Scope
from chassis.ticking import Due, in_batches

from regulatory.domain.tmf_commands import NoteExpiry
from regulatory.handlers.clocks import due_clocks
from regulatory.store import TMF_DOCUMENTS

NOTICE = "state.notice_on"


async def whatever_is_due(database: Database, now: datetime, size: int) -> AsyncGenerator[Sequence[Due]]:
    """Clocks first, then documents; so many at a time."""
    async for clocks in in_batches(due_clocks(database, now), size):
        yield clocks
    async for documents in in_batches(due_documents(database, now), size):
        yield documents


async def due_documents(database: Database, now: datetime) -> AsyncGenerator[Due]:
    """Documents of trial master files whose expiry is to be told by now, the longest due first. Days are UTC's."""
    today = now.date().isoformat()
    condition = {NOTICE: {"$type": "string", "$lte": today}}
    command = NoteExpiry(occurred_at=None, on=today)
    documents = database.collection(TMF_DOCUMENTS.collection)
    async for one in documents.stream(Scope.everything(), condition, sort=[(NOTICE, 1)]):
        yield Due(TMF_DOCUMENTS, one["_id"], one["version"], command)
