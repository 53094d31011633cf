"""Fetching jars from the ordinary Java package registry. Loaded only when they are not there yet.

`python -m studyline.jar_registry` writes `kafka.lock` anew after a change of the versions.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from studyline.errors import StackError
from studyline.jars import KAFKA, KAFKA_JARS, LOGGING, JarSet, digest_of
from studyline.paths import cache_directory

SIMULTANEOUS_DOWNLOADS = 16
LEFT_OUT_SCOPES = ("test", "provided")


def fetch_jars(jars: JarSet, folder: Path) -> None:
    """Fill a draft and rename it, so that an interrupted fetch leaves nothing half done. Raises StackError."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        draft = Path(name)
        registry = MavenContext(repo_cache=draft / "fetched")
        into = draft / "jars"
        into.mkdir()
        with ThreadPoolExecutor(SIMULTANEOUS_DOWNLOADS) as pool:
            list(pool.map(partial(_fetch, registry, jars, into=into), jars.locked()))
        if not folder.exists():
            into.rename(folder)


def _fetch(registry: MavenContext, jars: JarSet, wanted: tuple[str, str], *, into: Path) -> None:
    coordinate, digest = wanted
    try:
        fetched = registry.create_dependency(coordinate).artifact.resolve()
    except (OSError, RuntimeError) as error:
        message = (
            f"The package {coordinate} could not be fetched ({type(error).__name__}): the first start "
            "needs a connection to the Java package registry; "
            f"later ones use the copy in {cache_directory()}"
        )
        raise StackError(message) from error
    if digest_of(fetched) != digest:
        message = f"The package {coordinate} is not the file that {jars.lock.name} names and is refused: try later"
        raise StackError(message)
    shutil.copyfile(fetched, into / fetched.name)


def write_lock(lock: Path, roots: Sequence[str], alone: Sequence[str]) -> None:
    """Note every jar that the `roots` need, and those named `alone` without theirs, each with its digest."""
    with tempfile.TemporaryDirectory() as name:
        registry = MavenContext(repo_cache=Path(name))
        needed = [artifact for root in roots for artifact in _needed(registry, root)]
        named = [registry.create_dependency(coordinate).artifact for coordinate in alone]
        lock.write_text("".join(sorted({_lock_line(artifact) for artifact in [*needed, *named]})))


def _needed(registry: MavenContext, root: str) -> Iterator[Artifact]:
    # Resolved alone: beside another package, the resolver lets that one's version rules change this one's.
    chosen, transitive = registry.resolver.resolve([registry.create_dependency(root)])
    yield from (entry.artifact for entry in chosen)
    yield from (entry.artifact for entry in transitive if entry.scope not in LEFT_OUT_SCOPES)


def _lock_line(artifact: Artifact) -> str:
    return f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {digest_of(artifact.resolve())}\n"


if __name__ == "__main__":
    write_lock(KAFKA_JARS.lock, [KAFKA], [LOGGING])
