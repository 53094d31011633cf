"""Commands that wait at the same time share a transaction, and nothing else."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from chassis.commands import Commands, Instruction, Outcome, Unit
from chassis.group_commit import AT_ONCE_MAX, GroupCommit
from chassis.journal import journal_of
from chassis.mongo import Database, PyMongoError
from chassis.scope import Scope
from counting import COUNTS, Add, instruction
from kernel import Reason, Refused
from pymongo.errors import AutoReconnect

ALL = Scope.everything()
Batch = Sequence[Instruction[Any, Any, Any]]


class Transactions:
    """Stands for the transactions: what came together, and under whose scope. Each waits until it may go on."""

    def __init__(self) -> None:
        self.seen: list[tuple[Scope, list[str]]] = []
        self.go_on = asyncio.Event()
        self.spoiled_by: dict[str, Exception] = {}

    async def carry_out_all(self, scope: Scope, batch: Batch) -> list[Outcome]:
        keys = [one.context.command_id for one in batch]
        self.seen.append((scope, keys))
        await self.go_on.wait()
        for key in keys:
            if key in self.spoiled_by:
                raise self.spoiled_by[key]
        return [Outcome(key) for key in keys]

    def begun(self, group: GroupCommit, *commands: tuple[Scope, str]) -> list["asyncio.Task[Outcome]"]:
        """Commands that were given in this order."""
        return [asyncio.create_task(group.carry_out(scope, instruction(key, key))) for scope, key in commands]


@pytest.fixture
async def transactions() -> Transactions:
    return Transactions()


async def test_the_first_begin_at_once_and_the_others_go_together(transactions: Transactions) -> None:
    group = GroupCommit(transactions.carry_out_all)
    tasks = transactions.begun(group, *((ALL, f"k{number}") for number in range(AT_ONCE_MAX)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks += transactions.begun(group, *((ALL, f"late{number}") for number in range(5)))
    await asyncio.sleep(0)
    transactions.go_on.set()
    outcomes = await asyncio.gather(*tasks)
    assert [one.aggregate_id for one in outcomes] == ["k0", "k1", *(f"late{number}" for number in range(5))]
    assert transactions.seen[-1][1] == [f"late{number}" for number in range(5)]


async def test_no_transaction_ever_holds_two_scopes(transactions: Transactions) -> None:
    group, mine, theirs = GroupCommit(transactions.carry_out_all), Scope.of(["acme"]), Scope.of(["rival"])
    commands = [
        (scope, f"{number}-{sponsor}") for number in range(20) for scope, sponsor in ((mine, "a"), (theirs, "r"))
    ]
    tasks = transactions.begun(group, *commands)
    transactions.go_on.set()
    await asyncio.gather(*tasks)
    asked = {key: scope for scope, keys in transactions.seen for key in keys}
    assert asked == {key: scope for scope, key in commands}


async def test_a_repeated_command_waits_for_the_first(transactions: Transactions) -> None:
    group = GroupCommit(transactions.carry_out_all)
    tasks = transactions.begun(group, *((ALL, "same") for _ in range(6)))
    transactions.go_on.set()
    await asyncio.gather(*tasks)
    assert all(len(keys) == 1 for _, keys in transactions.seen)


async def test_who_leaves_before_the_turn_leaves_no_trace(transactions: Transactions) -> None:
    group = GroupCommit(transactions.carry_out_all)
    tasks = transactions.begun(group, *((ALL, f"k{number}") for number in range(AT_ONCE_MAX)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    [gone] = transactions.begun(group, (ALL, "gone"))
    await asyncio.sleep(0)
    gone.cancel()
    transactions.go_on.set()
    await asyncio.gather(*tasks)
    await asyncio.gather(gone, return_exceptions=True)
    assert not any("gone" in keys for _, keys in transactions.seen)


async def test_one_that_spoils_the_transaction_fails_alone(transactions: Transactions) -> None:
    transactions.spoiled_by["bad"] = ValueError("nobody foresaw this")
    group = GroupCommit(transactions.carry_out_all)
    tasks = transactions.begun(group, *((ALL, key) for key in ("a", "b", "c", "bad", "d")))
    transactions.go_on.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [getattr(one, "aggregate_id", "failed") for one in outcomes] == ["a", "b", "c", "failed", "d"]


async def test_an_outage_is_told_to_all_at_once(transactions: Transactions) -> None:
    transactions.spoiled_by["c"] = AutoReconnect("gone")
    group = GroupCommit(transactions.carry_out_all)
    tasks = transactions.begun(group, *((ALL, key) for key in ("a", "b", "c", "d")))
    transactions.go_on.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert any(isinstance(one, PyMongoError) for one in outcomes)
    assert sum("c" in keys for _, keys in transactions.seen) == 1


async def test_two_that_want_what_only_one_can_have_are_told_apart(commands: Commands, database: Database) -> None:
    await database.collection(COUNTS.collection).ensure_index([("state.total", 1)], unique=True)
    amounts = [7] * 5 + list(range(100, 125))
    asked = [claiming(f"c{number}", amount) for number, amount in enumerate(amounts)]
    outcomes = await asyncio.gather(*(commands.carry_out(ALL, one) for one in asked), return_exceptions=True)
    assert [type(one) for one in outcomes[5:]] == [Outcome] * 25
    assert sorted(type(one).__name__ for one in outcomes[:5]) == ["Outcome", *["Refused"] * 4]
    assert await journal_of(database).count(ALL, {}) == await database.collection(COUNTS.collection).count(ALL, {})


def claiming(count_id: str, amount: int) -> Instruction[Any, Any, Any]:
    """Make a count of an amount that no other has."""
    asked = instruction(count_id, f"key-{count_id}", amount)

    async def build(unit: Unit) -> Add:
        holders = await unit.read(COUNTS.collection, {"state.total": amount})
        if any(holder["_id"] != count_id for holder in holders):
            raise Refused(Reason(code="taken", detail="Another count has this amount."))
        return Add(occurred_at=None, count_id=count_id, sponsor="acme", amount=amount)

    return Instruction(asked.aggregate, count_id, build, asked.context)
