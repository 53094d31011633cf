"""What the platform kept: journals and states, every topic from its first record, and what reporting shows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ledger import Operation


@dataclass(frozen=True)
class Entry:
    """A journal entry: the versions it covers, and the events that it owes to Kafka as (version, event id)."""

    service: str
    command_id: str
    aggregate: str
    before: int
    after: int
    told: tuple[tuple[int, str], ...]
    pending: bool = False


@dataclass(frozen=True)
class Kept:
    """An aggregate's stored state, of which only the version counts here."""

    service: str
    aggregate: str
    version: int


@dataclass(frozen=True)
class Told:
    """A record in Kafka, in the order of its partition; `digest` is that of its body."""

    event_id: str
    aggregate: str
    version: int
    digest: str


@dataclass(frozen=True)
class Tally:
    """The same thing counted where it comes from and where it is shown."""

    what: str
    source: int
    shown: int


@dataclass
class Evidence:
    """All of it. `shown` are the event ids of reporting's timeline, as often as they are in it."""

    operations: Sequence[Operation]
    entries: Sequence[Entry]
    kept: Sequence[Kept]
    told: Sequence[Told]
    shown: Sequence[str]
    tallies: Sequence[Tally] = field(default_factory=tuple[Tally, ...])
    stalls: Sequence[str] = field(default_factory=tuple[str, ...])
