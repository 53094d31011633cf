"""The layout of a stack's data directory, and how it is found."""

import os
from dataclasses import dataclass
from pathlib import Path

DIRECTORY_NAME = ".studyline"


@dataclass(frozen=True)
class Layout:
    """Every path of one stack. The directory belongs to its user alone (mode 0700)."""

    root: Path

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.root / "logs"

    @property
    def mongodb(self) -> Path:
        """The key file of MongoDB's replica set, and the data of its only member where there is one."""
        return self.root / "mongodb"

    @property
    def kafka(self) -> Path:
        """The id of Kafka's cluster, and configuration and data of its only member where there is one."""
        return self.root / "kafka"

    @property
    def replicas(self) -> Path:
        """How many members MongoDB and Kafka have."""
        return self.root / "replicas"

    def member(self, name: str) -> Path:
        """Configuration and data of one member of MongoDB or Kafka."""
        folder = self.root / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def issuer(self) -> Path:
        """The development issuer's signing key and its clients."""
        return self.root / "issuer"

    @property
    def state(self) -> Path:
        """Present addresses and process ids; rewritten whenever one changes."""
        return self.root / "stack.json"

    @property
    def ports(self) -> Path:
        """The ports of the last start, so that the next one takes them again."""
        return self.root / "ports.json"

    @property
    def passwords(self) -> Path:
        """The passwords of MongoDB's users."""
        return self.root / "passwords.json"

    @property
    def lock(self) -> Path:
        """Locked for as long as a stack runs on this directory."""
        return self.root / "lock"

    def create(self) -> None:
        """Make the directory and its parts where they are missing."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)
        for part in (self.logs, self.mongodb, self.kafka, self.issuer):
            part.mkdir(mode=0o700, exist_ok=True)


def find_layout(chosen: Path | None) -> Layout:
    """Take the chosen directory, else the nearest `.studyline` here or above, else one to be made here."""
    if chosen is not None:
        return Layout(chosen.expanduser().resolve())
    here = Path.cwd()
    existing = (folder / DIRECTORY_NAME for folder in (here, *here.parents))
    return Layout(next((path for path in existing if path.is_dir()), here / DIRECTORY_NAME))


def cache_directory() -> Path:
    """Give the place for what can be fetched again, by the XDG base directory specification."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base else Path.home() / ".cache") / "studyline"


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner can read it."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
