"""Group commit: commands that wait at the same time go together in one transaction, and cost its round trips once.

A command that finds nothing waiting begins at once. Only commands of one scope go together, so that no unit of work
ever sees further than its caller; and none of them depends on another: see `Commands.carry_out_all` for what a rule
refuses, and `_settle` for what breaks a transaction.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any, Final, NamedTuple

from chassis.scope import Scope
from chassis.unit import Instruction, Outcome
from chassis.write_errors import is_outage

TOGETHER_MAX: Final = 32
AT_ONCE_MAX: Final = 2
"""Transactions of one scope at a time: the database works on one while the next is decided."""

CarryOutAll = Callable[[Scope, Sequence[Instruction[Any, Any, Any]]], Awaitable[list[Outcome]]]


class Waiting(NamedTuple):
    """A command, and who waits for what becomes of it."""

    instruction: Instruction[Any, Any, Any]
    outcome: "asyncio.Future[Outcome]"


class GroupCommit:
    """Gathers commands while the ones before them are carried out."""

    def __init__(self, carry_out_all: CarryOutAll) -> None:
        """`carry_out_all` carries out a batch in one transaction."""
        self._carry_out_all = carry_out_all
        self._waiting: dict[Scope, list[Waiting]] = {}
        self._working = Counter[Scope]()
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry_out(self, scope: Scope, instruction: Instruction[Any, Any, Any]) -> Outcome:
        """Carry out one command, with whatever else waits. A caller who leaves before its turn leaves no trace."""
        waiting = Waiting(instruction, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(scope, []).append(waiting)
        if self._working[scope] < AT_ONCE_MAX:
            self._working[scope] += 1
            # Of nobody's context: the work is for all who wait, and outlives whoever began it.
            task = asyncio.create_task(self._work(scope), context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.outcome

    async def _work(self, scope: Scope) -> None:
        while batch := self._take(scope):
            await self._settle(scope, batch)
        self._working[scope] -= 1
        self._working = +self._working

    def _take(self, scope: Scope) -> list[Waiting]:
        """The next to go together: one command of each key, because a repeated one asks what became of the first."""
        waiting = [one for one in self._waiting.pop(scope, []) if not one.outcome.done()]
        batch: dict[str, Waiting] = {}
        rest: list[Waiting] = []
        for one in waiting:
            key = one.instruction.context.command_id
            if key in batch or len(batch) == TOGETHER_MAX:
                rest.append(one)
            else:
                batch[key] = one
        if rest:
            self._waiting[scope] = rest
        return list(batch.values())

    async def _settle(self, scope: Scope, batch: Sequence[Waiting]) -> None:
        """Tell each what became of its command. Where one of them spoils the transaction, each goes alone."""
        try:
            outcomes = await self._carry_out_all(scope, [one.instruction for one in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is: those who wait are told
            if len(batch) > 1 and not is_outage(error):
                for one in batch:
                    await self._settle(scope, [one])
                return
            for one in batch:
                _tell(one.outcome, error)
        else:
            for one, outcome in zip(batch, outcomes, strict=True):
                _tell(one.outcome, outcome)


def _tell(waiting: "asyncio.Future[Outcome]", what: Outcome | Exception) -> None:
    if waiting.done():
        return
    if isinstance(what, Exception):
        waiting.set_exception(what)
    else:
        waiting.set_result(what)
