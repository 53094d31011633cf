"""What a second reporting worker adds: the rate at which one, and two, worker processes apply what Kafka holds.

    make bench ARGS="--only workers"

The workers are processes of the service with instance names, so they share the partitions as in an installation. They
fold, count and commit as they do live; the clock runs from the first commit to the last record.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

from chassis import clock
from chassis.kafka import Cluster, ensure_topic, places_of
from contracts import TOPICS
from harness import Contender, Row
from portfolio_mix import portfolio_events, publish_all
from reporting.generations import group_of
from studyline.ports import free_ports
from studyline.testing import Servers
from studyline.testing.parts import environment_of_part

EVENTS: Final = 60_000
EVENTS_QUICK: Final = 10_000
LOOK_SECONDS: Final = 0.25


class ScalingBench:
    """Topics that are full, and workers that begin to read them."""

    def __init__(self, servers: Servers, events: int) -> None:
        self._servers, self._events = servers, events

    async def rate(self, workers: int) -> float:
        """Events a second that so many workers apply, from the first commit on."""
        cluster = Cluster(self._servers.kafka, f"scaling_{clock.new_id()[-8:]}.", 1)
        for topic in TOPICS.values():
            await ensure_topic(cluster, topic)
        await publish_all(cluster, portfolio_events(self._events))
        async with AsyncExitStack() as stack:
            for number in range(workers):
                await stack.enter_async_context(self._worker(cluster, f"worker-{number}"))
            first = await self._left(cluster, less_than=self._events)
            began = time.perf_counter()
            await self._left(cluster, less_than=1)
            return first / (time.perf_counter() - began)

    async def _left(self, cluster: Cluster, *, less_than: int) -> int:
        """Wait until fewer records are left; how many are."""
        while True:
            places = await places_of(cluster, group_of(1), tuple(TOPICS.values()))
            if (left := sum(one.behind for one in places)) < less_than:
                return left
            await asyncio.sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def _worker(self, cluster: Cluster, instance: str) -> AsyncGenerator[None]:
        database = f"bench_{cluster.topic_prefix.rstrip('.')}"
        own = {"topic_prefix": cluster.topic_prefix, "instance": instance, "log_level": "ERROR"}
        environment = environment_of_part(self._servers, database, next(free_ports()), **own)
        line = (sys.executable, "-m", "reporting", "worker")
        running = await asyncio.create_subprocess_exec(*line, env=environment)
        try:
            yield
        finally:
            running.terminate()
            await running.wait()


def scaling_row(servers: Servers, *, quick: bool) -> Row:
    """The comparison, ready to be run: two workers first, one beside them."""
    bench = ScalingBench(servers, EVENTS_QUICK if quick else EVENTS)
    ways = [
        Contender("two workers", partial(bench.rate, 2)),
        Contender("one worker", partial(bench.rate, 1)),
    ]
    return Row("reporting's workers, live", "events/s", f"what the second adds on {os.cpu_count()} cores", ways)
