"""A rule over many aggregates sees what its own transaction did, and what another did before it."""

import asyncio
from typing import Any

from chassis.commands import Commands, Instruction, Unit
from chassis.journal import Actor, Context
from chassis.mongo import Database
from chassis.scope import Scope
from counting import COUNTS, Add
from kernel import Reason, Refused

ALL = Scope.everything()
COUNTS_MAX = 3


def one_of_few(count_id: str, sponsor: str = "acme") -> Instruction[Any, Any, Any]:
    """Begin a count where there are not too many yet."""

    async def build(unit: Unit) -> Add:
        await unit.in_turn(f"counts/{sponsor}")
        known = await unit.every(COUNTS, {"state.sponsor": sponsor})
        if len(known) >= COUNTS_MAX:
            raise Refused(Reason(code="too_many", detail="There are enough."))
        return Add(occurred_at=None, count_id=count_id, sponsor=sponsor)

    return Instruction(COUNTS, count_id, build, Context(command_id=f"k-{count_id}", actor=Actor("tester")))


async def test_commands_of_one_transaction_see_what_those_before_them_did(commands: Commands) -> None:
    outcomes = await commands.carry_out_all(ALL, [one_of_few(f"c{n}") for n in range(5)])
    assert [one.changed for one in outcomes] == [True, True, True, False, False]


async def test_commands_of_many_transactions_at_once_never_pass_the_limit(
    commands: Commands, database: Database
) -> None:
    waiting = [commands.carry_out_all(ALL, [one_of_few(f"c{n}")]) for n in range(8)]
    outcomes = [one for [one] in await asyncio.gather(*waiting)]
    assert sum(one.changed for one in outcomes) == COUNTS_MAX
    assert await database.collection(COUNTS.collection).count(ALL, {}) == COUNTS_MAX


async def test_what_belongs_to_another_is_not_among_them(commands: Commands) -> None:
    await commands.carry_out_all(ALL, [one_of_few(f"z{n}", "zeta") for n in range(3)])
    [outcome] = await commands.carry_out_all(ALL, [one_of_few("c1")])
    assert outcome.changed
