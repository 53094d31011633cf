"""The stamp at the foot of a page: until when each source is folded in."""

from typing import Any

from chassis.mongo import Database
from contracts import TOPICS

from reporting import queries


async def freshness_of(database: Database) -> list[dict[str, Any]]:
    """By source, in the order of the topics, when the last event that was folded in was recorded; None before one."""
    recorded = await queries.recorded_until(database)
    return [{"name": name, "recorded_at": recorded.get(f"/studyline/{name}")} for name in TOPICS]
