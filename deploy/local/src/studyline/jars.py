"""Java programs' jars: fetched once from the ordinary Java package registry, checked, kept in the cache directory.

A lock file names every jar and its SHA-256: nothing but the reviewed files ever runs, and no dependency has to be
resolved at start.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from studyline.paths import cache_directory


@dataclass(frozen=True)
class JarSet:
    """The jars of one program: `name` says which and of what version, `lock` names them all."""

    name: str
    lock: Path

    def folder(self) -> Path:
        """Give the folder with the jars; fetch them the first time.

        Raises StackError when they are not in the cache and cannot be fetched, or are not the reviewed ones.
        """
        folder = cache_directory() / f"{self.name}-{digest_of(self.lock)[:8]}"
        if not folder.exists():
            # Loaded here, because the registry's client takes half a second to load and is needed once.
            from studyline.jar_registry import fetch_jars  # noqa: PLC0415

            folder.parent.mkdir(parents=True, exist_ok=True)
            fetch_jars(self, folder)
        return folder

    def locked(self) -> Iterable[tuple[str, str]]:
        """The reviewed jars: coordinate and SHA-256."""
        for line in self.lock.read_text().splitlines():
            coordinate, digest = line.split()
            yield coordinate, digest


KAFKA_VERSION = "4.1.0"
KAFKA = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"
KAFKA_JARS = JarSet(f"kafka-{KAFKA_VERSION}", Path(__file__).with_name("kafka.lock"))


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
