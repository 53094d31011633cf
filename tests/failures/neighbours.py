"""What each service hears of its neighbours, and such a service in the test's own process."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any, Final, NamedTuple

from chassis.kafka import Cluster, producer_of
from chassis.service import Service
from contracts import Received, Sponsor, regulatory, sponsor_id
from contracts.sites import StudyRegistered
from hostile_records import Message
from studyline.testing import Servers
from studyline.testing.events import told
from studyline.testing.service import Face, running

Traffic = Sequence[tuple[int, Message]]


class Hearing(NamedTuple):
    """An event of which a service keeps something: how it is told of a name, on which topic, and where it is kept."""

    event: Callable[[str], Received]
    topic: str
    collection: str


def registered(name: str) -> Received:
    """What `sites` tells of a study."""
    event = StudyRegistered(
        study_id=name,
        sponsor=Sponsor(id=sponsor_id("Acme"), name="Acme"),
        protocol_number="P-1",
        registry_ids=(),
        title="A study",
        phase=None,
        status="recruiting",
        countries=("DE",),
        planned_enrolment=None,
    )
    return told(f"study/{name}", event, sponsor="Acme")


def approved(name: str) -> Received:
    """What `regulatory` tells of an approval; `sites` records it as evidence in its journal."""
    about = {"study_id": name, "submission_id": name, "body": "ethics_committee", "country": "DE", "site_id": None}
    decision = {"reference": "R-1", "covers": (), "with_conditions": False, "expires_on": None}
    event = regulatory.SubmissionApproved.model_validate({**about, **decision})
    return told(f"submission/{name}", event, sponsor="Acme")


_STUDIES: Final = Hearing(registered, "studyline.sites", "studies")
HEARING: Final[dict[str, Hearing]] = {
    "regulatory": _STUDIES,
    "monitoring": _STUDIES,
    "reporting": _STUDIES,
    "sites": Hearing(approved, "studyline.regulatory", "evidence"),
}


async def produce(cluster: Cluster, topic: str, traffic: Traffic) -> None:
    """Put each message on its partition, in this order."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for partition, (headers, body) in traffic:
            await producer.send(cluster.topic(topic), body, b"key", partition=partition, headers=headers)
        await producer.flush()
    finally:
        await producer.stop()


@asynccontextmanager
async def running_service(servers: Servers, name: str) -> AsyncGenerator[tuple[Service, Face]]:
    """The service with all its parts, as its composition root makes it."""
    app, settings, consumers = (import_module(f"{name}.{part}") for part in ("app", "settings", "consumers"))
    composed: list[Service] = []

    def compose(chosen: Any) -> Service:
        composed.append(app.compose(chosen))
        return composed[0]

    async with running(servers, compose, settings.Settings, listens_to=consumers.LISTENS_TO) as face:
        yield composed[0], face
