"""What was known at an instant is what the journal tells up to it, within the scope."""

import asyncio
from datetime import datetime, timedelta

import pytest
from chassis import clock
from chassis.commands import Commands
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.trail.past import Past
from counting import COUNTS, Count, instruction

ALL = Scope.everything()
KEPT = {COUNTS.collection: COUNTS}


async def past(database: Database, before: datetime, scope: Scope = ALL) -> Past:
    return Past(database, scope, before, KEPT)


async def total(found: Past) -> int | None:
    count: Count | None = await found.find(COUNTS, "a")
    return count.total if count is not None else None


@pytest.fixture
async def between(commands: Commands) -> datetime:
    """An instant after a count was begun and before it went on."""
    await commands.carry_out(ALL, instruction("a", "k1", 3))
    await asyncio.sleep(0.005)
    instant = clock.now()
    await asyncio.sleep(0.005)
    await commands.carry_out(ALL, instruction("a", "k2", 4))
    await commands.carry_out(ALL, instruction("b", "k3", 9))
    return instant


async def test_a_state_is_told_as_it_was_known(database: Database, between: datetime) -> None:
    assert await total(await past(database, between)) == 3
    assert await total(await past(database, clock.now() + timedelta(seconds=1))) == 7
    assert await total(await past(database, between - timedelta(hours=1))) is None


async def test_what_meets_a_condition_and_was_not_known_then_is_left_out(database: Database, between: datetime) -> None:
    then = await past(database, between)
    assert [one["state"]["total"] for one in await then.read(COUNTS.collection, {})] == [3]
    now = await past(database, clock.now() + timedelta(seconds=1))
    assert [one["_id"] for one in await now.read(COUNTS.collection, {})] == ["a", "b"]


async def test_another_sponsors_past_is_not_there(database: Database, between: datetime) -> None:
    zeta = await past(database, clock.now() + timedelta(seconds=1), Scope.of(["zeta"]))
    assert await total(zeta) is None
    assert await zeta.read(COUNTS.collection, {}) == []
    assert await zeta.entries(COUNTS, ["a"]) == []
    assert between
