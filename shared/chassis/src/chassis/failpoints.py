"""Named points at which the fault rig lets a service fail: killed, paused, or with an error; nothing in production.

Where STUDYLINE_FAILPOINTS names a folder and the environment is development, a file `<service>.<point>` in it arms a
point once: `kill`, `error`, or `pause <seconds>`. Whoever reaches the point first takes the file away and obeys it.
STUDYLINE_CLOCK_OFFSET_SECONDS shifts the process' wall clock, in development too and nowhere else.
"""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pymongo.errors import PyMongoError

from chassis import clock
from chassis.settings import ServiceSettings

KILLED = 137


class FailpointError(PyMongoError):
    """The error that an armed point raises: an outage as the database's driver would tell of it."""


@dataclass
class _Armoury:
    folder: Path | None = None
    service: str = ""


_armoury = _Armoury()


def configure(service: str, settings: ServiceSettings) -> None:
    """Let this process look for armed points, and live at a shifted time, where its settings allow that."""
    in_development = settings.environment == "development"
    _armoury.service = service
    _armoury.folder = settings.failpoints if in_development else None
    clock.shift(settings.clock_offset_seconds if in_development else 0.0)


async def reach(point: str) -> None:
    """Pass a named point. Raises FailpointError, waits, or ends the process at once, where it is armed so."""
    if _armoury.folder is not None and (order := _taken(_armoury.folder / f"{_armoury.service}.{point}")):
        await _obey(point, *order.split())


def _taken(file: Path) -> str:
    with suppress(FileNotFoundError):
        order = file.read_text()
        file.unlink()
        return order
    return ""


async def _obey(point: str, action: str, seconds: str = "0") -> None:
    match action:
        case "kill":
            os._exit(KILLED)
        case "pause":
            await asyncio.sleep(float(seconds))
        case _:
            raise FailpointError(f"the fail point {point} was armed")
