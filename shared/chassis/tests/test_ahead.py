"""Reading ahead changes when records are decoded, never which are handed over, nor their order."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition
from chassis.stream.ahead import Ahead
from chassis.stream.records import Record


class Reader:
    """A consumer with so many records on a partition, and the partitions it reads."""

    def __init__(self, count: int, *, partition: int = 0) -> None:
        self.left = [
            SimpleNamespace(topic="t", partition=partition, offset=n, headers=(), value=b"x") for n in range(count)
        ]
        self.reads = {TopicPartition("t", partition)}
        self.asked = 0

    def assignment(self) -> set[TopicPartition]:
        return self.reads

    async def fetch(self, consumer: Any) -> Sequence[Any]:
        assert consumer is self
        self.asked += 1
        taken, self.left = self.left[:3], self.left[3:]
        return taken


def decode(record: Record) -> int:
    return record.offset


async def test_every_record_is_handed_over_once_and_in_order() -> None:
    reader = Reader(8)
    ahead = Ahead(reader.fetch, decode, full=3)
    assert [[one.event for one in await ahead.get(reader)] for _ in range(4)] == [[0, 1, 2], [3, 4, 5], [6, 7], []]
    await ahead.stop()


async def test_only_who_is_behind_reads_ahead() -> None:
    reader = Reader(5)
    ahead = Ahead(reader.fetch, decode, full=3)
    await ahead.get(reader)
    await ahead.get(reader)
    assert (reader.asked, [one.event for one in await ahead.get(reader)]) == (2, [])
    await ahead.stop()


async def test_what_was_read_ahead_of_a_partition_that_was_taken_away_is_left_out() -> None:
    reader = Reader(6, partition=4)
    ahead = Ahead(reader.fetch, decode, full=3)
    await ahead.get(reader)
    reader.reads = {TopicPartition("t", 5)}
    assert await ahead.get(reader) == []
    await ahead.stop()
