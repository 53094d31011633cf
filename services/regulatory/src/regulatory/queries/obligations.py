"""Which clocks of obligations are there already, so that what comes after the first of its kind is not worked on."""

from collections.abc import Collection
from dataclasses import dataclass

from chassis.mongo import Database
from chassis.scope import Scope
from kernel import BusinessTime, bounds

from regulatory.domain.clock_rules import CLOCK_RULES
from regulatory.domain.clock_state import OPEN, Status
from regulatory.domain.trial_obligations import Duty, First, begins_with
from regulatory.store import CLOCKS


@dataclass(frozen=True)
class Begun:
    """A clock as it stands."""

    anchor: BusinessTime | None
    status: Status

    def may_change(self, seen: First, duty: Duty) -> bool:
        """Whether it may begin earlier by what was seen, or end with it."""
        if begins_with(CLOCK_RULES.seen[duty.rule_id]) != seen.kind:
            return self.status in OPEN
        return self.anchor is None or bounds(seen.on)[0] < bounds(self.anchor)[0]


async def clocks_begun(database: Database, ids: Collection[str]) -> dict[str, Begun]:
    """Those of these clocks that are there. For the service's own work: it looks at every sponsor's."""
    if not ids:
        return {}
    clocks, fields = database.collection(CLOCKS.collection), ["state.anchor", "state.status"]
    found = await clocks.find(Scope.everything(), {"_id": {"$in": sorted(ids)}}, fields=fields)
    return {one["_id"]: Begun(one["state"]["anchor"], one["state"]["status"]) for one in found}
