"""What falls due by date alone: trainings that expire, and checklists and amendments which a date may have changed."""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any

from chassis.commands import Aggregate
from chassis.mongo import Database, Document
from chassis.scope import Scope
from chassis.ticking import Due, in_batches

from sites.handlers.amendments import assess_known_amendment
from sites.handlers.delegations import expire_training
from sites.handlers.green_light import assess_checklist
from sites.store import SITE_AMENDMENTS, SITE_CHECKLISTS, TRAININGS


async def due_in_start_up(database: Database, now: datetime, size: int) -> AsyncGenerator[Sequence[Due]]:
    """What has fallen due by now, so many at a time. Looks at every sponsor's: it is the service's own work."""
    async for some in in_batches(_due(database, TRAININGS, now), size):
        yield [Due(TRAININGS, one["_id"], one["version"], expire_training()) for one in some]
    async for some in in_batches(_due(database, SITE_CHECKLISTS, now), size):
        yield [
            Due(SITE_CHECKLISTS, one["_id"], one["version"], assess_checklist(one["state"]["site_id"])) for one in some
        ]
    async for some in in_batches(_due(database, SITE_AMENDMENTS, now), size):
        yield [Due(SITE_AMENDMENTS, one["_id"], one["version"], assess_known_amendment(one["_id"])) for one in some]


def _due(database: Database, aggregate: Aggregate[Any, Any, Any], now: datetime) -> AsyncGenerator[Document]:
    # Instants are kept as texts; to the second they sort as the instants do.
    by_now = {"state.due_at": {"$lte": f"{now:%Y-%m-%dT%H:%M:%S}Z"}}
    collection = database.collection(aggregate.collection)
    return collection.stream(Scope.everything(), by_now, sort=[("state.due_at", 1)])
