"""The journal: one entry a command is the outbox row, the idempotency record and the audit row at once.

See shared/decisions/0001-journal.md. An entry is written in the transaction of the change it tells of and never
altered; only its two marks are taken away, and they stand outside the hash: `pending` once Kafka has acknowledged its
messages, `unsealed` once a checkpoint tells of it outside the database.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

import orjson
from kernel import Event, SignedEvent, bounds, derived_id

from chassis.mongo import Collection, Database, Document
from chassis.telemetry import current_traceparent

JOURNAL = "journal"
UNSEALED = "unsealed"
OUTSIDE_HASH = frozenset({"hash", "pending", UNSEALED})
Provenance = Literal["recorded", "migrated"]


class Publication(Protocol):
    """A public event's body, as a service's `publishing` makes it."""

    TYPE: ClassVar[str]

    def model_dump_json(self) -> str:
        """The body as JSON text."""
        ...


@dataclass(frozen=True)
class Actor:
    """Who gave the command: a person's or portal's subject, or `service:<name>` for a policy."""

    id: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Authority:
    """The obligation by which somebody acts on a sponsor's behalf, and the agreement that transferred it."""

    obligation: str
    agreement: str


@dataclass(frozen=True)
class Context:
    """What surrounds a command: its identity, who gave it and why, and what it followed from.

    `governed`: somebody's act, which an obligation may govern. A consequence of an event is none, and goes on under the
    `authority` of its cause; nor is history that is taken over.
    """

    command_id: str
    actor: Actor
    provenance: Provenance = "recorded"
    reason: str | None = None
    fingerprint: str | None = None
    expected_version: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str = field(default_factory=current_traceparent)
    governed: bool = True
    authority: Authority | None = None


@dataclass(frozen=True)
class Owner:
    """Whose data an aggregate is."""

    sponsor: str
    study: str


@dataclass(frozen=True)
class Change:
    """One aggregate before and after one command, ready to be written down."""

    service: str
    aggregate: str
    aggregate_id: str
    owner: Owner
    version_before: int
    events: Sequence[Event]
    publications: Sequence[Publication | None]
    recorded_at: datetime
    previous_hash: str | None
    answer: Mapping[str, Any] | None

    @property
    def version_after(self) -> int:
        """One version an event."""
        return self.version_before + len(self.events)

    @property
    def subject(self) -> str:
        """The aggregate in the words of the envelope."""
        return f"{self.aggregate}/{self.aggregate_id}"


def entry_of(change: Change, context: Context) -> Document:
    """The journal entry of a change; `hash` covers everything but the marks, and through `prev_hash` all before it."""
    messages = [_message(change, context, index) for index, made in enumerate(change.publications) if made is not None]
    entry: Document = {
        "_id": context.command_id,
        "sponsor": change.owner.sponsor,
        "study": change.owner.study,
        "aggregate": {"type": change.aggregate, "id": change.aggregate_id},
        "version": {"before": change.version_before, "after": change.version_after},
        "events": [{"type": type(event).__name__, **event.model_dump(mode="json")} for event in change.events],
        "messages": messages,
        "actor": {"id": context.actor.id, "roles": list(context.actor.roles)},
        "on_behalf_of": change.owner.sponsor,
        "reason": context.reason,
        "signature": _signature(change.events),
        "provenance": context.provenance,
        "occurred_at": change.events[-1].occurred_at,
        "recorded_at": change.recorded_at,
        "fingerprint": context.fingerprint,
        "answer": change.answer,
        "trace": context.traceparent,
        "prev_hash": change.previous_hash,
    }
    if context.authority is not None:
        entry["authority"] = asdict(context.authority)
    return {**entry, "hash": entry_hash(entry), UNSEALED: True, **({"pending": True} if messages else {})}


def _signature(events: Sequence[Event]) -> Document | None:
    """The signature by which the command was given; a command is one act and has one at most."""
    signed = [event.signature.model_dump(mode="json") for event in events if isinstance(event, SignedEvent)]
    return signed[0] if signed else None


def entry_hash(entry: Mapping[str, Any]) -> str:
    """SHA-256 of the entry in canonical JSON (sorted keys, UTF-8), without `hash` and the marks."""
    told = {name: value for name, value in entry.items() if name not in OUTSIDE_HASH}
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)).hexdigest()


def event_id(subject: str, version: int) -> str:
    """The id of an aggregate's n-th event; derived, so that a repeated transaction cannot invent a second identity."""
    return derived_id("event", subject, str(version))


def journal_of(database: Database) -> Collection:
    """The journal of a service."""
    return database.collection(JOURNAL)


async def ensure_journal(database: Database) -> None:
    """Make the journal's indexes: the outbox's, the sealer's, and those for the history of an aggregate or a study."""
    journal = journal_of(database)
    await journal.ensure_index([("recorded_at", 1), ("version.after", 1), (UNSEALED, 1)], where={UNSEALED: True})
    await journal.ensure_index([("recorded_at", 1), ("version.after", 1)], where={"pending": True})
    await journal.ensure_index([("aggregate.id", 1), ("version.after", 1)])
    await journal.ensure_index([("study", 1), ("recorded_at", 1), ("version.after", 1), ("_id", 1)])


def _message(change: Change, context: Context, index: int) -> Document:
    event, publication = change.events[index], change.publications[index]
    assert publication is not None, "only what is published has a message"
    version = change.version_before + index + 1
    recorded = _rfc3339(change.recorded_at)
    headers = {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": event_id(change.subject, version),
        "ce_source": f"/studyline/{change.service}",
        "ce_type": publication.TYPE,
        "ce_subject": change.subject,
        "ce_time": _rfc3339(bounds(event.occurred_at)[0]) if event.occurred_at else recorded,
        "ce_sponsor": change.owner.sponsor,
        "ce_study": change.owner.study,
        "ce_aggregateversion": str(version),
        "ce_recordedtime": recorded,
        "ce_provenance": context.provenance,
        "ce_correlationid": context.correlation_id or context.command_id,
        "ce_causationid": context.causation_id or context.command_id,
        "traceparent": context.traceparent,
    }
    if event.occurred_at is not None:
        headers["ce_occurredtime"] = event.occurred_at
    if context.authority is not None:
        headers |= {"ce_obligation": context.authority.obligation, "ce_agreement": context.authority.agreement}
    return {"key": change.owner.study, "headers": headers, "body": publication.model_dump_json()}


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
