"""Kafka's jars: fetched once from the ordinary Java package registry, checked, kept in the cache directory.

`kafka.lock` names every jar and its SHA-256: nothing but the reviewed files ever runs, and no dependency has
to be resolved at start. `python -m studyline.jars` writes it anew after a change of KAFKA or LOGGING.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from studyline.errors import StackError
from studyline.paths import cache_directory

KAFKA_VERSION = "4.1.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
LOCK = Path(__file__).with_name("kafka.lock")
SIMULTANEOUS_DOWNLOADS = 16
LEFT_OUT_SCOPES = ("test", "provided")


def kafka_jars() -> Path:
    """Give the folder with Kafka's jars; fetch them the first time.

    Raises StackError when they are not in the cache and cannot be fetched, or are not the reviewed ones.
    """
    folder = cache_directory() / f"kafka-{KAFKA_VERSION}-{_digest(LOCK)[:8]}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        _fetch_all(folder)
    return folder


def _fetch_all(folder: Path) -> None:
    """Fill a draft and rename it, so that an interrupted fetch leaves nothing half done."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        draft = Path(name)
        registry = MavenContext(repo_cache=draft / "fetched")
        jars = draft / "jars"
        jars.mkdir()
        with ThreadPoolExecutor(SIMULTANEOUS_DOWNLOADS) as pool:
            list(pool.map(partial(_fetch, registry, into=jars), _locked()))
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
    if _digest(fetched) != digest:
        message = f"Kafka's package {coordinate} is not the file that {LOCK.name} names and is refused: try later"
        raise StackError(message)
    shutil.copyfile(fetched, into / fetched.name)


def _locked() -> Iterable[tuple[str, str]]:
    for line in LOCK.read_text().splitlines():
        coordinate, digest = line.split()
        yield coordinate, digest


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
    return f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {_digest(artifact.resolve())}\n"


if __name__ == "__main__":
    write_lock()
