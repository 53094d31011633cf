"""The ledger: what was asked of the platform and what it answered, kept outside of it and flushed to disk at once.

An operation is invoked, then tried until it is ok or failed; a try without a definite answer is unknown. The services
know nothing of the ledger, so what it says can be held against what they kept.
"""

import itertools
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Literal, Self

from chassis import clock

Outcome = Literal["invoked", "ok", "failed", "unknown"]
UNFORESEEN: Final = "unforeseen: "
"""How the detail of an answer begins that no caller should ever get."""


@dataclass(frozen=True)
class Fact:
    """One line: an operation, named by the command id that its Idempotency-Key leads to, and what became of it.

    `doomed` is one that a rule must refuse.
    """

    at: float
    command_id: str
    service: str
    outcome: Outcome
    aggregate: str = ""
    version: int = 0
    seconds: float = 0.0
    detail: str = ""
    doomed: bool = False


@dataclass
class Operation:
    """What the ledger's lines say of one operation."""

    command_id: str
    service: str
    outcome: Outcome = "invoked"
    aggregate: str = ""
    version: int = 0
    unknown_tries: int = 0
    doomed: bool = False
    detail: str = ""
    unforeseen: list[str] = field(default_factory=list[str])


class Ledger:
    """An append-only file; each line is on the disk before the caller goes on."""

    def __init__(self, path: Path) -> None:
        """Open the file at its end."""
        self._file = path.open("a")

    def write(self, fact: Fact) -> None:
        """Append one line and force it to the disk."""
        self._file.write(json.dumps(asdict(fact)) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        """Use as a context, which closes the file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()


def read(path: Path) -> list[Fact]:
    """Every line, in order."""
    return [Fact(**json.loads(line)) for line in path.read_text().splitlines()]


def operations_of(facts: Iterable[Fact]) -> list[Operation]:
    """Each operation with its last outcome."""
    operations: dict[str, Operation] = {}
    for fact in facts:
        operation = operations.setdefault(fact.command_id, Operation(fact.command_id, fact.service))
        operation.outcome, operation.doomed, operation.detail = fact.outcome, fact.doomed, fact.detail
        operation.unforeseen += [fact.detail] if fact.detail.startswith(UNFORESEEN) else []
        operation.unknown_tries += fact.outcome == "unknown"
        if fact.outcome == "ok":
            operation.aggregate, operation.version = fact.aggregate, fact.version
    return list(operations.values())


def longest_stall(facts: Iterable[Fact]) -> float:
    """The longest time, in seconds, in which nothing was answered with ok."""
    moments = [fact.at for fact in facts if fact.outcome == "ok"]
    return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)


def now() -> float:
    """The ledger's time, in seconds on a clock that never goes back."""
    return clock.monotonic()
