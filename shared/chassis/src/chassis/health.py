"""Health: readiness says whether the service can work now, liveness whether only a restart will help.

Liveness looks at `vital` checks alone, which measure progress: an outage of Kafka or MongoDB is no reason to
restart a service that will go on by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse

CHECK_LIMIT_SECONDS = 2.0

Check = Callable[[], Awaitable[str]]
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class Unhealthy(Exception):  # noqa: N818 - a state, not a mistake
    """Raised by a check; its text is shown to whoever asks, so it must not name internals."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found."""

    ok: bool
    detail: str


class Health:
    """The named checks of one service."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._vital: set[str] = set()
        self._spared: set[str] = set()

    def register(self, name: str, check: Check, *, vital: bool = False, spared: bool = False) -> None:
        """Add a check: it returns a short detail when all is well and raises `Unhealthy` when not.

        `vital` makes liveness fail with it, so keep that for stalled progress which only a restart cures. What is
        `spared` the service can go on without: readiness tells of it and does not fail with it.
        """
        self._checks[name] = check
        if vital:
            self._vital.add(name)
        if spared:
            self._spared.add(name)

    async def outcomes(self, *, vital_only: bool = False) -> dict[str, Outcome]:
        """Run the checks at the same time, each for at most two seconds."""
        chosen = {name: check for name, check in self._checks.items() if not vital_only or name in self._vital}
        found = await asyncio.gather(*(_run(name, check) for name, check in chosen.items()))
        return dict(zip(chosen, found, strict=True))

    def router(self) -> APIRouter:
        """Give `GET /health/live` and `GET /health/ready`."""
        router = APIRouter(prefix="/health", tags=["health"])

        @router.get("/live", responses=_responses("alive", "stalled"))
        async def read_liveness() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
            return _answer(await self.outcomes(vital_only=True), good="alive", bad="stalled")

        @router.get("/ready", responses=_responses("ready", "not_ready"))
        async def read_readiness() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
            return _answer(await self.outcomes(), good="ready", bad="not_ready", spared=self._spared)

        return router


async def _run(name: str, check: Check) -> Outcome:
    try:
        async with asyncio.timeout(CHECK_LIMIT_SECONDS):
            return Outcome(ok=True, detail=await check())
    except Unhealthy as unhealthy:
        return Outcome(ok=False, detail=str(unhealthy))
    except TimeoutError:
        return Outcome(ok=False, detail=f"no answer within {CHECK_LIMIT_SECONDS:g} s")
    except Exception as error:  # noqa: BLE001 - a check that breaks is a failed check
        _log.warning("health check broke", check=name, exc_info=error)
        return Outcome(ok=False, detail=f"the check failed ({type(error).__name__}); see the logs")


def _answer(outcomes: dict[str, Outcome], *, good: str, bad: str, spared: Collection[str] = ()) -> JSONResponse:
    failing = {name for name, outcome in outcomes.items() if not outcome.ok}
    healthy = failing <= set(spared)
    checks = {name: {"ok": outcome.ok, "detail": outcome.detail} for name, outcome in outcomes.items()}
    status = (good if not failing else "degraded") if healthy else bad
    return JSONResponse({"status": status, "checks": checks}, status_code=200 if healthy else 503)


def _responses(good: str, bad: str) -> dict[int | str, dict[str, object]]:
    return {status: {"description": text} for status, text in ((200, good), (503, bad))}
