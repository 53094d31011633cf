"""The service in this process on real servers, callers who speak to it, and the events of its neighbours."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer
from chassis import clock
from chassis.kafka import Cluster, encoded, ensure_topic, producer_of
from contracts import PublicEvent, derived_id, sponsor_id
from pydantic import SecretStr
from sites.app import compose
from sites.consumers import LISTENS_TO
from sites.settings import Settings
from studyline.testing import Servers


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

    async def tell(self, topic: str, subject: str, event: PublicEvent, *, sponsor: str, version: int = 1) -> str:
        """Publish what a neighbour would; the event's id."""
        event_id = derived_id("event", subject, str(version))
        headers = {
            "ce_specversion": "1.0",
            "ce_id": event_id,
            "ce_source": "/studyline/neighbour",
            "ce_type": event.TYPE,
            "ce_subject": subject,
            "ce_time": "2022-02-01T00:00:00.000Z",
            "ce_sponsor": sponsor_id(sponsor),
            "ce_study": event.study_id,
            "ce_aggregateversion": str(version),
            "ce_recordedtime": "2022-02-01T00:00:00.000Z",
            "ce_occurredtime": "2022-02-01",
        }
        producer, told = producer_of(self.cluster), encoded(headers)
        await producer.start()
        try:
            body: Any = event.model_dump_json().encode()
            await producer.send_and_wait(self.cluster.topic(topic), body, event.study_id.encode(), headers=told)  # pyright: ignore[reportArgumentType]
        finally:
            await producer.stop()
        return event_id

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
    app, cluster = service.app(), service.parts.cluster
    for topic in LISTENS_TO:
        await ensure_topic(cluster, topic)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Face(client, servers, cluster, servers.token("operations"))
