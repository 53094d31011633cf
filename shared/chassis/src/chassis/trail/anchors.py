"""Where checkpoints are kept outside the database: a Kafka topic and a file to which lines are only added.

Both hold one JSON object a checkpoint. The same checkpoint may stand there twice, after a crash; two that differ under
one number are what a verifier reports.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from pydantic import ValidationError

from chassis.kafka import Cluster
from chassis.trail.checkpoints import SealedCheckpoint

BLOCK_BYTES: Final = 65_536


class AnchorError(Exception):
    """An anchor cannot be read; the sentence says where."""


def checkpoints_topic(service: str) -> str:
    """The topic of a service's checkpoints."""
    return f"studyline.{service}.checkpoints"


@dataclass(frozen=True)
class CheckpointFile:
    """A file of checkpoints, one a line, forced to the disk before the sealer goes on."""

    path: Path

    def append(self, records: Iterable[SealedCheckpoint]) -> None:
        """Add checkpoints at the end. What a crash left half written there is taken away first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            file.truncate(self._whole_lines_end())
            for record in records:
                file.write(record.model_dump_json().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self.path.parent)

    def last_number(self) -> int:
        """The number of the last whole checkpoint, 0 where there is none. Raises AnchorError."""
        end = self._whole_lines_end()
        if end == 0:
            return 0
        with self.path.open("rb") as file:
            start = _line_end_before(file, end - 1)
            file.seek(start)
            line = file.read(end - start)
        return _parsed(line, f"the last line of {self.path}").checkpoint.number

    def read(self) -> list[SealedCheckpoint]:
        """Every whole checkpoint, in the order of the file. Raises AnchorError."""
        if not self.path.exists():
            return []
        whole = self.path.read_bytes()[: self._whole_lines_end()]
        return [_parsed(line, f"line {at} of {self.path}") for at, line in enumerate(whole.splitlines(), 1)]

    def _whole_lines_end(self) -> int:
        if not self.path.exists():
            return 0
        with self.path.open("rb") as file:
            return _line_end_before(file, self.path.stat().st_size)


async def read_checkpoints_topic(cluster: Cluster, service: str) -> list[SealedCheckpoint]:
    """Every checkpoint on a service's topic, in its order. Raises AnchorError, KafkaError."""
    consumer: Any = AIOKafkaConsumer(
        cluster.topic(checkpoints_topic(service)),
        bootstrap_servers=cluster.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        return [_parsed(value, where) for value, where in await _values(consumer)]
    finally:
        await consumer.stop()


async def _values(consumer: Any) -> Sequence[tuple[bytes, str]]:
    found: list[tuple[bytes, str]] = []
    for partition, end in (await consumer.end_offsets(consumer.assignment())).items():
        while await consumer.position(partition) < end:
            for records in (await consumer.getmany(partition, timeout_ms=500)).values():
                found += [(one.value or b"", f"{partition.topic} at {one.offset}") for one in records]
    return found


def _parsed(line: bytes, where: str) -> SealedCheckpoint:
    try:
        return SealedCheckpoint.model_validate_json(line)
    except ValidationError as error:
        message = f"{where} is no checkpoint ({error.error_count()} errors): restore it from a copy"
        raise AnchorError(message) from error


def _line_end_before(file: Any, end: int) -> int:
    """The offset behind the last newline before `end`, 0 where there is none."""
    while end > 0:
        start = max(0, end - BLOCK_BYTES)
        file.seek(start)
        at = file.read(end - start).rfind(b"\n")
        if at >= 0:
            return start + at + 1
        end = start
    return 0


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
