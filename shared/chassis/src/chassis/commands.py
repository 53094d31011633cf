"""From command to change: load, decide, evolve, save, for one command or for a batch, in one transaction.

A service describes each aggregate once (`Aggregate`) and hands over `Instruction`s. What a rule refuses comes back as
that instruction's error and changes nothing; the other instructions of the batch go on.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from kernel import Refused

from chassis.group_commit import GroupCommit
from chassis.metrics import Metrics
from chassis.mongo import Database, Document, PyMongoError, Session
from chassis.problems import Problem, key_reused
from chassis.scope import Scope
from chassis.telemetry import span
from chassis.unit import Aggregate, Authorise, Builder, Instruction, Outcome, Unit, given, ungoverned
from chassis.write_errors import is_duplicate

__all__ = ["Aggregate", "Builder", "Commands", "Instruction", "Outcome", "Unit", "given"]

RACES_MAX = 5


class Commands:
    """Carries out a service's commands."""

    def __init__(
        self,
        service: str,
        database: Database,
        metrics: Metrics,
        *,
        on_change: Callable[[], None] = lambda: None,
        authorise: Authorise = ungoverned,
    ) -> None:
        """`on_change` is called after each commit that left something to publish: it wakes the relay.

        `authorise` says by which transferred obligation a command is given.
        """
        self._authorise = authorise
        self._service, self._database, self._metrics, self._on_change = service, database, metrics, on_change
        self._together = GroupCommit(self._in_one_transaction)

    async def carry_out(self, scope: Scope, instruction: Instruction[Any, Any, Any]) -> Outcome:
        """Carry out one command, with others that wait. Raises Refused with every unmet condition, or Problem."""
        with span("journal"):
            outcome = await self._together.carry_out(scope, instruction)
        if outcome.error is not None:
            raise outcome.error
        return outcome

    async def carry_out_all(self, scope: Scope, instructions: Sequence[Instruction[Any, Any, Any]]) -> list[Outcome]:
        """Carry out a batch in one transaction; refused ones come back with their error and change nothing."""
        with span("journal", commands=len(instructions)):
            return await self._in_one_transaction(scope, instructions)

    async def _in_one_transaction(
        self, scope: Scope, instructions: Sequence[Instruction[Any, Any, Any]]
    ) -> list[Outcome]:
        for attempt in range(RACES_MAX):
            try:
                # A key that was used before is rare and shows when it is written: only then is it looked for first.
                work = partial(self._work, scope, instructions, look_first=attempt > 0)
                outcomes = await self._database.in_transaction(work)
            except PyMongoError as error:
                # Somebody else wrote the same key first: look again, and find it.
                if not is_duplicate(error) or attempt == RACES_MAX - 1:
                    raise
            else:
                self._committed(instructions, outcomes)
                return outcomes
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _work(
        self, scope: Scope, instructions: Sequence[Instruction[Any, Any, Any]], session: Session, *, look_first: bool
    ) -> list[Outcome]:
        unit = Unit(self._database, scope, session, self._authorise)
        earlier = await unit.answered(instructions) if look_first else {}
        for aggregate in {id(one.aggregate): one.aggregate for one in instructions}.values():
            await unit.preload(aggregate, [one.aggregate_id for one in instructions if one.aggregate is aggregate])
        outcomes = [await self._one(unit, instruction, earlier) for instruction in instructions]
        await unit.save()
        return outcomes if look_first else await self._remembered(unit, instructions, outcomes)

    async def _remembered(
        self, unit: Unit, instructions: Sequence[Instruction[Any, Any, Any]], outcomes: list[Outcome]
    ) -> list[Outcome]:
        """Where a command changes nothing now, it may have done so before: then that answer counts."""
        silent = [one for one, outcome in zip(instructions, outcomes, strict=True) if not outcome.events]
        earlier = await unit.answered(silent) if silent else {}
        return [
            await self._one(unit, one, earlier) if one.context.command_id in earlier else outcome
            for one, outcome in zip(instructions, outcomes, strict=True)
        ]

    async def _one(
        self, unit: Unit, instruction: Instruction[Any, Any, Any], earlier: Mapping[str, Document]
    ) -> Outcome:
        try:
            entry = earlier.get(instruction.context.command_id)
            return await unit.carry_out(self._service, instruction) if entry is None else _again(instruction, entry)
        except (Refused, Problem) as error:
            return Outcome(instruction.aggregate_id, error=error)

    def _committed(self, instructions: Sequence[Instruction[Any, Any, Any]], outcomes: Sequence[Outcome]) -> None:
        for instruction, outcome in zip(instructions, outcomes, strict=True):
            result = "refused" if outcome.error else "changed" if outcome.events else "unchanged"
            self._metrics.commands_total.labels(instruction.aggregate.name, result).inc()
        if any(outcome.events for outcome in outcomes):
            self._on_change()


def _again(instruction: Instruction[Any, Any, Any], entry: Document) -> Outcome:
    if entry["fingerprint"] != instruction.context.fingerprint:
        raise key_reused()
    version = entry["version"]
    return Outcome(entry["aggregate"]["id"], version["after"], version["before"], (), entry["answer"])
