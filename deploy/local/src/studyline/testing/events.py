"""Events as their services would publish them, for tests of whoever listens."""

from collections.abc import Iterable
from typing import Any, Final

from chassis.kafka import Cluster, encoded, producer_of
from contracts import Envelope, PublicEvent, Received, derived_id, sponsor_id

OCCURRED: Final = "2022-02-01"
RECORDED: Final = "2022-02-01T00:00:00Z"


def told(
    subject: str, event: PublicEvent, *, sponsor: str, version: int = 1, occurred: str | None = OCCURRED
) -> Received:
    """The event of a sponsor, named as people do, under its envelope; the same again for the same version."""
    about = {
        "specversion": "1.0",
        "id": derived_id("event", subject, str(version)),
        "source": f"/studyline/{event.TYPE.split('.')[1]}",
        "type": event.TYPE,
        "subject": subject,
        "time": RECORDED,
        "sponsor": sponsor_id(sponsor),
        "study": event.study_id,
        "aggregateversion": version,
        "recordedtime": RECORDED,
        "occurredtime": occurred,
    }
    return Received(Envelope.model_validate(about), event)


async def publish(cluster: Cluster, topic: str, events: Iterable[Received]) -> None:
    """Put events on a topic, in this order."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for one in events:
            body, key = one.event.model_dump_json().encode(), one.envelope.study.encode()
            await producer.send_and_wait(cluster.topic(topic), body, key, headers=_headers(one.envelope))
    finally:
        await producer.stop()


def _headers(envelope: Envelope) -> Any:
    attributes = envelope.model_dump(mode="json", exclude_none=True)
    return encoded({f"ce_{name}": str(value) for name, value in attributes.items()})
