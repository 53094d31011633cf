"""Header names that are not UTF-8: the Kafka client's parser raises on one, and its partition would stand still.

Names are bytes to Kafka and to other clients, so a stranger can send one. Here such a name is read with its odd bytes
spelled out: it is nobody's attribute then, and the record is judged by what else it has.
"""

from collections.abc import Iterator
from typing import Any, cast

from aiokafka.consumer import fetcher
from aiokafka.record import default_records, memory_records

# The client's parsers in Python, which stand beside those in C.
_slow_batch: Any = vars(default_records)["_DefaultRecordBatchPy"]
_batches_of: Any = vars(memory_records)["_MemoryRecordsPy"]


def read_any_header_name() -> None:
    """Have every consumer of this process read all records. May be called again."""
    cast("Any", fetcher).MemoryRecords = _Records


class _Spelled(bytes):
    __slots__ = ()

    def decode(self, encoding: str = "utf-8", errors: str = "backslashreplace") -> str:
        return super().decode(encoding, errors)


class _Buffer(bytearray):
    def __getitem__(self, at: Any) -> Any:
        found = cast("Any", super()).__getitem__(at)
        return _Spelled(found) if isinstance(found, bytearray) else found


class _Batch:
    """The fast parser's batch, read slowly where that fails."""

    def __init__(self, fast: Any, source: Any) -> None:
        self._fast, self._source = fast, source

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fast, name)

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._fast
        except UnicodeDecodeError:
            # From the first record again: the fetcher passes by what it has had already.
            yield from _spelled_out(self._source)

    def __next__(self) -> Any:
        return next(self._fast)


class _Records:
    """What was fetched of a partition, as the client's own class of that purpose gives it."""

    def __init__(self, fetched: bytes) -> None:
        self._records = _batches_of(fetched)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def next_batch(self) -> Any:
        source = self._records._next_slice  # noqa: SLF001 - the one place that sees a batch's bytes
        fast = self._records.next_batch()
        return None if fast is None else _Batch(fast, source)


def _spelled_out(source: Any) -> Iterator[Any]:
    batch = _slow_batch(source)
    iter(batch)  # uncompresses
    batch._buffer = _Buffer(batch._buffer)  # noqa: SLF001 - its names are cut out of this
    yield from batch
