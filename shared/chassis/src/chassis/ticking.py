"""The ticker: carries out what has fallen due, by one holder of a lease, each thing once.

What is due stands in the database, in the aggregate that it concerns; the ticker only asks. So nothing is lost by a
crash and all of it is told after downtime. The command's id is derived from the aggregate's version on which it fell
due: who comes second, after a lease has changed hands, finds it done. A pass goes through everything that is due: what
is refused or fails is named, left where it stands for the next pass, and keeps nothing behind it waiting.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from kernel import Command, derived_id

from chassis import clock
from chassis.commands import Aggregate, Builder, Commands, Instruction, Outcome, given
from chassis.health import Unhealthy
from chassis.journal import Actor, Context
from chassis.lease import Lease
from chassis.mongo import Database, PyMongoError
from chassis.scope import Scope
from chassis.write_errors import is_outage

T = TypeVar("T")

BATCH_COMMANDS: Final = 200
POLL_SECONDS: Final = 1.0
STALLED_SECONDS: Final = 120.0

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Due:
    """A command that has fallen due for an aggregate as it was at a version: complete, or completed from records."""

    aggregate: Aggregate[Any, Any, Any]
    aggregate_id: str
    version: int
    command: Command | Builder[Command]


async def in_batches(due: AsyncIterator[T], size: int) -> AsyncGenerator[list[T]]:
    """What comes one by one, so many at a time."""
    batch: list[T] = []
    async for one in due:
        batch.append(one)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


@dataclass
class Ticker:
    """Carries out all that has fallen due by an instant, as `due` gives it in batches of about so many commands.

    Each batch is carried out before the next is asked for. Runs until it is cancelled.
    """

    service: str
    database: Database
    commands: Commands
    due: Callable[[datetime, int], AsyncGenerator[Sequence[Due]]]
    instance: str | None = None
    batch_commands: int = BATCH_COMMANDS
    failing: int = 0
    """How much of what was due could not be carried out in the last pass."""
    _progress_at: float = field(default_factory=clock.monotonic)

    async def run(self) -> None:
        """Tick for ever; each failure is logged and tried again."""
        lease = Lease(self.database, "ticker", self.instance or clock.new_id())
        try:
            while True:
                await self._round(lease)
                await asyncio.sleep(POLL_SECONDS)
        finally:
            await _give_back(lease)

    async def check(self) -> str:
        """Health: the ticker has gone round lately. Raises Unhealthy."""
        silent = clock.monotonic() - self._progress_at
        if silent > STALLED_SECONDS:
            message = f"no progress for {silent:.0f} s"
            raise Unhealthy(message)
        return f"ticking; {self.failing} that are due fail, see the log" if self.failing else "ticking"

    async def tick(self, lease: Lease) -> int:
        """Carry out all that is due by now; how many commands changed something."""
        changed = failing = 0
        if not await lease.hold():
            return 0
        async with aclosing(self.due(clock.now(), self.batch_commands)) as batches:
            async for batch in batches:
                if not await lease.hold():
                    break
                outcomes = await self._carry_out(batch)
                changed += sum(one.changed for one in outcomes)
                failing += len(batch) - sum(one.error is None for one in outcomes)
        self.failing = failing
        return changed

    async def _round(self, lease: Lease) -> None:
        try:
            await self.tick(lease)
        except Exception as error:  # noqa: BLE001 - whatever it is: what is due still stands, so it is tried again
            _log.warning("ticker will try again", error=type(error).__name__, detail=str(error)[:200])
            return
        self._progress_at = clock.monotonic()

    async def _carry_out(self, due: Sequence[Due]) -> Sequence[Outcome]:
        try:
            outcomes = await self.commands.carry_out_all(Scope.everything(), [self._instruction(one) for one in due])
        except Exception as error:
            if is_outage(error):
                raise
            outcomes = [outcome for one in due for outcome in await self._alone(one)]
        for outcome in outcomes:
            if outcome.error is not None:
                _log.error("what is due is refused", aggregate=outcome.aggregate_id, detail=str(outcome.error)[:200])
        return outcomes

    async def _alone(self, one: Due) -> Sequence[Outcome]:
        """One that cannot be carried out at all must not keep the others waiting; it is named at every round."""
        try:
            return await self.commands.carry_out_all(Scope.everything(), [self._instruction(one)])
        except Exception as error:
            if is_outage(error):
                raise
            _log.exception("what is due fails", aggregate=one.aggregate.name, id=one.aggregate_id)
            return ()

    def _instruction(self, one: Due) -> Instruction[Any, Any, Any]:
        key = derived_id("tick", self.service, one.aggregate.name, one.aggregate_id, str(one.version))
        # That a date has passed is true whoever holds the obligation.
        context = Context(command_id=key, actor=Actor(f"service:{self.service}"), governed=False)
        command = given(one.command) if isinstance(one.command, Command) else one.command
        return Instruction(one.aggregate, one.aggregate_id, command, context, answered=False)


async def _give_back(lease: Lease) -> None:
    try:
        await lease.release()
    except PyMongoError as error:
        _log.warning("the lease runs out by itself", error=type(error).__name__)
