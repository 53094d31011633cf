"""MongoDB's replica set: who its members are, who may connect, and how it is set up the first time."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from studyline.paths import Layout, write_private
from studyline.ports import LOOPBACK
from studyline.processes import NotReadyError

NAME = "rs0"
ROOT_USER = "root"
ELECTION_MILLISECONDS = 5_000
"""So long without a primary before the others elect one: half of MongoDB's default, so that trying it takes less."""
ALREADY_INITIALIZED = 23
AUTHENTICATION_FAILED = 18
USER_EXISTS = 51003
DATABASES: Final = {name: f"studyline_{name}" for name in ("sites", "monitoring", "regulatory", "reporting")}

Client = AsyncMongoClient[dict[str, Any]]


@dataclass(frozen=True)
class ReplicaSet:
    """Where its members are reached, as host:port, and who may connect."""

    hosts: Sequence[str]
    passwords: Mapping[str, str]

    @property
    def root_uri(self) -> str:
        """The address with which an operator connects."""
        return self._uri(ROOT_USER, "admin", "")

    def service_uri(self, service: str) -> str:
        """Give one service its address: its credentials open its own database and no other."""
        return self._uri(service, DATABASES[service], DATABASES[service])

    def _uri(self, user: str, source: str, database: str) -> str:
        login = f"{user}:{self.passwords[user]}@{','.join(self.hosts)}"
        return f"mongodb://{login}/{database}?replicaSet={NAME}&authSource={source}"

    @property
    def members(self) -> list[dict[str, Any]]:
        """The members as the set's configuration names them."""
        return [{"_id": number, "host": host} for number, host in enumerate(self.hosts)]


def replica_set_of(layout: Layout, hosts: Sequence[str]) -> ReplicaSet:
    """Describe the set of a data directory; passwords and the members' common key are made once and kept."""
    if not layout.passwords.exists():
        made = {user: secrets.token_urlsafe(24) for user in (ROOT_USER, *DATABASES)}
        write_private(layout.passwords, json.dumps(made))
    key_file = key_file_of(layout)
    if not key_file.exists():
        write_private(key_file, secrets.token_hex(384))
    return ReplicaSet(hosts, json.loads(layout.passwords.read_text()))


def replica_set_at(layout: Layout, root_uri: str) -> ReplicaSet:
    """Describe the set of a running stack, of which the operator's address is known."""
    return replica_set_of(layout, root_uri.rpartition("@")[2].partition("/")[0].split(","))


def member_uris(root_uri: str) -> list[str]:
    """The operator's address of each member alone."""
    login, _, rest = root_uri.rpartition("@")
    hosts, _, options = rest.partition("/")
    return [f"{login}@{host}/{options}&directConnection=true" for host in hosts.split(",")]


def key_file_of(layout: Layout) -> Path:
    """By what members know one another."""
    return layout.mongodb / "key"


async def ensure_member(whole: ReplicaSet, number: int, port: int) -> None:
    """Bring a running member, and by it the set, to the state that the stack needs; safe to repeat.

    Raises NotReadyError until the member takes part, and on the primary every user is there.
    """
    try:
        if not await _lets_root_in(whole, port):
            async with _connect(whole, port) as client:
                await _set_up(whole, number, client)
        async with _connect(whole, port, ROOT_USER) as client:
            await _take_part(whole, number, client)
    except PyMongoError as error:
        raise NotReadyError(str(error)) from error


async def _lets_root_in(whole: ReplicaSet, port: int) -> bool:
    async with _connect(whole, port, ROOT_USER) as client:
        try:
            await client.admin.command("ping")
        except OperationFailure as error:
            if error.code == AUTHENTICATION_FAILED:
                return False
            raise
        return True


async def _set_up(whole: ReplicaSet, number: int, client: Client) -> None:
    """Use MongoDB's localhost exception: as long as no user exists, a local connection may make the first."""
    if number == 0:
        settings = {"electionTimeoutMillis": ELECTION_MILLISECONDS}
        wanted = {"_id": NAME, "members": whole.members, "settings": settings}
        try:
            await client.admin.command("replSetInitiate", wanted)
        except OperationFailure as error:
            if error.code != ALREADY_INITIALIZED:
                raise
    if not (await client.admin.command("hello")).get("isWritablePrimary"):
        raise NotReadyError("the member is not set up yet")
    await client.admin.command("createUser", ROOT_USER, pwd=whole.passwords[ROOT_USER], roles=["root"])


async def _take_part(whole: ReplicaSet, number: int, client: Client) -> None:
    if number == 0:
        await _ensure_addresses(whole, client)
    state = await client.admin.command("hello")
    if state.get("isWritablePrimary"):
        await _ensure_service_users(whole, client)
    elif not state.get("secondary") or not state.get("primary"):
        raise NotReadyError("the replica set has no primary yet")


async def _ensure_addresses(whole: ReplicaSet, client: Client) -> None:
    """Follow servers that have moved to other ports since the last start."""
    found = await client.get_database("local").get_collection("system.replset").find_one()
    if found is None or [one["host"] for one in found["members"]] == list(whole.hosts):
        return
    members = [{**one, "host": host} for one, host in zip(found["members"], whole.hosts, strict=True)]
    moved = {**found, "members": members, "version": found["version"] + 1}
    await client.admin.command("replSetReconfig", moved, force=True)


async def _ensure_service_users(whole: ReplicaSet, client: Client) -> None:
    for user, database in DATABASES.items():
        role = {"role": "readWrite", "db": database}
        try:
            await client[database].command("createUser", user, pwd=whole.passwords[user], roles=[role])
        except OperationFailure as error:
            if error.code != USER_EXISTS:
                raise


def _connect(whole: ReplicaSet, port: int, user: str | None = None) -> Client:
    return AsyncMongoClient(
        LOOPBACK,
        port,
        directConnection=True,
        serverSelectionTimeoutMS=1_000,
        username=user,
        password=whole.passwords[user] if user is not None else None,
    )
