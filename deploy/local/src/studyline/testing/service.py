"""One service in the test's own process, on real servers, and callers who speak to it."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
from aiokafka import AIOKafkaConsumer
from chassis import clock
from chassis.kafka import Cluster, ensure_topic
from chassis.mongo import Database
from chassis.service import Service
from chassis.settings import SettingsT
from contracts import PublicEvent
from pydantic import SecretStr

from studyline.testing.events import publish, told
from studyline.testing.servers import Servers

UNUSED_PORT: Final = 1


@dataclass(frozen=True)
class Face:
    """A service's HTTP face as one caller meets it, and what stands behind it."""

    client: httpx.AsyncClient
    servers: Servers
    cluster: Cluster
    database: Database
    token: str

    def acting(self, role: str, *sponsors: str, subject: str = "", name: str = "", signing: bool = False) -> "Face":
        """The same face for a caller of this role; without sponsors the caller sees all. `signing`: good for that."""
        return replace(self, token=self.servers.token(role, sponsors, subject, name, stepped_up=signing))

    async def post(self, path: str, body: dict[str, Any], *, key: str | None = None) -> httpx.Response:
        """Give a command, under a new key unless one is named."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or clock.new_id()}
        return await self.client.post(path, json=body, headers=headers)

    async def upload(
        self, path: str, content: bytes, media_type: str, *, key: str | None = None, **told: str
    ) -> httpx.Response:
        """Send a file as the body."""
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": key or clock.new_id()}
        return await self.client.post(
            path, content=content, params=told, headers={**headers, "Content-Type": media_type}
        )

    async def get(self, path: str, **wanted: str | int) -> httpx.Response:
        """Read."""
        return await self.client.get(path, params=wanted, headers={"Authorization": f"Bearer {self.token}"})

    async def tell(self, topic: str, subject: str, event: PublicEvent, *, sponsor: str, version: int = 1) -> str:
        """Publish what a neighbour would; the event's id."""
        one = told(subject, event, sponsor=sponsor, version=version)
        await publish(self.cluster, topic, [one])
        return one.envelope.id

    async def published(self, topic: str, subject: str, count: int) -> list[str]:
        """The types of the first events about a subject on a topic, once there are so many."""
        consumer: Any = AIOKafkaConsumer(
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


def settings_of(servers: Servers, settings: type[SettingsT], **more: Any) -> SettingsT:
    """A service's settings: on these servers, in a database and under a topic prefix of its own; `more` besides."""
    prefix = clock.new_id()[:8]
    return settings(
        environment="development",
        mongodb_uri=SecretStr(servers.mongodb_uri),
        mongodb_database=f"test_{prefix}",
        kafka_bootstrap=servers.kafka,
        kafka_replication_factor=1,
        topic_prefix=f"{prefix}.",
        issuer_url=servers.issuer_url,
        http_port=UNUSED_PORT,
        **more,
    )


@asynccontextmanager
async def running(
    servers: Servers,
    compose: Callable[[SettingsT], Service],
    settings: type[SettingsT],
    *,
    listens_to: Iterable[str],
    **more: Any,
) -> AsyncGenerator[Face]:
    """The service with all its parts while the context is open; the topics of its neighbours are there."""
    service = compose(settings_of(servers, settings, **more))
    app, parts = service.app(), service.parts
    for topic in listens_to:
        await ensure_topic(parts.cluster, topic)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            yield Face(client, servers, parts.cluster, parts.database, servers.token("operations"))
