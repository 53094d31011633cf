"""What faults act on: the running stack and what stands around it, and when all of it has come back."""

import asyncio
import os
import random
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from proxy import Fronts
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from studyline.processes import NotReadyError, SupervisedProcess
from studyline.services import SERVICES
from studyline.stack import Stack

PUBLISHERS: Final = ("sites", "regulatory", "monitoring")
RIVAL: Final = "rival"
CALLERS: Final = frozenset({*SERVICES, RIVAL})
HEALED_WITHIN_SECONDS: Final = 120.0
PROBE_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.1


class NotHealedError(Exception):
    """The platform did not come back by itself; the text says what is missing."""


@dataclass(frozen=True)
class Ground:
    """The stack, a second relay of `sites` that waits for the lease, and the ways by which faults come.

    `points` is where fail points are armed, `disks` the small disks of single members, where the machine allows them.
    """

    stack: Stack
    rival: SupervisedProcess
    points: Path
    fronts: Fronts
    disks: Mapping[str, Path]
    chance: random.Random
    missed: list[str] = field(default_factory=list[str])

    @property
    def databases(self) -> tuple[str, ...]:
        """The members of MongoDB."""
        return self.stack.members("mongodb")

    @property
    def brokers(self) -> tuple[str, ...]:
        """The members of Kafka."""
        return self.stack.members("kafka")

    def process(self, name: str) -> SupervisedProcess:
        """The process of this name."""
        return self.rival if name == RIVAL else self.stack.process(name)

    def pid(self, name: str) -> int | None:
        """The present process id; None while the process is away."""
        return self.process(name).pid

    def pids(self) -> Mapping[str, int]:
        """The process ids of everybody who is there."""
        names = (*SERVICES, RIVAL, *self.databases, *self.brokers)
        return {name: pid for name in names if (pid := self.pid(name)) is not None}

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process, where there is one."""
        pid = self.pid(name)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def primary(self) -> str:
        """The member of MongoDB that is primary; the first where none is known."""
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.stack.addresses.mongodb)
        try:
            told = await client.admin.command("hello")
        except PyMongoError:
            return self.databases[0]
        finally:
            await client.close()
        hosts = list(self.stack.mongodb.hosts)
        return self.databases[hosts.index(told["primary"])] if told.get("primary") in hosts else self.databases[0]

    async def back(self, name: str) -> None:
        """Wait until a process serves. Raises NotHealedError."""
        await self._until_nothing_is_missing((name,))

    async def healed(self) -> None:
        """Wait until everything serves. Raises NotHealedError."""
        await self._until_nothing_is_missing((*self.databases, *self.brokers, *SERVICES, RIVAL))

    async def _until_nothing_is_missing(self, names: tuple[str, ...]) -> None:
        missing = "nothing was asked yet"
        try:
            async with asyncio.timeout(HEALED_WITHIN_SECONDS):
                while missing := await self._missing(names):  # noqa: ASYNC110 - it is asked, it does not tell
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise NotHealedError(f"after {HEALED_WITHIN_SECONDS:g} s: {missing}") from None

    async def _missing(self, names: tuple[str, ...]) -> str:
        for name in names:
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await self.process(name).program.probe()
            except (NotReadyError, OSError) as reason:
                return f"{name}: {reason or type(reason).__name__}"
        return ""


@dataclass(frozen=True)
class Fault:
    """A fault by its kind, by which the report counts it."""

    kind: str
    name: str
    inflict: Callable[[Ground], Awaitable[None]]
