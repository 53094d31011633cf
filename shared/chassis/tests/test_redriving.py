"""Parked records come back in their order, once, whatever happens on the way; who wanted it, and why, is kept."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from chassis import clock
from chassis.health import Unhealthy
from chassis.http.paging import PageRequest
from chassis.journal import Actor
from chassis.kafka import Cluster, ensure_topic
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.problems import Problem
from chassis.stream.parked import ParkingDesk
from chassis.stream.parking import APPLYING, APPLYING_MAX, BEHIND, PARKED, PARKING_LOG
from numbered import (
    ALL,
    TOPIC,
    Effect,
    consuming,
    known,
    order,
    outcomes,
    parked,
    redriven,
    send,
    until,
    until_true,
)

RACES = 40


async def log(database: Database, **condition: Any) -> list[dict[str, Any]]:
    return await database.collection(PARKING_LOG).find(ALL, condition, sort=[("place.offset", 1)])


@pytest.fixture
async def effect(database: Database, cluster: Cluster) -> Effect:
    """Eight events each of a sick and of a sound aggregate are on the topic; the third of the sick one breaks."""
    await ensure_topic(cluster, TOPIC)
    await send(cluster, [known(f"{subject}{n}", subject, n) for n in range(8) for subject in ("bad", "good")])
    return Effect(database, sick={"bad2"})


async def test_a_redrive_applies_the_aggregate_in_order_and_lets_later_events_pass_again(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
        effect.sick.clear()
        await send(cluster, [known("bad8", "bad", 8)])
        await until(lambda: sum(outcomes(metrics).values()) == 17)
        assert await redriven(database, "subject", "bad") == {"records": 7, "aggregates": 1}
        await send(cluster, [known("bad9", "bad", 9)])
        await until(lambda: outcomes(metrics)["applied"] == 11)
    assert await parked(database) == []
    assert effect.order["bad"] == list(range(10))
    assert [one["event_id"] for one in await log(database, action="redriven")] == [f"bad{n}" for n in range(2, 9)]
    [act] = await log(database, action="redrive")
    assert (act["actor"]["id"], act["reason"], act["value"]) == ("anna", "the cause is mended", "bad")


async def test_a_redrive_stops_where_an_event_fails_again_and_says_why(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
        await redriven(database, "subject", "bad")
        [first, *_] = await parked(database)
        assert (first["event_id"], first["attempts"]) == ("bad2", 2)
        effect.sick = {"bad5"}
        await redriven(database, "subject", "bad", request="request-2")
    waiting = await parked(database)
    assert [(one["event_id"], one["attempts"]) for one in waiting] == [("bad5", 1), ("bad6", 0), ("bad7", 0)]
    assert [one["reason"] for one in waiting] == ["ArithmeticError: negative numbers are poison", BEHIND, BEHIND]
    assert effect.order["bad"] == [0, 1, 2, 3, 4]


async def test_a_second_redrive_changes_nothing(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
        effect.sick.clear()
        first = await redriven(database, "subject", "bad")
        calls = dict(effect.calls)
        assert await redriven(database, "subject", "bad") == first
        assert await redriven(database, "subject", "bad", request="request-2") == {"records": 0, "aggregates": 0}
    assert effect.calls == calls
    assert len(await log(database, action="redriven")) == 6


async def test_failures_that_are_alike_are_redriven_at_once(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    effect = Effect(database, sick={f"s{n}-0" for n in range(20)})
    await send(cluster, [known(f"s{n}-{turn}", f"s{n}", turn) for turn in range(3) for n in range(30)])
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 90)
        effect.sick.clear()
        answer = await redriven(database, "fingerprint", "known ArithmeticError")
    assert answer == {"records": 60, "aggregates": 20}
    assert await parked(database) == []
    assert effect.order == {f"s{n}": [0, 1, 2] for n in range(30)}


async def test_a_malformed_record_is_redriven_once_its_reader_understands_it(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    headers, _ = known("e1", "s", 1)
    await send(cluster, [known("e0", "s", 0), (headers, b"{"), known("e2", "s", 2)])
    async with consuming(database, cluster, metrics, Effect(database)):
        await until(lambda: sum(outcomes(metrics).values()) == 3)
        await redriven(database, "subject", "s")
    waiting = await parked(database)
    assert [one["event_id"] for one in waiting] == ["e1", "e2"]
    assert waiting[0]["fingerprint"] == "known ValidationError"


async def test_outages_and_restarts_during_a_redrive_end_in_the_state_of_a_clean_run(
    database: Database, cluster: Cluster, effect: Effect
) -> None:
    async def stumbling(batch: Sequence[dict[str, Any]]) -> None:
        await effect(batch)
        if not effect.sick and effect.calls.total() % 3:
            message = "gone after the effect"
            raise ConnectionError(message)

    desk = ParkingDesk(database)
    for life in range(4):
        metrics = Metrics()
        async with consuming(database, cluster, metrics, stumbling) as consumer:
            if life == 0:
                await until(lambda: sum(consumer.progress.tally.values()) == 16)
                effect.sick.clear()
                await desk.redrive(order("subject", "bad"))
            await until_true(partial(_moved_or_empty, database, effect, effect.calls.total()))
    async with consuming(database, cluster, Metrics(), effect):
        await until_true(lambda: _is_empty(database))
    assert effect.order == {"bad": list(range(8)), "good": list(range(8))}
    assert await database.collection("seen").count(ALL, {}) == 16
    assert len(await log(database, action="redriven")) == 6


async def _is_empty(database: Database) -> bool:
    return not await parked(database)


async def _moved_or_empty(database: Database, effect: Effect, before: int) -> bool:
    return effect.calls.total() > before or await _is_empty(database)


async def test_a_discarded_record_is_kept_whole_in_the_log_and_those_behind_it_wait_for_a_redrive(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    desk = ParkingDesk(database)
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
        assert await desk.discard(order("subject", "bad")) == {"records": 1, "left": 0, "busy": 0}
        [discarded] = await log(database, action="discarded")
        assert discarded["document"]["body"] == b'{"n": 2}'
        assert [one["event_id"] for one in await parked(database)] == [f"bad{n}" for n in range(3, 8)]
        await redriven(database, "subject", "bad", request="request-2")
    assert await parked(database) == []
    assert effect.order["bad"] == [0, 1, 3, 4, 5, 6, 7]


async def test_a_record_that_is_being_applied_cannot_be_discarded(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    applying, go_on = asyncio.Event(), asyncio.Event()

    async def slow(batch: Sequence[dict[str, Any]]) -> None:
        await effect(batch)
        if not effect.sick:
            applying.set()
            await go_on.wait()

    desk = ParkingDesk(database)
    async with consuming(database, cluster, metrics, slow):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
        effect.sick.clear()
        await desk.redrive(order("subject", "bad"))
        await applying.wait()
        refused = await desk.discard(order("subject", "bad", request="request-2"))
        go_on.set()
        await until_true(lambda: _is_empty(database))
    assert refused == {"records": 0, "left": 0, "busy": 1}
    assert len(await log(database, action="redriven")) == 6
    assert await log(database, action="discarded") == []


async def test_a_dead_readers_mark_keeps_nobody_from_discarding(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
    long_ago = clock.now() - APPLYING_MAX
    await database.collection(PARKED).update({"event_id": "bad2"}, {"$set": {APPLYING: long_ago}})
    answer = await ParkingDesk(database).discard(order("subject", "bad"))
    assert answer == {"records": 1, "left": 0, "busy": 0}


async def test_of_a_discard_and_a_redrive_at_the_same_time_one_wins_and_the_log_says_which(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    effect = Effect(database, sick={f"s{n}-0" for n in range(RACES)})
    await send(cluster, [known(f"s{n}-0", f"s{n}", 0) for n in range(RACES)])

    async def slow(batch: Sequence[dict[str, Any]]) -> None:
        await effect(batch)
        await asyncio.sleep(0.05)

    desk, chance = ParkingDesk(database), random.Random(7)  # noqa: S311 - repeatable on purpose
    async with consuming(database, cluster, metrics, slow):
        await until(lambda: outcomes(metrics)["parked"] == RACES)
        effect.sick.clear()

        async def discard(number: int) -> dict[str, Any]:
            await asyncio.sleep(chance.uniform(0, 2))
            return await desk.discard(order("subject", f"s{number}", request=f"discard-{number}"))

        async def redrive(number: int) -> None:
            await asyncio.sleep(chance.uniform(0, 1.5))
            await desk.redrive(order("subject", f"s{number}", request=f"redrive-{number}"))

        answers, _ = await asyncio.gather(
            asyncio.gather(*(discard(n) for n in range(RACES))), asyncio.gather(*(redrive(n) for n in range(RACES)))
        )
        await until_true(lambda: _is_empty(database))
    discarded = {one["subject"] for one in await log(database, action="discarded")}
    again = {one["subject"] for one in await log(database, action="redriven")}
    assert discarded == {f"s{n}" for n, answer in enumerate(answers) if answer["records"]}
    assert again == set(effect.order)
    assert discarded | again == {f"s{n}" for n in range(RACES)}
    assert not discarded & again
    assert discarded
    assert again


async def test_the_same_key_for_another_act_is_refused(database: Database) -> None:
    desk = ParkingDesk(database)
    await desk.discard(order("subject", "a"))
    with pytest.raises(Problem) as refused:
        await desk.discard(order("subject", "b"))
    assert refused.value.code == "idempotency_key_reused"


async def test_too_many_parked_stop_the_consumer_with_an_alarm_and_a_discard_lets_it_go_on(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    effect = Effect(database, sick={f"e{n}" for n in range(12)})
    await send(cluster, [known(f"e{n}", f"s{n}", n) for n in range(12)])
    async with consuming(database, cluster, metrics, effect, parked_max=10) as consumer:
        await until(lambda: outcomes(metrics)["parked"] == 12)
        await until_true(lambda: _is_alarmed(consumer))
        await send(cluster, [known("good", "good", 1)])
        assert metrics.registry.get_sample_value("studyline_parked", {"consumer": "reader"}) == 12
        assert "good" not in effect.order
        await ParkingDesk(database).discard(order("fingerprint", "known ArithmeticError"))
        await until(lambda: "good" in effect.order)
        await until_true(lambda: _is_ready(consumer))


async def _is_ready(consumer: Any) -> bool:
    try:
        await consumer.progress.ready()
    except Unhealthy:
        return False
    return True


async def _is_alarmed(consumer: Any) -> bool:
    try:
        await consumer.progress.ready()
    except Unhealthy as unhealthy:
        return "12 records are parked, at most 10 may be" in str(unhealthy)
    return False


async def test_the_list_pages_through_each_aggregate_in_order_without_bodies(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    desk = ParkingDesk(database)
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
    first = await desk.page({}, PageRequest(4, None))
    rest = await desk.page({}, PageRequest(4, first.next))
    shown = [*first.items, *rest.items]
    assert [one["event_id"] for one in shown] == [f"bad{n}" for n in range(2, 8)]
    assert rest.next is None
    assert not any("body" in one or "headers" in one for one in shown)
    assert "body" not in await desk.one(shown[0]["id"])


async def test_a_body_is_shown_only_after_the_log_says_who_looked_and_why(
    database: Database, cluster: Cluster, metrics: Metrics, effect: Effect
) -> None:
    desk = ParkingDesk(database)
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
    first = (await desk.page({}, PageRequest(1, None))).items[0]["id"]
    shown = await desk.opened(first, Actor("anna", ("operations",)), "the contract is in doubt")
    assert shown["body"] == '{"n": 2}'
    [entry] = await database.collection(PARKING_LOG).find(ALL, {"action": "body_shown"})
    assert (entry["record"], entry["actor"]["id"], entry["reason"]) == (first, "anna", "the contract is in doubt")
