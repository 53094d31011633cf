"""Real MongoDB and Kafka for the chassis' tests: a database and a topic prefix of its own for each test."""

from collections.abc import AsyncGenerator, Generator

import pytest
from chassis import clock
from chassis.commands import Commands
from chassis.journal import ensure_journal
from chassis.kafka import Cluster
from chassis.metrics import Metrics
from chassis.mongo import Database
from object_store import Store, object_store
from studyline.testing import Servers


@pytest.fixture
def metrics() -> Metrics:
    """Counters of their own."""
    return Metrics()


@pytest.fixture
async def database(servers: Servers) -> AsyncGenerator[Database]:
    """An empty database."""
    database = Database.connect(servers.mongodb_uri, f"test_{clock.new_id()[:13]}")
    await ensure_journal(database)
    yield database
    database.close()


@pytest.fixture
def cluster(servers: Servers) -> Cluster:
    """Topics that no other test sees."""
    return Cluster(servers.kafka, f"{clock.new_id()[:8]}.", replication_factor=1)


@pytest.fixture
def commands(database: Database, metrics: Metrics) -> Commands:
    """Commands of a service named test."""
    return Commands("test", database, metrics)


@pytest.fixture(scope="session")
def bucket() -> Generator[Store]:
    """An object store with one bucket."""
    with object_store() as store:
        yield store
