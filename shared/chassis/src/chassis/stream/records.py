"""Records as a consumer reads them: a parser that cannot raise, so that nothing is skipped on its way in."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from aiokafka import TopicPartition


class Record(NamedTuple):
    """One Kafka record, undecoded but for its headers."""

    topic: str
    partition: int
    offset: int
    headers: Mapping[str, str]
    body: bytes
    defect: str | None = None

    @property
    def event_id(self) -> str:
        """`ce_id`, or the record's place where it has none."""
        return self.headers.get("ce_id") or self.place

    @property
    def subject(self) -> str:
        """The aggregate whose order must be kept; a record without one stands alone."""
        return self.headers.get("ce_subject") or self.place

    @property
    def partition_read(self) -> TopicPartition:
        """The partition it was read from."""
        return TopicPartition(self.topic, self.partition)

    @property
    def place(self) -> str:
        """Topic, partition and offset: where the record stands."""
        return f"{self.topic}:{self.partition}:{self.offset}"


def record_of(raw: Any) -> Record:
    """Read an aiokafka record. What cannot be read becomes a `defect`, never an exception."""
    headers, defect = _headers(raw.headers)
    body = raw.value
    if body is None:
        return Record(raw.topic, raw.partition, raw.offset, headers, b"", defect or "the record has no body")
    return Record(raw.topic, raw.partition, raw.offset, headers, body, defect)


def _headers(raw: Any) -> tuple[dict[str, str], str | None]:
    try:
        return {name: value.decode() for name, value in raw or ()}, None
    except (AttributeError, UnicodeDecodeError):
        return _readable(raw)


def _readable(raw: Any) -> tuple[dict[str, str], str | None]:
    headers: dict[str, str] = {}
    defect = None
    for name, value in raw:
        try:
            headers[name] = value.decode()
        except (AttributeError, UnicodeDecodeError):
            # A header of somebody else's may be anything; one of ours must be text.
            if name.startswith("ce_"):
                defect = f"header {name} is not UTF-8 text"
    return headers, defect
