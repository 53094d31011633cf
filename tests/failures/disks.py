"""Small disks for single members, which a fault fills: files with a file system, where the machine allows that."""

import asyncio
import os
import subprocess
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from ground import LOOK_SECONDS, Fault, Ground
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from studyline.paths import Layout
from studyline.replica_set import member_uris

DISK_BYTES: Final = 6 * 1_024**3
BALLAST: Final = "ballast"
FULL_SECONDS: Final = 12.0
NOTICED_WITHIN_SECONDS: Final = 30.0
STEPS_BYTES: Final = (256 * 1_024**2, 1_024**2, 4_096)


class NoDisksError(Exception):
    """The machine does not allow file systems of our own; the text says why."""


@contextmanager
def small_disks(layout: Layout, images: Path, members: Sequence[str]) -> Generator[Mapping[str, Path]]:
    """Give each of these members a disk of its own, before it is started. Raises NoDisksError where that cannot be."""
    mounted: dict[str, Path] = {}
    layout.create()
    images.mkdir()
    try:
        for name in members:
            mounted[name] = _mounted(images / f"{name}.img", layout.member(name))
        yield mounted
    finally:
        for place in mounted.values():
            _run("umount", os.fspath(place))


def _mounted(image: Path, place: Path) -> Path:
    if os.geteuid() != 0:
        raise NoDisksError("only root may mount a file system")
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    _run("mkfs.ext4", "-q", "-m", "0", os.fspath(image))
    _run("mount", "-o", "loop", os.fspath(image), os.fspath(place))
    return place


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the words are ours
    except OSError as error:
        raise NoDisksError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        raise NoDisksError(f"{command[0]}: {done.stderr.strip()}")


async def fill(name: str, ground: Ground) -> None:
    """Fill a member's disk until it notices, and for a while longer; then free the space again."""
    ballast = ground.disks[name] / BALLAST
    before = ground.pid(name)
    await asyncio.to_thread(_take_all, ballast)
    try:
        async with asyncio.timeout(NOTICED_WITHIN_SECONDS):
            while ground.pid(name) == before:
                await _need_space(name, ground)
                await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(FULL_SECONDS)
    except TimeoutError:
        ground.missed.append(f"full disk of {name}")
    finally:
        ballast.unlink()


def _take_all(ballast: Path) -> None:
    with ballast.open("wb") as file:
        size = 0
        for step in STEPS_BYTES:
            with suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step


async def _need_space(name: str, ground: Ground) -> None:
    """Let MongoDB write a checkpoint, which it would else do once a minute; Kafka needs space at the next record."""
    if name in ground.databases:
        uri = member_uris(ground.stack.addresses.mongodb)[ground.databases.index(name)]
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, serverSelectionTimeoutMS=1_000)
        try:
            await client.admin.command("fsync")
        except PyMongoError:
            # That it cannot is what this is about.
            return
        finally:
            await client.close()


def faults_of_disks(ground: Ground) -> Iterable[Fault]:
    """One for each small disk."""
    for name in ground.disks:
        yield Fault("disk full", f"full disk of {name}", partial(fill, name))
