"""How each process of a running stack is: asked when somebody wants to know."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack

import psutil
from pydantic import BaseModel, ConfigDict
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from studyline.kafka import require_broker
from studyline.members import members_of
from studyline.processes import NotReadyError
from studyline.replica_set import member_uris
from studyline.services import SERVICES, require_ready
from studyline.state import StackState

ANSWER_WITHIN_SECONDS = 5
MEGABYTE = 1_000_000


class ProcessHealth(BaseModel):
    """One process: whether it serves, why not, how often it was started again, and its resident memory."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    detail: str
    restarts: int
    memory_mb: int | None


async def health_of(state: StackState) -> dict[str, ProcessHealth]:
    """Ask every process of the stack at once."""
    probes: dict[str, Awaitable[None]] = {
        **_members("mongodb", member_uris(state.mongodb), _require_mongodb),
        **_members("kafka", state.kafka.split(","), require_broker),
        "issuer": require_ready(state.issuer),
        **{name: require_ready(getattr(state, name)) for name in SERVICES},
    }
    answers = await asyncio.gather(*(_detail(probe) for probe in probes.values()))
    return {name: _health(state, name, detail) for name, detail in zip(probes, answers, strict=True)}


def _members(
    server: str, addresses: Sequence[str], require: Callable[[str], Awaitable[None]]
) -> dict[str, Awaitable[None]]:
    names = members_of(server, len(addresses))
    return {name: require(address) for name, address in zip(names, addresses, strict=True)}


def _health(state: StackState, name: str, missing: str | None) -> ProcessHealth:
    return ProcessHealth(
        ok=missing is None,
        detail=missing or "ready",
        restarts=state.restarts.get(name, 0),
        memory_mb=_memory_mb(state.pids.get(name)),
    )


async def _detail(probe: Awaitable[None]) -> str | None:
    try:
        async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
            await probe
    except TimeoutError:
        return f"no answer within {ANSWER_WITHIN_SECONDS} s"
    except (NotReadyError, OSError) as reason:
        return str(reason)
    return None


async def _require_mongodb(uri: str) -> None:
    async with AsyncExitStack() as stack:
        client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(uri, serverSelectionTimeoutMS=2_000)
        stack.push_async_callback(client.close)
        try:
            await client.admin.command("ping")
        except PyMongoError as error:
            raise NotReadyError(str(error)) from error


def _memory_mb(pid: int | None) -> int | None:
    if pid is None:
        return None
    try:
        return psutil.Process(pid).memory_info().rss // MEGABYTE
    except psutil.NoSuchProcess:
        return None
