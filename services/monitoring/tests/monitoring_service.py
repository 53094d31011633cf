"""The service in this process on real servers, two sponsors' studies it was told of, and callers who speak to it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from chassis import clock
from chassis.kafka import Cluster, encoded, ensure_topic, producer_of
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import TOPICS, PublicEvent, Sponsor, derived_id, sponsor_id
from contracts.sites import SiteIdentified, StudyRegistered
from monitoring.app import compose
from monitoring.settings import Settings
from pydantic import SecretStr
from studyline.testing import Servers


@dataclass(frozen=True)
class Known:
    """A study and its site, as `sites` has told of them."""

    sponsor: str
    study_id: str
    site_id: str
    country: str

    @property
    def events(self) -> list[tuple[str, PublicEvent]]:
        """The subjects and events that tell of them."""
        registered = StudyRegistered(
            study_id=self.study_id,
            sponsor=Sponsor(id=sponsor_id(self.sponsor), name=self.sponsor),
            protocol_number="P-1",
            registry_ids=(),
            title="A study",
            phase=None,
            status="recruiting",
            countries=(self.country,),
            planned_enrolment=None,
        )
        place = {"study_id": self.study_id, "site_id": self.site_id, "country": self.country}
        identified = SiteIdentified.model_validate({**place, "name": None, "city": None, "number": None})
        return [(f"study/{self.study_id}", registered), (f"study-site/{self.site_id}", identified)]

    def headers(self, subject: str, event: PublicEvent) -> dict[str, str]:
        """The envelope as it travels."""
        return {
            "ce_specversion": "1.0",
            "ce_id": derived_id("event", subject, "1"),
            "ce_source": "/studyline/sites",
            "ce_type": event.TYPE,
            "ce_subject": subject,
            "ce_time": "2022-01-01T00:00:00.000Z",
            "ce_sponsor": sponsor_id(self.sponsor),
            "ce_study": self.study_id,
            "ce_aggregateversion": "1",
            "ce_recordedtime": "2022-01-01T00:00:00.000Z",
        }


ACME = Known("Acme", derived_id("study", "acme"), derived_id("study-site", "acme"), "DE")
ZETA = Known("Zeta", derived_id("study", "zeta"), derived_id("study-site", "zeta"), "FR")


@dataclass(frozen=True)
class Face:
    """The service's HTTP face as one caller meets it, and what stands behind it."""

    client: httpx.AsyncClient
    servers: Servers
    cluster: Cluster
    token: str

    def acting(self, role: str, *sponsors: str) -> "Face":
        """The same face for a caller of this role; without sponsors the caller sees all."""
        return replace(self, token=self.servers.token(role, sponsors))

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        """Give a command, under a new key unless one is named."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or clock.new_id()}
        return await self.client.post(path, json=body, headers=headers)

    async def get(self, path: str, **wanted: str | int) -> httpx.Response:
        """Read."""
        return await self.client.get(path, params=wanted, headers={"Authorization": f"Bearer {self.token}"})

    async def published(self, topic: str, subject: str, count: int) -> list[str]:
        """The types of the first events about a subject on a topic, once there are so many."""
        consumer = AIOKafkaConsumer(
            self.cluster.topic(topic), bootstrap_servers=self.cluster.bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        types: list[str] = []
        try:
            while len(types) < count:
                headers = {name: value.decode() for name, value in (await consumer.getone()).headers}
                types += [headers["ce_type"]] if headers["ce_subject"] == subject else []
        finally:
            await consumer.stop()
        return types


@asynccontextmanager
async def running(servers: Servers) -> AsyncGenerator[Face]:
    """The service with all its parts, in a database and under a topic prefix of its own."""
    prefix = clock.new_id()[:8]
    settings = Settings(
        environment="development",
        mongodb_uri=SecretStr(servers.mongodb_uri),
        mongodb_database=f"test_{prefix}",
        kafka_bootstrap=servers.kafka,
        kafka_replication_factor=1,
        topic_prefix=f"{prefix}.",
        issuer_url=servers.issuer_url,
        http_port=1,
    )
    service = compose(settings)
    app, parts = service.app(), service.parts
    await ensure_topic(parts.cluster, TOPICS["sites"])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            await tell(parts.cluster, parts.database, [ACME, ZETA])
            yield Face(client, servers, parts.cluster, servers.token("operations"))


async def tell(cluster: Cluster, database: Database, known: Sequence[Known]) -> None:
    """Publish what `sites` would, and wait until the service knows it."""
    producer = producer_of(cluster)
    await producer.start()
    try:
        for one in known:
            for subject, event in one.events:
                headers: Any = encoded(one.headers(subject, event))
                body, key = event.model_dump_json().encode(), one.study_id.encode()
                await producer.send_and_wait(cluster.topic(TOPICS["sites"]), body, key, headers=headers)
    finally:
        await producer.stop()
    for collection in ("studies", "sites"):
        while await database.collection(collection).count(Scope.everything(), {}) < len(known):  # noqa: ASYNC110 - the truth is in the database
            await asyncio.sleep(0.02)
