"""Fetching Kafka's jars from the ordinary Java package registry. Loaded only when they are not there yet.

`python -m studyline.jar_registry` writes `kafka.lock` anew after a change of the versions.
"""

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from studyline.errors import StackError
from studyline.jars import KAFKA, LOCK, LOGGING, digest_of, locked_jars
from studyline.paths import cache_directory

SIMULTANEOUS_DOWNLOADS = 16
LEFT_OUT_SCOPES = ("test", "provided")


def fetch_jars(folder: Path) -> None:
    """Fill a draft and rename it, so that an interrupted fetch leaves nothing half done. Raises StackError."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        draft = Path(name)
        registry = MavenContext(repo_cache=draft / "fetched")
        jars = draft / "jars"
        jars.mkdir()
        with ThreadPoolExecutor(SIMULTANEOUS_DOWNLOADS) as pool:
            list(pool.map(partial(_fetch, registry, into=jars), locked_jars()))
        if not folder.exists():
            jars.rename(folder)


def _fetch(registry: MavenContext, wanted: tuple[str, str], *, into: Path) -> None:
    coordinate, digest = wanted
    try:
        fetched = registry.create_dependency(coordinate).artifact.resolve()
    except (OSError, RuntimeError) as error:
        message = (
            f"Kafka's package {coordinate} could not be fetched ({type(error).__name__}): the first start "
            "needs a connection to the Java package registry; "
            f"later ones use the copy in {cache_directory()}"
        )
        raise StackError(message) from error
    if digest_of(fetched) != digest:
        message = f"Kafka's package {coordinate} is not the file that {LOCK.name} names and is refused: try later"
        raise StackError(message)
    shutil.copyfile(fetched, into / fetched.name)


def write_lock() -> None:
    """Resolve Kafka's jars, add its logging back end, and note every jar with its digest."""
    with tempfile.TemporaryDirectory() as name:
        registry = MavenContext(repo_cache=Path(name))
        kafka, logging = (registry.create_dependency(coordinate) for coordinate in (KAFKA, LOGGING))
        # Resolved alone: beside another package, the resolver lets that one's version rules change Kafka's.
        chosen, transitive = registry.resolver.resolve([kafka])
        needed = [*chosen, *(entry for entry in transitive if entry.scope not in LEFT_OUT_SCOPES), logging]
        lines = sorted({_lock_line(entry.artifact) for entry in needed})
    LOCK.write_text("".join(lines))


def _lock_line(artifact: Artifact) -> str:
    return f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {digest_of(artifact.resolve())}\n"


if __name__ == "__main__":
    write_lock()
