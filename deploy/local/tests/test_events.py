"""Following events."""

import json
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from studyline.events import as_cloud_event, follow_events, is_wanted
from studyline.testing import Servers

ACTIVATED = "studyline.sites.site.activated.v1"
HELD = "studyline.sites.site.held.v1"


def record(headers: Any, value: bytes | None) -> ConsumerRecord[None, bytes | None]:
    """Build a record as Kafka delivers it."""
    return ConsumerRecord(
        topic="studyline.sites",
        partition=0,
        offset=0,
        timestamp=0,
        timestamp_type=0,
        key=None,
        value=value,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=headers,
    )


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ACTIVATED, True),
        ("site.activated.v1", True),
        ("studyline.sites.*", True),
        ("activated.v1", True),
        ("site.*", True),
        ("sponsor.*", False),
        ("ctivated.v1", False),
        ("site.held.v1", False),
    ],
)
def test_a_type_is_matched_as_a_whole_or_by_its_end(wanted: str, *, found: bool) -> None:
    assert is_wanted(ACTIVATED, wanted) is found


def test_an_event_is_shown_in_the_json_form_of_cloud_events() -> None:
    shown = as_cloud_event(record([("ce_id", b"1"), ("content-type", b"application/json")], b'{"site_id": "s"}'))
    assert shown == {"id": "1", "datacontenttype": "application/json", "data": {"site_id": "s"}}


@pytest.mark.parametrize(("value", "data"), [(None, None), (b"{oops", "{oops"), (b"\xff", "\ufffd")])
def test_a_malformed_body_is_shown_as_it_is(value: bytes | None, data: str | None) -> None:
    assert as_cloud_event(record([("ce_id", None)], value)) == {"id": None, "data": data}


@pytest.mark.stack
async def test_only_wanted_events_are_followed_from_the_beginning(servers: Servers) -> None:
    # A topic that no service reads: these servers are shared.
    await publish(servers.kafka, "studyline.followed", [HELD, ACTIVATED])
    lines = follow_events(servers.kafka, from_beginning=True, wanted_type=ACTIVATED)
    async with aclosing(lines) as open_lines:
        event = json.loads(await anext(open_lines))
    assert (event["type"], event["data"]) == (ACTIVATED, {})


async def publish(bootstrap: str, topic: str, types: Sequence[str]) -> None:
    """Publish events without content."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 12, 1)])
    await admin.close()
    connected: Any = AIOKafkaProducer(bootstrap_servers=bootstrap)
    async with connected as producer:
        for one in types:
            await producer.send_and_wait(topic, b"{}", headers=[("ce_type", one.encode())])
