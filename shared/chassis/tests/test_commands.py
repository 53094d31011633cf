"""A command changes state and journal together, once, within its scope, or not at all."""

import asyncio
import itertools

import pytest
from chassis.commands import Commands
from chassis.journal import entry_hash, event_id, journal_of
from chassis.mongo import Database
from chassis.problems import Problem
from chassis.scope import Scope
from counting import COUNTS, instruction
from kernel import Refused

ALL = Scope.everything()


async def total(database: Database, count_id: str) -> int:
    found = await database.collection(COUNTS.collection).find_one(ALL, {"_id": count_id})
    return found["state"]["total"] if found else 0


async def test_a_command_leaves_its_state_and_one_entry_that_tells_everything(
    commands: Commands, database: Database
) -> None:
    outcome = await commands.carry_out(ALL, instruction("a", "k1", 3, reason="because"))
    assert (outcome.version, outcome.answer) == (1, {"total": 3, "version": 1})
    [entry] = await journal_of(database).find(ALL, {})
    assert (entry["_id"], entry["version"], entry["reason"], entry["pending"]) == (
        "k1",
        {"before": 0, "after": 1},
        "because",
        True,
    )
    assert entry["events"] == [{"type": "Added", "occurred_at": None, "count_id": "a", "sponsor": "acme", "amount": 3}]
    [message] = entry["messages"]
    assert message["headers"]["ce_id"] == event_id("count/a", 1)
    assert message["headers"]["ce_aggregateversion"] == "1"
    assert message["body"] == '{"count_id":"a","total":3}'


async def test_the_same_key_again_gives_the_same_answer_and_no_second_effect(
    commands: Commands, database: Database
) -> None:
    first = await commands.carry_out(ALL, instruction("a", "k1", 3))
    await commands.carry_out(ALL, instruction("a", "k2", 4))
    again = await commands.carry_out(ALL, instruction("a", "k1", 3))
    assert again.answer == first.answer
    assert await total(database, "a") == 7


async def test_the_same_key_fifty_times_at_once_has_one_effect(commands: Commands, database: Database) -> None:
    outcomes = await asyncio.gather(*(commands.carry_out(ALL, instruction("a", "k1", 3)) for _ in range(50)))
    assert {str(outcome.answer) for outcome in outcomes} == {"{'total': 3, 'version': 1}"}
    assert await total(database, "a") == 3
    assert await journal_of(database).count(ALL, {}) == 1


async def test_the_same_key_with_another_request_is_refused(commands: Commands) -> None:
    await commands.carry_out(ALL, instruction("a", "k1", 3))
    with pytest.raises(Problem) as problem:
        await commands.carry_out(ALL, instruction("a", "k1", 4))
    assert problem.value.code == "idempotency_key_reused"


async def test_rivals_all_get_their_turn_and_no_version_is_missing(commands: Commands, database: Database) -> None:
    await asyncio.gather(*(commands.carry_out(ALL, instruction("a", f"k{n}")) for n in range(40)))
    assert await total(database, "a") == 40
    entries = await journal_of(database).find(ALL, {}, sort=[("version.after", 1)])
    assert [entry["version"]["after"] for entry in entries] == list(range(1, 41))
    assert all(one["recorded_at"] <= two["recorded_at"] for one, two in itertools.pairwise(entries))


async def test_each_entry_carries_the_hash_of_the_one_before(commands: Commands, database: Database) -> None:
    for number in range(3):
        await commands.carry_out(ALL, instruction("a", f"k{number}"))
    entries = await journal_of(database).find(ALL, {}, sort=[("version.after", 1)])
    assert [entry["prev_hash"] for entry in entries] == [None, entries[0]["hash"], entries[1]["hash"]]
    assert all(entry["hash"] == entry_hash(entry) for entry in entries)


async def test_a_refusal_names_every_reason_and_leaves_nothing(commands: Commands, database: Database) -> None:
    await commands.carry_out(ALL, instruction("a", "k0", 999))
    with pytest.raises(Refused) as refused:
        await commands.carry_out(ALL, instruction("a", "k1", 2))
    assert [reason.code for reason in refused.value.reasons] == ["full"]
    assert await total(database, "a") == 999
    assert await journal_of(database).count(ALL, {}) == 1


async def test_a_batch_goes_on_past_what_is_refused(commands: Commands, database: Database) -> None:
    batch = [
        instruction("a", "k1", 5),
        instruction("b", "k2", -1),
        instruction("a", "k3", 6),
        instruction("c", "k4", 0),
    ]
    outcomes = await commands.carry_out_all(ALL, batch)
    assert [(one.version, one.changed, one.error is None) for one in outcomes] == [
        (1, True, True),
        (0, False, False),
        (2, True, True),
        (0, False, True),
    ]
    assert (await total(database, "a"), await total(database, "b")) == (11, 0)


async def test_a_stale_version_is_refused_with_the_present_one(commands: Commands) -> None:
    await commands.carry_out(ALL, instruction("a", "k1"))
    await commands.carry_out(ALL, instruction("a", "k2", expected_version=1))
    with pytest.raises(Problem) as problem:
        await commands.carry_out(ALL, instruction("a", "k3", expected_version=1))
    assert (problem.value.status, problem.value.members) == (412, {"current_version": 2})


async def test_what_belongs_to_somebody_else_does_not_exist(commands: Commands, database: Database) -> None:
    await commands.carry_out(ALL, instruction("a", "k1", sponsor="rival"))
    with pytest.raises(Problem) as problem:
        await commands.carry_out(Scope.of(["acme"]), instruction("a", "k2"))
    assert problem.value.status == 404
    assert await total(database, "a") == 1


async def test_nobody_makes_data_for_a_sponsor_outside_their_scope(commands: Commands, database: Database) -> None:
    with pytest.raises(Problem) as problem:
        await commands.carry_out(Scope.of(["acme"]), instruction("a", "k1", sponsor="rival"))
    assert problem.value.status == 403
    assert await total(database, "a") == 0
    assert await journal_of(database).count(ALL, {}) == 0


async def test_a_caller_that_is_cancelled_leaves_all_or_nothing(commands: Commands, database: Database) -> None:
    tasks = [asyncio.create_task(commands.carry_out(ALL, instruction(f"c{n}", f"k{n}"))) for n in range(30)]
    await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(1)
    states = await database.collection(COUNTS.collection).count(ALL, {})
    assert states == await journal_of(database).count(ALL, {})
