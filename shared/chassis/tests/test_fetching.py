"""Whatever a record is made of, and whatever fails while reading: nothing is passed by."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.producer import message_accumulator, producer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy  # pyright: ignore[reportPrivateUsage]
from chassis.kafka import Cluster, ensure_topic
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.stream.fetching import gathered
from numbered import TOPIC, Effect, consuming, known, outcomes, send, until


class Odd(str):
    """A header name as other clients may send it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe" + super().encode(encoding, errors)


async def test_a_header_name_that_is_no_text_stops_nothing(
    database: Database, cluster: Cluster, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_topic(cluster, TOPIC)
    for module in (message_accumulator, producer):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
    headers, body = known("odd", "odd", 1)
    sent = [known("before", "s", 1), ([*headers, (Odd("name"), b"value")], body), known("after", "s", 2)]
    await send(cluster, sent)
    await send(cluster, [known(f"else{n}", "else", n) for n in range(5)], partition=1)
    effect = Effect(database)
    async with consuming(database, cluster, metrics, effect):
        await until(lambda: sum(outcomes(metrics).values()) == 8)
    assert outcomes(metrics) == {"applied": 8}
    assert effect.order == {"s": [1, 2], "odd": [1], "else": [0, 1, 2, 3, 4]}


async def test_what_was_drained_before_a_fetch_failed_is_read_again(
    database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    effect = Effect(database)
    async with consuming(database, cluster, metrics, effect) as consumer:
        await send(cluster, [known("first", "s", 0)])
        await until(lambda: outcomes(metrics)["applied"] == 1)
        client: Any = consumer._subscriber.consumer  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        getmany, failures = client.getmany, 2

        async def drained_and_lost(**options: Any) -> Any:
            nonlocal failures
            drained = await getmany(**options)
            if drained and failures:
                failures -= 1
                raise CorruptRecordException("of another partition")
            return drained

        client.getmany = drained_and_lost
        await send(cluster, [known(f"e{n}", "s", n) for n in range(1, 6)])
        await send(cluster, [known(f"t{n}", "t", n) for n in range(5)], partition=3)
        await until(lambda: outcomes(metrics)["applied"] == 11)
    assert effect.order == {"s": [0, 1, 2, 3, 4, 5], "t": [0, 1, 2, 3, 4]}


async def test_records_gather_after_a_batch_but_nobody_waits_who_is_behind_or_had_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes, slept = [3, 2, 0, 1, 1], list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async def fetch(_: Any) -> list[int]:
        return [0] * sizes.pop(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    fetch_gathered = gathered(fetch, seconds=0.5, full=3)
    for _ in range(5):
        await fetch_gathered(None)
    assert slept == [0.0, 0.0, 0.5, 0.0, 0.5]
