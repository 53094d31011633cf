"""The sweep of orphaned files: one replica at a time, by lease, once an hour."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from chassis import clock
from chassis.files.blobs import BlobsAway
from chassis.files.store import Files, Held
from chassis.lease import Lease
from chassis.mongo import Database, PyMongoError

SWEEP_SECONDS: Final = 3_600.0
LOOK_SECONDS: Final = 5.0

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True)
class Sweeper:
    """Removes files that nothing holds; `held` asks the service's aggregates."""

    database: Database
    files: Files
    held: Held
    instance: str | None

    async def run(self) -> None:
        """Sweep until cancelled; an outage only puts it off."""
        lease = Lease(self.database, "files", self.instance or clock.new_id())
        due = clock.monotonic()
        try:
            while True:
                if await self._holds(lease) and clock.monotonic() >= due:
                    due = clock.monotonic() + SWEEP_SECONDS
                    await self._sweep()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            if lease.is_held:
                await lease.release()

    async def _holds(self, lease: Lease) -> bool:
        try:
            return await lease.hold()
        except PyMongoError:
            return False

    async def _sweep(self) -> None:
        try:
            swept = await self.files.sweep(self.held)
        except (PyMongoError, BlobsAway) as error:
            _log.warning("orphaned files are swept later", error=type(error).__name__, detail=str(error)[:200])
            return
        if swept:
            _log.info("orphaned files swept", files=swept)


@asynccontextmanager
async def sweeping(sweeper: Sweeper) -> AsyncGenerator[None]:
    """Sweep while the context is open."""
    task = asyncio.create_task(sweeper.run())
    task.add_done_callback(_tell)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.critical("orphaned files are swept no more until the service starts again", exc_info=error)
