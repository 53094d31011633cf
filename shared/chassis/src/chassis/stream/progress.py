"""Progress of a consumer: whether it has partitions, and whether it moves while there is something to read.

A ping stays green while a consumer is stuck (aiokafka#1154), so health measures movement.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import TopicPartition

from chassis import clock
from chassis.health import Unhealthy
from chassis.metrics import Metrics

STALLED_SECONDS: Final = 120.0


class Progress:
    """What is known of one consumer's movement."""

    def __init__(self) -> None:
        """Nothing is assigned yet."""
        self._consumer: Any = None
        self._name = ""
        self._metrics: Metrics | None = None
        self._positions: dict[TopicPartition, int] = {}
        self._moved_at = clock.monotonic()
        self._blocked_by: str | None = None
        self._alarm: str | None = None
        self.tally = Counter[tuple[TopicPartition, str]]()
        """Records of each partition by what became of them, since the start."""

    def watch(self, name: str, consumer: Any, metrics: Metrics) -> None:
        """Look at this aiokafka consumer from now on."""
        self._name, self._consumer, self._metrics = name, consumer, metrics

    def moved(self, positions: Mapping[TopicPartition, int]) -> None:
        """A batch was applied and committed up to these offsets."""
        self._positions.update(positions)
        self._moved_at, self._blocked_by = clock.monotonic(), None

    def blocked(self, cause: str) -> None:
        """An outage keeps a batch from being applied."""
        self._blocked_by = cause

    def unblocked(self) -> None:
        """The outage is over."""
        self._blocked_by = None

    def told(self, outcomes: Mapping[tuple[TopicPartition, str], int]) -> None:
        """A batch was committed: how many records of each partition became what."""
        self.tally.update(outcomes)

    def alarmed(self, alarm: str | None) -> None:
        """The consumer stands still until people do what this sentence says; None when they have."""
        self._alarm = alarm

    async def ready(self) -> str:
        """Health: assigned, not waiting for an outage to end, nor for people. Raises Unhealthy."""
        if self._alarm is not None:
            raise Unhealthy(self._alarm)
        if self._blocked_by is not None:
            message = f"waits for an outage to end ({self._blocked_by})"
            raise Unhealthy(message)
        assigned = self._assigned()
        if not assigned:
            message = "has no partitions yet"
            raise Unhealthy(message)
        return f"{len(assigned)} partitions, {self._lag(assigned)} records behind"

    async def alive(self) -> str:
        """Vital health: behind and not moving for minutes is a case for a restart, unless its cause is known."""
        lag = self._lag(self._assigned())
        still = clock.monotonic() - self._moved_at
        if lag and still > STALLED_SECONDS and self._blocked_by is None and self._alarm is None:
            message = f"{lag} records behind and no movement for {still:.0f} s"
            raise Unhealthy(message)
        if not lag:
            self._moved_at = clock.monotonic()
        return f"{lag} records behind"

    def _assigned(self) -> list[TopicPartition]:
        return sorted(self._consumer.assignment()) if self._consumer is not None else []

    def _lag(self, assigned: Sequence[TopicPartition]) -> int:
        behind = {partition: self._behind(partition) for partition in assigned}
        if self._metrics is not None:
            for partition, lag in behind.items():
                self._metrics.consumer_lag.labels(self._name, partition.topic, partition.partition).set(lag)
        return sum(behind.values())

    def _behind(self, partition: TopicPartition) -> int:
        # Where nothing was read since the start there was nothing to read: the first fetch brings records or none.
        end = self._consumer.highwater(partition)
        position = self._positions.get(partition)
        return max(0, end - position) if end is not None and position is not None else 0
