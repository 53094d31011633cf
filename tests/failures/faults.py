"""Faults done to single processes, and at named points inside them; each is healed before the next."""

import asyncio
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

from ground import LOOK_SECONDS, PUBLISHERS, RIVAL, Fault, Ground
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from studyline.services import SERVICES

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
REACHED_WITHIN_SECONDS: Final = 8.0
PAST_THE_LEASE_SECONDS: Final = 18.0
AWAY_SECONDS: Final = (8.0, 16.0)
LONG_AWAY_SECONDS: Final = (125.0, 150.0)
POINTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys((*IN_COMMANDS, *IN_THE_RELAY), PUBLISHERS),
    IN_CONSUMERS: SERVICES,
}
GONE_WITHIN_SECONDS: Final = 30.0


async def kill(name: str, ground: Ground) -> None:
    """End a process at once; its supervisor starts it again."""
    await _started_again(name, signal.SIGKILL, ground)


async def restart(name: str, ground: Ground) -> None:
    """Ask a process to end in order; its supervisor starts it again."""
    await _started_again(name, signal.SIGTERM, ground)


async def deploy_anew(name: str, ground: Ground) -> None:
    """Ask a service to end in order, as a new release does: it finishes its work and is gone in time (G22)."""
    async with asyncio.timeout(GONE_WITHIN_SECONDS):
        await restart(name, ground)


async def _started_again(name: str, number: signal.Signals, ground: Ground) -> None:
    before = ground.pid(name)
    ground.signal(name, number)
    while ground.pid(name) in {before, None}:  # noqa: ASYNC110 - the supervisor tells nobody
        await asyncio.sleep(LOOK_SECONDS)


async def pause(name: str, ground: Ground, seconds: float | None = None) -> None:
    """Stop a process in the middle of what it does, and let it go on."""
    ground.signal(name, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds or ground.chance.uniform(1, 6))
    finally:
        ground.signal(name, signal.SIGCONT)


async def away(names: tuple[str, ...], between_seconds: tuple[float, float], ground: Ground) -> None:
    """Keep a server down for a while: killed again whenever it is started."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ground.chance.uniform(*between_seconds)):
            while True:
                for name in names:
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


def faults_of_processes(ground: Ground) -> Iterable[Fault]:
    """Killed, paused, restarted or kept away."""
    for name in (*SERVICES, *ground.databases, *ground.brokers):
        yield Fault("kill -9", f"kill {name}", partial(kill, name))
        yield Fault("SIGSTOP and SIGCONT", f"pause {name}", partial(pause, name))
    for name in ground.brokers:
        yield Fault("broker restart", f"restart {name}", partial(restart, name))
    for name in SERVICES:
        yield Fault("rolling deploy", f"deploy {name} anew", partial(deploy_anew, name))
    yield Fault("Kafka away", "kafka away", partial(away, ground.brokers, AWAY_SECONDS))
    yield Fault("MongoDB away", "mongodb away", partial(away, ground.databases, AWAY_SECONDS))
    yield Fault("lease holder paused past its lease", "pause the lease holder", pause_the_lease_holder)
    yield Fault("lease holder killed", "kill the lease holder", kill_the_lease_holder)


def long_faults(ground: Ground) -> Iterable[Fault]:
    """What takes minutes, and belongs into long runs only."""
    yield Fault("Kafka away for minutes", "kafka away for long", partial(away, ground.brokers, LONG_AWAY_SECONDS))


def faults_inside(_: Ground) -> Iterable[Fault]:
    """At the named points."""
    for point, services in POINTS.items():
        for action in ("kill", "error", "pause 3"):
            kind = f"fail point: {action.split()[0]}"
            yield Fault(kind, f"{action} {point}", partial(fail_at, point, services, action))
