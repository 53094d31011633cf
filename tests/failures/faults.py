"""Faults, each done to a real process of the running stack, and healed before the next."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from studyline.kafka import require_broker
from studyline.processes import NotReadyError, SupervisedProcess
from studyline.services import SERVICES, require_ready
from studyline.stack import Stack

PUBLISHERS: Final = ("sites", "regulatory", "monitoring")
PROCESSES: Final = (*SERVICES, "kafka", "mongodb")
IN_COMMANDS: Final = (
    "before-transaction",
    "after-state-write",
    "after-journal-write",
    "before-commit",
    "after-commit",
    "before-answer",
)
IN_THE_RELAY: Final = ("between-send-and-ack", "between-ack-and-mark")
IN_CONSUMERS: Final = "between-effect-and-commit"
RIVAL: Final = "rival"
HEALED_WITHIN_SECONDS: Final = 120.0
REACHED_WITHIN_SECONDS: Final = 8.0
LOOK_SECONDS: Final = 0.1
PAST_THE_LEASE_SECONDS: Final = 18.0


class NotHealedError(Exception):
    """The platform did not come back by itself; the text says what is missing."""


@dataclass(frozen=True)
class Ground:
    """What faults act on: the stack, a second relay of `sites` that waits for the lease, and where points are armed."""

    stack: Stack
    rival: SupervisedProcess
    rival_url: str
    points: Path
    chance: random.Random
    missed: list[str] = field(default_factory=list[str])

    def pid(self, name: str) -> int | None:
        """The present process id; None while the process is away."""
        return self.rival.pid if name == RIVAL else self.stack.state().pids.get(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process, where there is one."""
        pid = self.pid(name)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def healed(self) -> None:
        """Wait until everything serves. Raises NotHealedError."""
        missing = "nothing was asked yet"
        try:
            async with asyncio.timeout(HEALED_WITHIN_SECONDS):
                while missing := await self._missing():  # noqa: ASYNC110 - it is asked, it does not tell
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise NotHealedError(f"after {HEALED_WITHIN_SECONDS:g} s: {missing}") from None

    async def _missing(self) -> str:
        addresses = self.stack.addresses
        urls = [*(getattr(addresses, name) for name in SERVICES), self.rival_url]
        try:
            await require_broker(addresses.kafka)
            for url in urls:
                await require_ready(url)
        except (NotReadyError, OSError) as reason:
            return str(reason) or type(reason).__name__
        return ""


@dataclass(frozen=True)
class Fault:
    """A fault by its kind, by which the report counts it."""

    kind: str
    name: str
    inflict: Callable[[Ground], Awaitable[None]]


async def kill(name: str, ground: Ground) -> None:
    """End a process at once; its supervisor starts it again."""
    before = ground.pid(name)
    ground.signal(name, signal.SIGKILL)
    while ground.pid(name) in {before, None}:  # noqa: ASYNC110 - the supervisor tells nobody
        await asyncio.sleep(LOOK_SECONDS)


async def pause(name: str, ground: Ground, seconds: float | None = None) -> None:
    """Stop a process in the middle of what it does, and let it go on."""
    ground.signal(name, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds or ground.chance.uniform(1, 6))
    finally:
        ground.signal(name, signal.SIGCONT)


async def restart(name: str, ground: Ground) -> None:
    """Ask a process to end in order; its supervisor starts it again."""
    before = ground.pid(name)
    ground.signal(name, signal.SIGTERM)
    while ground.pid(name) in {before, None}:  # noqa: ASYNC110 - the supervisor tells nobody
        await asyncio.sleep(LOOK_SECONDS)


async def away(name: str, ground: Ground) -> None:
    """Keep a server down for a while: killed again whenever it is started."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ground.chance.uniform(8, 16)):
            while True:
                ground.signal(name, signal.SIGKILL)
                await asyncio.sleep(LOOK_SECONDS)


async def pause_the_lease_holder(ground: Ground) -> None:
    """Pause whoever publishes for `sites` past its lease: the other takes over, and the first comes back."""
    await pause(await _lease_holder(ground), ground, PAST_THE_LEASE_SECONDS)


async def kill_the_lease_holder(ground: Ground) -> None:
    """Kill whoever publishes for `sites`."""
    await kill(await _lease_holder(ground), ground)


async def _lease_holder(ground: Ground) -> str:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(ground.stack.addresses.mongodb)
    try:
        lease = await client["studyline_sites"]["leases"].find_one({"_id": "relay"})
    except PyMongoError:
        lease = None
    finally:
        await client.close()
    return RIVAL if lease is not None and lease["holder"] == RIVAL else "sites"


async def fail_at(point: str, services: tuple[str, ...], action: str, ground: Ground) -> None:
    """Arm a fail point and wait until somebody reaches it; where nobody does, take it back and note it."""
    service = ground.chance.choice(services)
    armed = ground.points / f"{service}.{point}"
    armed.write_text(action)
    with suppress(TimeoutError):
        async with asyncio.timeout(REACHED_WITHIN_SECONDS):
            while armed.exists():  # noqa: ASYNC110 - whoever obeys takes the file away, and tells nobody
                await asyncio.sleep(LOOK_SECONDS)
    if armed.exists():
        armed.unlink(missing_ok=True)
        ground.missed.append(armed.name)


def every_fault() -> Iterable[Fault]:
    """The deck from which a run draws."""
    for name in PROCESSES:
        yield Fault("kill -9", f"kill {name}", partial(kill, name))
        yield Fault("SIGSTOP and SIGCONT", f"pause {name}", partial(pause, name))
    yield Fault("broker restart", "restart kafka", partial(restart, "kafka"))
    yield Fault("Kafka away", "kafka away", partial(away, "kafka"))
    yield Fault("MongoDB away", "mongodb away", partial(away, "mongodb"))
    yield Fault("lease holder paused past its lease", "pause the lease holder", pause_the_lease_holder)
    yield Fault("lease holder killed", "kill the lease holder", kill_the_lease_holder)
    for point, services in POINTS.items():
        for action in ("kill", "error", "pause 3"):
            kind = f"fail point: {action.split()[0]}"
            yield Fault(kind, f"{action} {point}", partial(fail_at, point, services, action))


POINTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys((*IN_COMMANDS, *IN_THE_RELAY), PUBLISHERS),
    IN_CONSUMERS: SERVICES,
}
