"""What falls due by date alone: trainings that expire, and checklists and amendments which a date may have changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.commands import Aggregate
from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.ticking import Due

from sites.handlers.amendments import assess_known_amendment
from sites.handlers.delegations import expire_training
from sites.handlers.green_light import assess_checklist
from sites.store import SITE_AMENDMENTS, SITE_CHECKLISTS, TRAININGS


async def due_in_start_up(database: Database, now: datetime, limit: int) -> Sequence[Due]:
    """What has fallen due by now, at most so many. Looks at every sponsor's: it is the service's own work."""
    trainings = await _due(database, TRAININGS, now, limit)
    checklists = await _due(database, SITE_CHECKLISTS, now, limit - len(trainings))
    amendments = await _due(database, SITE_AMENDMENTS, now, limit - len(trainings) - len(checklists))
    return [
        *(Due(TRAININGS, one["_id"], one["version"], expire_training()) for one in trainings),
        *(
            Due(SITE_CHECKLISTS, one["_id"], one["version"], assess_checklist(one["state"]["site_id"]))
            for one in checklists
        ),
        *(Due(SITE_AMENDMENTS, one["_id"], one["version"], assess_known_amendment(one["_id"])) for one in amendments),
    ]


async def _due(database: Database, aggregate: Aggregate[Any, Any, Any], now: datetime, limit: int) -> list[Document]:
    if limit <= 0:
        return []
    # Instants are kept as texts; to the second they sort as the instants do.
    by_now = {"state.due_at": {"$lte": f"{now:%Y-%m-%dT%H:%M:%S}Z"}}
    fields = ["version", "state.site_id"]
    collection = database.collection(aggregate.collection)
    return await collection.find(Scope.everything(), by_now, sort=[("state.due_at", 1)], limit=limit, fields=fields)
