"""Nothing is skipped silently: applied, unknown, or parked with its aggregate's later events behind it."""

from collections.abc import Sequence
from typing import Any

from chassis.health import Unhealthy
from chassis.kafka import Cluster, ensure_topic
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.stream.parking import BEHIND, PARKED
from kernel import Reason, Refused
from numbered import ALL, TOPIC, Effect, Message, consuming, known, outcomes, rewind, send, until


async def test_everything_is_applied_and_a_restart_goes_on_where_it_was(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    await send(cluster, [known(f"e{n}", f"s{n % 7}", n) for n in range(50)])
    async with consuming(database, cluster, metrics, Effect(database)) as consumer:
        await until(lambda: outcomes(metrics)["applied"] == 50)
        assert "0 records behind" in await consumer.progress.ready()
    await send(cluster, [known("late", "s1", 99)])
    again = Metrics()
    async with consuming(database, cluster, again, Effect(database)):
        await until(lambda: outcomes(again)["applied"] == 1)
    assert await database.collection("seen").count(ALL, {}) == 51


async def test_poison_parks_its_aggregate_only_and_later_events_wait_behind_it(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    effect = Effect(database, sick={"bad3"})
    await send(cluster, [known(f"{subject}{n}", subject, n) for n in range(8) for subject in ("bad", "good")])
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
    await send(cluster, [known("bad-later", "bad", 9), known("good-later", "good", 9)])
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 18)
    parked = await database.collection(PARKED).find(ALL, {}, sort=[("place.offset", 1)])
    assert [one["event_id"] for one in parked] == ["bad3", "bad4", "bad5", "bad6", "bad7", "bad-later"]
    assert [one["reason"] for one in parked] == ["ArithmeticError: negative numbers are poison"] + [BEHIND] * 5
    seen = {one["_id"] for one in await database.collection("seen").find(ALL, {})}
    assert seen == {f"good{n}" for n in range(8)} | {"bad0", "bad1", "bad2", "good-later"}


async def test_hostile_records_are_parked_or_passed_by_and_every_one_is_counted(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    plain = [("ce_type", b"known"), ("ce_id", b"x"), ("ce_subject", b"hostile")]
    hostile: list[Message] = [
        ([], b"no headers at all"),
        ([("ce_type", b"newer than us")], b"{}"),
        ([*plain[:2], ("ce_subject", b"h1")], b"{"),
        ([*plain[:2], ("ce_subject", b"h2")], b""),
        ([*plain[:2], ("ce_subject", b"h3")], None),
        ([*plain[:2], ("ce_subject", b"h4")], b"[" * 100_000),
        ([*plain[:2], ("ce_subject", b"h5")], b"null"),
        ([*plain[:2], ("ce_subject", b"\xff\xfe")], b'{"n": 1}'),
        ([("ce_type", b"\xff")], b'{"n": 1}'),
        ([("ce_type", None)], b'{"n": 1}'),
        ([*plain, ("reply_to", b"test")], b"{"),
    ]
    await send(cluster, [*hostile, known("fine", "fine", 1)])
    async with consuming(database, cluster, metrics, Effect(database)):
        await until(lambda: sum(outcomes(metrics).values()) == len(hostile) + 1)
    assert outcomes(metrics) == {"applied": 1, "skipped_unknown": 2, "parked": 9}
    assert {one["_id"] for one in await database.collection("seen").find(ALL, {})} == {"fine"}


async def test_an_outage_is_waited_out_and_nothing_is_lost(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    store, away = Effect(database), [ConnectionError("away"), ConnectionError("away")]

    async def apply(batch: Sequence[dict[str, Any]]) -> None:
        if away:
            raise away.pop()
        await store(batch)

    await send(cluster, [known(f"e{n}", "s", n) for n in range(5)])
    async with consuming(database, cluster, metrics, apply) as consumer:
        await until(lambda: len(away) < 2)
        try:
            told = await consumer.progress.ready()
        except Unhealthy as unhealthy:
            told = str(unhealthy)
        assert "outage" in told
        await until(lambda: outcomes(metrics)["applied"] == 5)
    assert await database.collection(PARKED).count(ALL, {}) == 0


async def test_what_fails_for_a_moment_is_tried_again_and_not_parked(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    effect, failures = Effect(database), 0

    async def apply(batch: Sequence[dict[str, Any]]) -> None:
        nonlocal failures
        if failures < 3 and any(event["subject"] == "moody" for event in batch):
            failures += 1
            message = "not now"
            raise RuntimeError(message)
        await effect(batch)

    await send(cluster, [known(f"{subject}{n}", subject, n) for n in range(4) for subject in ("moody", "calm")])
    async with consuming(database, cluster, metrics, apply):
        await until(lambda: sum(outcomes(metrics).values()) == 8)
    assert outcomes(metrics) == {"applied": 8}
    assert effect.order == {"moody": [0, 1, 2, 3], "calm": [0, 1, 2, 3]}


async def test_what_a_rule_refuses_is_parked_without_another_try(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    tries = 0

    async def apply(batch: Sequence[dict[str, Any]]) -> None:
        nonlocal tries
        tries += len(batch)
        raise Refused(Reason(code="never", detail="Never."))

    await send(cluster, [known("e", "s", 1)])
    async with consuming(database, cluster, metrics, apply):
        await until(lambda: outcomes(metrics)["parked"] == 1)
    [one] = await database.collection(PARKED).find(ALL, {})
    assert (one["reason"], one["fingerprint"], tries) == ("Refused: Never.", "known Refused", 1)


async def test_a_record_that_is_delivered_again_after_it_was_parked_is_a_duplicate(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    await send(cluster, [known("e", "s", 1), known("f", "t", 2)])
    async with consuming(database, cluster, Metrics(), Effect(database, sick={"e"})) as first:
        await until(lambda: sum(first.progress.tally.values()) == 2)
    await rewind(cluster)
    async with consuming(database, cluster, metrics, Effect(database, sick={"e"})):
        await until(lambda: sum(outcomes(metrics).values()) == 2)
    assert outcomes(metrics) == {"applied": 1, "duplicate": 1}


async def test_a_write_that_the_server_refuses_is_the_events_fault_and_no_outage(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    taken = database.collection("taken")
    await taken.insert([{"_id": "taken"}])
    effect = Effect(database)

    async def apply(batch: Sequence[dict[str, Any]]) -> None:
        await taken.insert([{"_id": "taken"} for event in batch if event["subject"] == "late"])
        await effect(batch)

    await send(cluster, [known("e", "late", 1), known("f", "new", 2)])
    async with consuming(database, cluster, metrics, apply):
        await until(lambda: sum(outcomes(metrics).values()) == 2)
    assert outcomes(metrics) == {"parked": 1, "applied": 1}
