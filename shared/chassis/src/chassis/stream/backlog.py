"""How much may wait for Kafka: with Kafka away commands go on up to a stated backlog, then they are turned away."""

from dataclasses import dataclass
from typing import Final

from chassis import clock
from chassis.journal import journal_of
from chassis.mongo import Database
from chassis.problems import Unavailable
from chassis.scope import Scope

LOOK_EVERY_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 30


@dataclass
class Backlog:
    """The entries of a service's journal that Kafka has not acknowledged, looked at once a second at most."""

    database: Database
    limit: int
    _pending: int = 0
    _looked_at: float = float("-inf")

    async def check(self) -> None:
        """Raise the 503 problem while as much waits as may."""
        now = clock.monotonic()
        if now - self._looked_at >= LOOK_EVERY_SECONDS:
            self._looked_at = now
            journal = journal_of(self.database)
            self._pending = await journal.count(Scope.everything(), {"pending": True}, limit=self.limit)
        if self._pending >= self.limit:
            detail = f"{self.limit} changes wait to be published, as many as may. Nothing was changed: try again later."
            raise Unavailable(detail, RETRY_AFTER_SECONDS)
