"""A lease on server time: one holder, and a fencing epoch that rises with each change of hands."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from chassis import clock
from chassis.mongo import Database, Document

LEASES = "leases"
LEASE_SECONDS: Final = 15
RENEW_SECONDS: Final = 5
HOLD_SECONDS: Final = 10
"""A holder stops by its own monotonic clock well before the server would give the lease to another."""
LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Lease:
    """The right to do a piece of work alone. `holder` names the replica, the same again after a restart."""

    database: Database
    name: str
    holder: str
    epoch: int = 0
    _held_until: float = 0.0
    _renew_at: float = 0.0

    @property
    def is_held(self) -> bool:
        """Whether the holder may still act, by its own monotonic clock."""
        return clock.monotonic() < self._held_until

    async def hold(self) -> bool:
        """Take or renew the lease where that is due; whether it is held now."""
        if self.is_held and clock.monotonic() < self._renew_at:
            return True
        asked = clock.monotonic()
        held = await self._take()
        if held is None:
            self._held_until = 0.0
            return False
        self.epoch = held["epoch"]
        self._renew_at, self._held_until = asked + RENEW_SECONDS, asked + HOLD_SECONDS
        return True

    async def _take(self) -> Document | None:
        leases = self.database.collection(LEASES)
        await leases.insert_new([{"_id": self.name, "epoch": 0, "holder": None, "until": LONG_AGO}])
        own = {"$eq": ["$holder", self.holder]}
        held = {"$and": [own, {"$eq": ["$epoch", self.epoch]}]}
        # A process that never held it is a replica's next life: what was held under its name is its own at once.
        free = {"$or": [held if self.epoch else own, {"$lt": ["$until", "$$NOW"]}]}
        taken = {
            "epoch": {"$cond": [held, "$epoch", {"$add": ["$epoch", 1]}]},
            "until": {"$add": ["$$NOW", LEASE_SECONDS * 1000]},
            "holder": self.holder,
        }
        return await leases.update_one_and_return({"_id": self.name, "$expr": free}, [{"$set": taken}])

    async def release(self) -> None:
        """Give the lease back, so that the next holder need not wait for its end."""
        self._held_until = 0.0
        mine = {"_id": self.name, "holder": self.holder, "epoch": self.epoch}
        await self.database.collection(LEASES).update(mine, {"$set": {"until": LONG_AGO}})
