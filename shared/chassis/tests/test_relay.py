"""What the journal owes reaches Kafka, in order, at least once, by one holder of the lease."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from chassis.commands import Commands
from chassis.journal import journal_of
from chassis.kafka import Cluster, ensure_topic
from chassis.lease import Lease
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.stream.relay import Relay
from counting import instruction

ALL = Scope.everything()
TOPIC = "test"


@asynccontextmanager
async def running(relay: Relay) -> AsyncGenerator[None]:
    """A relay at work."""
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def nothing_pending(database: Database) -> None:
    async with asyncio.timeout(30):
        while await journal_of(database).count(ALL, {"pending": True}):  # noqa: ASYNC110 - the truth is in the database
            await asyncio.sleep(0.02)


async def published(cluster: Cluster) -> list[dict[str, str]]:
    """Every record's headers, in the order of each partition."""
    consumer: Any = AIOKafkaConsumer(
        cluster.topic(TOPIC),
        bootstrap_servers=cluster.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        records: list[dict[str, str]] = []
        for partition, end in ends.items():
            while await consumer.position(partition) < end:
                for found in (await consumer.getmany(partition, timeout_ms=500)).values():
                    records += [{name: value.decode() for name, value in one.headers} for one in found]
        return records
    finally:
        await consumer.stop()


def versions(records: list[dict[str, str]], subject: str) -> list[int]:
    return [int(one["ce_aggregateversion"]) for one in records if one["ce_subject"] == subject]


async def test_every_event_is_published_once_and_in_order_when_nothing_fails(
    commands: Commands, database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    for number in range(60):
        await commands.carry_out(ALL, instruction(f"c{number % 3}", f"k{number}"))
    async with running(Relay(database, cluster, TOPIC, metrics)):
        await nothing_pending(database)
    records = await published(cluster)
    assert all(versions(records, f"count/c{n}") == list(range(1, 21)) for n in range(3))


async def test_a_backlog_of_many_chunks_is_published_once_and_in_order(
    commands: Commands, database: Database, cluster: Cluster, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.stream.relay.CHUNK_ENTRIES", 7)
    await ensure_topic(cluster, TOPIC)
    for number in range(63):
        await commands.carry_out(ALL, instruction(f"c{number % 3}", f"k{number}"))
    async with running(Relay(database, cluster, TOPIC, metrics)):
        await nothing_pending(database)
    records = await published(cluster)
    assert all(versions(records, f"count/c{n}") == list(range(1, 22)) for n in range(3))


async def test_a_relay_apart_from_the_commands_is_woken_by_the_journal(
    commands: Commands, database: Database, cluster: Cluster, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.stream.relay.POLL_SECONDS", 3_600)
    await ensure_topic(cluster, TOPIC)
    await commands.carry_out(ALL, instruction("a", "k0"))
    async with running(Relay(database, cluster, TOPIC, metrics, listens=True)):
        await nothing_pending(database)
        # The stream opens while the relay rests for the first time, which nothing tells to those outside.
        await asyncio.sleep(1)
        await commands.carry_out(ALL, instruction("a", "k1"))
        await nothing_pending(database)


async def test_a_relay_that_is_killed_again_and_again_loses_nothing_and_keeps_the_order(
    commands: Commands, database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    await ensure_topic(cluster, TOPIC)
    done = asyncio.Event()

    async def write() -> None:
        for number in range(300):
            await commands.carry_out(ALL, instruction(f"c{number % 5}", f"k{number}"))
        done.set()

    writing = asyncio.create_task(write())
    while not done.is_set():
        async with running(Relay(database, cluster, TOPIC, metrics)):
            await asyncio.sleep(0.05)
        # A killed process would leave the lease; here it is given back, so that the next need not wait 15 s.
    await writing
    async with running(Relay(database, cluster, TOPIC, metrics)):
        await nothing_pending(database)
    records = await published(cluster)
    for number in range(5):
        first_seen = list(dict.fromkeys(versions(records, f"count/c{number}")))
        assert first_seen == list(range(1, 61))


async def test_a_second_relay_stands_by_until_the_lease_is_given_back(database: Database) -> None:
    first, second = Lease(database, "relay", "one"), Lease(database, "relay", "two")
    assert await first.hold()
    assert not await second.hold()
    await first.release()
    assert await second.hold()
    assert (first.epoch, second.epoch) == (1, 2)
    assert not await first.hold()


async def test_a_holder_that_was_paused_past_its_lease_finds_it_gone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.lease.LEASE_SECONDS", 0.05)
    monkeypatch.setattr("chassis.lease.HOLD_SECONDS", 0.03)
    monkeypatch.setattr("chassis.lease.RENEW_SECONDS", 0.01)
    paused, rival = Lease(database, "relay", "one"), Lease(database, "relay", "two")
    assert await paused.hold()
    await asyncio.sleep(0.1)
    assert not paused.is_held
    assert await rival.hold()
    assert rival.epoch == paused.epoch + 1
    assert not await paused.hold()


async def test_a_replica_that_comes_back_after_a_crash_has_its_lease_at_once_and_its_former_life_has_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.lease.RENEW_SECONDS", 0)
    before, after, rival = (Lease(database, "relay", name) for name in ("sites-0", "sites-0", "sites-1"))
    assert await before.hold()
    assert not await rival.hold()
    assert await after.hold()
    assert after.epoch == before.epoch + 1
    assert not await before.hold()
    assert await after.hold()


async def test_commands_succeed_while_kafka_is_away(
    commands: Commands, database: Database, cluster: Cluster, metrics: Metrics
) -> None:
    away = Cluster("127.0.0.1:1", cluster.topic_prefix, 1)
    async with running(Relay(database, away, TOPIC, metrics)):
        await commands.carry_out(ALL, instruction("a", "k1"))
        await asyncio.sleep(1.5)
    assert await journal_of(database).count(ALL, {"pending": True}) == 1
    await ensure_topic(cluster, TOPIC)
    async with running(Relay(database, cluster, TOPIC, metrics)):
        await nothing_pending(database)
    assert versions(await published(cluster), "count/a") == [1]
