"""Real MongoDB, Kafka and issuer for reporting's tests; a service over a database of its own for each test."""

from collections.abc import AsyncGenerator

import pytest
from asking import Asking
from chassis import clock
from chassis.mongo import Database
from chassis.service import Service
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from reporting.app import compose
from reporting.settings import Settings
from studyline.testing import Servers


@pytest.fixture
async def service(servers: Servers) -> AsyncGenerator[Service]:
    """The composed service over an empty database, its indexes made; nothing runs yet."""
    settings = Settings(
        environment="development",
        mongodb_uri=SecretStr(servers.mongodb_uri),
        mongodb_database=f"test_{clock.new_id()[:13]}",
        kafka_bootstrap=servers.kafka,
        kafka_replication_factor=1,
        topic_prefix=f"{clock.new_id()[:8]}.",
        issuer_url=servers.issuer_url,
        http_port=1,
    )
    service = compose(settings)
    await service.prepare()
    yield service
    service.parts.database.close()


@pytest.fixture
def database(service: Service) -> Database:
    """The service's database."""
    return service.parts.database


@pytest.fixture
async def asking(service: Service, servers: Servers) -> AsyncGenerator[Asking]:
    """Clients of the service: `asking("Acme")` sees one sponsor, `asking()` all of them."""
    app = service.app("api")
    clients: list[AsyncClient] = []

    def client(*sponsors: str) -> AsyncClient:
        token = servers.token("sponsor" if sponsors else "operations", sponsors)
        headers = {"Authorization": f"Bearer {token}"}
        clients.append(AsyncClient(transport=ASGITransport(app), base_url="http://test", headers=headers))
        return clients[-1]

    yield client
    for one in clients:
        await one.aclose()
    await app.state.authenticator.close()
