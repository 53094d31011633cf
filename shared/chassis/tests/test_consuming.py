"""Nothing is skipped silently: applied, unknown, or parked with its aggregate's later events behind it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from chassis.consuming import Consumer
from chassis.health import Unhealthy
from chassis.kafka import Cluster, ensure_topic, producer_of
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.parking import BEHIND, PARKED
from chassis.scope import Scope
from pydantic import TypeAdapter

ALL = Scope.everything()
TOPIC = "test"
NUMBERED = TypeAdapter(dict[str, int])
Message = tuple[list[tuple[str, bytes | None]], bytes | None]


def decode(headers: Mapping[str, str], body: bytes) -> dict[str, Any] | None:
    """Know one type; its body is a JSON object with a number."""
    if headers.get("ce_type") != "known":
        return None
    return {"_id": headers["ce_id"], "n": NUMBERED.validate_json(body)["n"]}


def known(event_id: str, subject: str, number: int) -> Message:
    headers = {"ce_type": "known", "ce_id": event_id, "ce_subject": subject}
    return [(name, value.encode()) for name, value in headers.items()], json.dumps({"n": number}).encode()


async def send(cluster: Cluster, messages: Sequence[Message]) -> None:
    """Put the messages on one partition."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for headers, body in messages:
            await producer.send_and_wait(cluster.topic(TOPIC), body, b"key", partition=0, headers=headers)
    finally:
        await producer.stop()


def outcomes(metrics: Metrics) -> Counter[str]:
    samples = next(iter(metrics.consumed_total.collect())).samples
    return Counter({one.labels["outcome"]: int(one.value) for one in samples if one.name.endswith("_total")})


@asynccontextmanager
async def consuming(
    database: Database, cluster: Cluster, metrics: Metrics, apply: Callable[..., Any]
) -> AsyncGenerator[Consumer[dict[str, Any]]]:
    consumer = Consumer("reader", [TOPIC], decode, apply, database, cluster, metrics)
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - the consumer has no event to wait for
            await asyncio.sleep(0.02)


def storing(database: Database) -> Callable[[Sequence[dict[str, Any]]], Any]:
    async def apply(batch: Sequence[dict[str, Any]]) -> None:
        if any(event["n"] < 0 for event in batch):
            message = "negative numbers are poison"
            raise ArithmeticError(message)
        await database.collection("seen").insert_new([dict(event) for event in batch])

    return apply


async def test_everything_is_applied_and_a_restart_goes_on_where_it_was(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    await send(cluster, [known(f"e{n}", f"s{n % 7}", n) for n in range(50)])
    async with consuming(database, cluster, metrics, storing(database)) as consumer:
        await until(lambda: outcomes(metrics)["applied"] == 50)
        assert "0 records behind" in await consumer.progress.ready()
    await send(cluster, [known("late", "s1", 99)])
    again = Metrics()
    async with consuming(database, cluster, again, storing(database)):
        await until(lambda: outcomes(again)["applied"] == 1)
    assert await database.collection("seen").count(ALL, {}) == 51


async def test_poison_parks_its_aggregate_only_and_later_events_wait_behind_it(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    stream = [
        known(f"{subject}{n}", subject, -1 if (subject, n) == ("bad", 3) else n)
        for n in range(8)
        for subject in ("bad", "good")
    ]
    await send(cluster, stream)
    async with consuming(database, cluster, metrics, storing(database)):
        await until(lambda: sum(outcomes(metrics).values()) == 16)
    await send(cluster, [known("bad-later", "bad", 9), known("good-later", "good", 9)])
    async with consuming(database, cluster, metrics, storing(database)):
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
    async with consuming(database, cluster, metrics, storing(database)):
        await until(lambda: sum(outcomes(metrics).values()) == len(hostile) + 1)
    assert outcomes(metrics) == {"applied": 1, "skipped_unknown": 2, "parked": 9}
    assert {one["_id"] for one in await database.collection("seen").find(ALL, {})} == {"fine"}


async def test_an_outage_is_waited_out_and_nothing_is_lost(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    store, away = storing(database), [ConnectionError("away"), ConnectionError("away")]

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
