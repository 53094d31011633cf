"""Following the events of all services, as CloudEvents in JSON."""

import json
from collections.abc import AsyncGenerator, Iterable
from fnmatch import fnmatchcase
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

TOPICS = r"^studyline\.[a-z]+$"
NEW_TOPICS_AFTER_MS = 5_000
HEADER_STEM = "ce_"
JSON_NAMES = {"content-type": "datacontenttype"}
"""Headers whose attribute has another name in CloudEvents' JSON form."""


async def follow_events(bootstrap: str, *, from_beginning: bool, wanted_type: str | None) -> AsyncGenerator[str]:
    """Give one JSON line an event, for ever: envelope attributes, and the body under `data`.

    `wanted_type` is a whole type or its end (`site.activated.v1`), with `*` for anything.
    """
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest" if from_beginning else "latest",
        metadata_max_age_ms=NEW_TOPICS_AFTER_MS,
    )
    consumer.subscribe(pattern=TOPICS)
    await consumer.start()
    try:
        async for record in consumer:
            event = as_cloud_event(record)
            if wanted_type is None or is_wanted(str(event.get("type", "")), wanted_type):
                yield json.dumps(event, ensure_ascii=False)
    finally:
        await consumer.stop()


def is_wanted(event_type: str, wanted: str) -> bool:
    """Match a type as a whole or by its end, either with `*` for anything."""
    return fnmatchcase(event_type, wanted) or fnmatchcase(event_type, f"*.{wanted}")


def as_cloud_event(record: ConsumerRecord[Any, Any]) -> dict[str, object]:
    """Give a record in CloudEvents' JSON form. What is not as it should be is shown, not hidden."""
    return {**_attributes(record.headers), "data": _body(record.value)}


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str | None]:
    return {
        JSON_NAMES.get(name, name.removeprefix(HEADER_STEM)): value.decode(errors="replace")
        if value is not None
        else None
        for name, value in headers
    }


def _body(value: bytes | None) -> object:
    if value is None:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return value.decode(errors="replace")
