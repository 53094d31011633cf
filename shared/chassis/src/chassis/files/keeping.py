"""What a service that keeps files does beside its requests: reach the stores, tell of them, sweep."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog

from chassis.files.blobs import BlobsAway
from chassis.files.store import Files
from chassis.files.sweeping import Sweeper, sweeping
from chassis.health import Health, Unhealthy

RETRY_SECONDS: Final = 1.0

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


@dataclass
class _Stores:
    files: Files
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def reach(self) -> None:
        while not self.reached.is_set():
            try:
                await self.files.reach()
            except BlobsAway as away:
                _log.warning("not there yet", step="files", detail=away.reason)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.reached.set()

    async def check_start(self) -> str:
        if not self.reached.is_set():
            raise Unhealthy("waits for the stores of files: see the check of files")
        return "were reached"

    async def check(self) -> str:
        try:
            await self.files.check()
        except BlobsAway as away:
            raise Unhealthy(away.reason) from away
        return f"answer; new files go to {self.files.store}"


@asynccontextmanager
async def keeping(sweeper: Sweeper, health: Health) -> AsyncGenerator[None]:
    """Keep files while the context is open. Not ready before every store was reached; an outage later is only told."""
    stores = _Stores(sweeper.files)
    health.register("files", stores.check, spared=True)
    health.register("files at start", stores.check_start)
    reaching = asyncio.create_task(stores.reach())
    try:
        async with sweeping(sweeper):
            yield
    finally:
        reaching.cancel()
        await asyncio.gather(reaching, return_exceptions=True)
