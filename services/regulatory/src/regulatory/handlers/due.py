"""What has fallen due by now, of every aggregate that waits for a day: the ticker asks here."""

from datetime import datetime

from chassis.mongo import Database
from chassis.scope import Scope
from chassis.ticking import Due

from regulatory.domain.tmf_commands import NoteExpiry
from regulatory.handlers.clocks import due_clocks
from regulatory.store import TMF_DOCUMENTS

NOTICE = "state.notice_on"


async def whatever_is_due(database: Database, now: datetime, limit: int) -> list[Due]:
    """Clocks first, then documents; what does not fit comes with the next question."""
    clocks = await due_clocks(database, now, limit)
    room = limit - len(clocks)
    return [*clocks, *(await due_documents(database, now, room) if room else [])]


async def due_documents(database: Database, now: datetime, limit: int) -> list[Due]:
    """Documents of trial master files whose expiry is to be told by now, the longest due first. Days are UTC's."""
    today = now.date().isoformat()
    condition = {NOTICE: {"$type": "string", "$lte": today}}
    documents = database.collection(TMF_DOCUMENTS.collection)
    found = await documents.find(
        Scope.everything(), condition, sort=[(NOTICE, 1)], limit=limit, fields=["version", NOTICE]
    )
    command = NoteExpiry(occurred_at=None, on=today)
    return [Due(TMF_DOCUMENTS, one["_id"], one["version"], command) for one in found]
