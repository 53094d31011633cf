"""One generation serves at a time, another may take over, and neither a dead switcher nor a late reader does harm."""

import asyncio
from datetime import timedelta

import pytest
from chassis import clock
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.service import Service
from reporting.consumers import feed, on_events
from reporting.generations import COLLECTION, Generations, State, Switch, name_in, switching
from reporting.generations.building import begin, sweep
from reporting.generations.canonical import canonical_hashes
from reporting.generations.switching import NotSwitchedError, Switcher, wait_while_held
from reporting.handlers import fold, recount_everything
from reporting.store import NAMES
from telling import whole_story

ALL = Scope.everything()
ACME, GLOBEX = whole_story("Acme", "A-1"), whole_story("Globex", "G-1")
HELD = Switch(token="of-a-switcher-that-is-gone", held=1)


@pytest.fixture
def generations(database: Database) -> Generations:
    """The generations, of which the first serves."""
    return Generations(database)


async def serve(generations: Generations, number: int, **more: object) -> None:
    await generations.change({}, {"number": 2, "kept": [1, 2], "present": number, **more})


async def test_a_generation_that_was_filled_and_counted_at_its_end_is_equal_to_one_that_was_fed(
    generations: Generations,
) -> None:
    for story in (ACME, GLOBEX):
        for one in story.told:
            await on_events(generations.at(1), [one])
    await fold(generations.at(2), [*GLOBEX.told, *ACME.told])
    await recount_everything(generations.at(2))
    assert await canonical_hashes(generations.at(1), NAMES) == await canonical_hashes(generations.at(2), NAMES)


async def test_a_change_of_one_row_changes_the_hash_of_its_collection_and_of_no_other(generations: Generations) -> None:
    await on_events(generations.at(1), ACME.told)
    before = await canonical_hashes(generations.at(1), NAMES)
    await generations.at(1).collection("sites").update({"name": "Charité"}, {"$set": {"status": "closed"}})
    after = await canonical_hashes(generations.at(1), NAMES)
    assert [name for name in NAMES if before[name] != after[name]] == ["sites"]


async def test_a_reader_asks_each_time_while_a_switch_is_announced_and_else_remembers(generations: Generations) -> None:
    other = Generations(generations.database)
    await serve(generations, 1, switch=HELD.model_dump())
    assert (await other.current()).present == 1
    await serve(generations, 2, switch=None)
    assert (await other.current()).present == 2
    await serve(generations, 1)
    assert (await other.current()).present == 2


async def test_a_feeder_ends_the_hold_of_a_switcher_that_is_gone_and_no_other_generation_is_held(
    generations: Generations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "HOLD_SECONDS", 0.05)
    await serve(generations, 1, switch=HELD.model_dump())
    await wait_while_held(generations, 2)
    assert (await generations.read()).switch == HELD
    await wait_while_held(generations, 1)
    assert (await generations.read()).switch is None
    late = await generations.change({"switch": HELD.model_dump()}, {"present": 2})
    assert late is None


async def test_the_generation_that_served_takes_nothing_in_until_its_readers_have_changed_over(
    generations: Generations, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switching, "LINGER_SECONDS", 0.5)
    await serve(generations, 1)
    switching_over = asyncio.create_task(Switcher(generations, service.parts.cluster, (), print).switch())
    while (await generations.read()).present == 1:  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(0.01)
    waiting = asyncio.create_task(wait_while_held(generations, 1))
    await wait_while_held(generations, 2)
    await asyncio.sleep(0.1)
    assert not waiting.done()
    await switching_over
    await waiting
    assert (await generations.read()).switch is None


async def test_a_generation_that_does_not_serve_stores_entries_when_the_serving_one_did(
    generations: Generations,
) -> None:
    await serve(generations, 1)
    await feed(generations, 1, ACME.told)
    await asyncio.sleep(0.01)
    await feed(generations, 2, ACME.told)
    marks = [await generations.at(one).collection("timeline").find(ALL, {}, sort=[("_id", 1)]) for one in (1, 2)]
    assert [one["stored_at"] for one in marks[0]] == [one["stored_at"] for one in marks[1]]


async def test_an_entry_that_the_serving_generation_stored_later_is_marked_so_before_the_switch(
    generations: Generations, service: Service
) -> None:
    await serve(generations, 1)
    await feed(generations, 2, ACME.told)
    began = clock.now() - timedelta(seconds=1)
    await asyncio.sleep(0.01)
    await feed(generations, 1, ACME.told)
    switcher = Switcher(generations, service.parts.cluster, (), print)
    await switcher.settle(await generations.read(), 2, began)
    marks = [await generations.at(one).collection("timeline").find(ALL, {}, sort=[("_id", 1)]) for one in (1, 2)]
    assert [one["stored_at"] for one in marks[0]] == [one["stored_at"] for one in marks[1]]


async def test_what_is_parked_in_the_new_generation_only_keeps_it_from_serving(
    generations: Generations, database: Database, service: Service
) -> None:
    await serve(generations, 1)
    place = {"topic": "t", "partition": 0, "offset": 7}
    await database.collection("parked").insert_new([{"_id": "new", "consumer": "reporting.g2", "place": place}])
    switcher = Switcher(generations, service.parts.cluster, (), print)
    with pytest.raises(NotSwitchedError, match="1 records are parked in generation 2"):
        await switcher.switch()


async def test_a_rebuild_goes_on_with_the_generation_that_was_begun_and_begins_none_beside_a_kept_one(
    generations: Generations,
) -> None:
    begun = await begin(generations)
    assert (begun.building, begun.present, begun.kept) == (2, 1, (1,))
    assert (await begin(generations)).building == 2
    await serve(generations, 2, building=None)
    with pytest.raises(NotSwitchedError, match="Generation 1 is still kept"):
        await begin(generations)


async def test_only_generations_that_there_are_no_more_are_swept(generations: Generations, database: Database) -> None:
    for number in (1, 2, 3):
        await on_events(generations.at(number), ACME.told)
    await database.collection("parked").insert_new([{"_id": "kept"}])
    await generations.change({}, {"number": 3})
    await sweep(generations, State(number=3, present=2, kept=(2,), building=3))
    kept = {name_in(number, name) for number in (2, 3) for name in NAMES}
    assert await database.collection_names() == {*kept, COLLECTION, "parked"}
