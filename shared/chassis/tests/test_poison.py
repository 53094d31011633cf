"""Poison stops its own aggregates, each in its order, and nobody else; how long the others wait is told (G7).

`STUDYLINE_POISON=500 pytest -s shared/chassis/tests/test_poison.py` runs the size of a release.
"""

import asyncio
import math
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from chassis import clock
from chassis.kafka import PARTITIONS, Cluster, ensure_topic, producer_of
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.stream.parked import ParkingDesk
from numbered import ALL, TOPIC, Effect, consuming, known, order, outcomes, parked, until, until_true

POISONED: Final = int(os.environ.get("STUDYLINE_POISON", "30"))
AGGREGATES: Final = 10 * POISONED
EVENTS_EACH: Final = 4
BATCH: Final = 10
PAUSE_SECONDS: Final = 0.01


@dataclass
class Timed:
    """The effect, and how long each event took from Kafka's producer to being applied, in seconds."""

    effect: Effect
    sent: dict[str, float] = field(default_factory=dict[str, float])
    waited: dict[str, float] = field(default_factory=dict[str, float])

    async def __call__(self, batch: Sequence[dict[str, Any]]) -> None:
        await self.effect(batch)
        for event in batch:
            self.waited.setdefault(event["_id"], clock.monotonic() - self.sent[event["_id"]])

    async def send(self, cluster: Cluster, name: str) -> None:
        """Every aggregate's events in turn, a thousand a second at most."""
        producer = producer_of(cluster)
        await producer.start()
        try:
            for turn in range(EVENTS_EACH):
                for first in range(0, AGGREGATES, BATCH):
                    for number in range(first, first + BATCH):
                        headers, body = known(f"{name}{number}-{turn}", f"{name}{number}", turn)
                        self.sent[f"{name}{number}-{turn}"] = clock.monotonic()
                        partition = number % PARTITIONS
                        topic = cluster.topic(TOPIC)
                        await producer.send(topic, body, b"key", partition=partition, headers=headers)
                    await asyncio.sleep(PAUSE_SECONDS)
            await producer.flush()
        finally:
            await producer.stop()

    def p99(self, names: set[str]) -> float:
        """Of the events of these aggregates."""
        found = sorted(took for key, took in self.waited.items() if key.partition("-")[0] in names)
        return found[math.ceil(0.99 * len(found)) - 1]


async def test_only_poisoned_aggregates_wait_and_a_redrive_ends_in_the_state_of_a_clean_run(
    database: Database, cluster: Cluster, metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    await ensure_topic(cluster, TOPIC)
    everybody = [f"p{n}" for n in range(AGGREGATES)]
    sick = {f"p{n}" for n in range(0, AGGREGATES, AGGREGATES // POISONED)}
    timed = Timed(Effect(database, sick={f"{one}-1" for one in sick}))
    total = AGGREGATES * EVENTS_EACH
    async with consuming(database, cluster, metrics, timed, parked_max=4 * POISONED):
        await timed.send(cluster, "c")
        await until(lambda: outcomes(metrics)["applied"] == total)
        clean = timed.p99({f"c{n}" for n in range(AGGREGATES)})
        await timed.send(cluster, "p")
        await until(lambda: sum(outcomes(metrics).values()) == 2 * total)
        waiting = [(one["subject"], one["event_id"]) for one in await parked(database)]
        assert sorted(waiting) == sorted((one, f"{one}-{turn}") for one in sick for turn in range(1, EVENTS_EACH))
        beside = timed.p99(set(everybody) - sick)
        timed.effect.sick.clear()
        began, desk = clock.monotonic(), ParkingDesk(database)
        asked = await desk.redrive(order("fingerprint", "known ArithmeticError"))
        assert asked == {"records": len(waiting), "aggregates": POISONED}
        await until_true(lambda: _is_empty(database))
        took = clock.monotonic() - began
        assert await desk.redrive(order("fingerprint", "behind", request="again")) == {"records": 0, "aggregates": 0}
    assert all(timed.effect.order[one] == list(range(EVENTS_EACH)) for one in everybody)
    assert await database.collection("seen").count(ALL, {}) == 2 * total
    with capsys.disabled():
        sys.stdout.write(
            f"\n{POISONED} poisoned of {AGGREGATES} aggregates: p99 of the others {beside * 1000:.0f} ms, "
            f"without poison {clean * 1000:.0f} ms; {len(waiting)} records redriven in {took:.1f} s\n"
        )


async def _is_empty(database: Database) -> bool:
    return not await parked(database)
