"""`/v1/journal`: the audit trail over HTTP, for who inspects. Every service that has a journal has it.

What is shown is what was written with the change; nothing is looked up elsewhere. The stored answer is left out: it is
the state after the events, which are shown.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from chassis.http import fields
from chassis.http.auth import Principal, requires
from chassis.http.fields import Given
from chassis.http.paging import Page, PageRequest, Paging, beyond, encode_cursor
from chassis.http.roles import Role
from chassis.journal import UNSEALED, event_id, journal_of
from chassis.mongo import Database, Document
from chassis.problems import FieldError, Problem
from chassis.scope import Scope

ORDER: Final = ("recorded_at", "version.after", "_id")
"""Within an aggregate `recorded_at` never goes back."""

Inspector = Annotated[Principal, Depends(requires(Role.QUALITY, Role.OPERATIONS, Role.ADMIN, Role.SPONSOR))]


class Shown(BaseModel):
    """A part of an entry."""

    model_config = ConfigDict(frozen=True)


class AggregateName(Shown):
    """What was changed."""

    type: str
    id: str


class Versions(Shown):
    """The aggregate's version before and after; one more an event."""

    before: int
    after: int


class Who(Shown):
    """Who gave the command: a subject of the issuer, or `service:<name>` where an event led to it."""

    id: str
    roles: tuple[str, ...]


class ActedUnder(Shown):
    """The obligation by which was acted, and the agreement that transferred it from the sponsor."""

    obligation: str
    agreement: str


class Recorded(Shown):
    """One event: its id, under which it is published, and all that it says; the ids of its evidence among it."""

    id: str
    type: str
    facts: dict[str, Any]


class JournalEntry(Shown):
    """One command that changed something: who, when, why, and from which version to which by which events."""

    command_id: str
    aggregate: AggregateName
    sponsor_id: str
    study_id: str
    version: Versions
    events: tuple[Recorded, ...]
    actor: Who
    on_behalf_of: str = Field(description="The sponsor for whom it was done.")
    authority: ActedUnder | None = Field(description="By which transferred obligation; null where none governs it.")
    reason: str | None
    provenance: str
    occurred_at: str | None = Field(description="Business time: when it happened, as far as it is known.")
    recorded_at: datetime = Field(description="When the platform learned of it, UTC.")
    previous_hash: str | None = Field(description="Hash of the aggregate's entry before; null for its first.")
    hash: str = Field(description="SHA-256 of the whole entry in canonical JSON.")
    sealed: bool = Field(description="Whether a signed checkpoint outside the database tells of it.")

    @classmethod
    def of(cls, entry: Document) -> "JournalEntry":
        """From the entry as it is stored."""
        same = ("aggregate", "version", "actor", "on_behalf_of", "reason", "provenance", "occurred_at", "recorded_at")
        return cls(
            command_id=entry["_id"],
            sponsor_id=entry["sponsor"],
            study_id=entry["study"],
            events=tuple(_events(entry)),
            previous_hash=entry["prev_hash"],
            hash=entry["hash"],
            sealed=UNSEALED not in entry,
            authority=entry.get("authority"),
            **{name: entry[name] for name in same},
        )


def journal_router(database: Database) -> APIRouter:
    """The route of the journal."""
    routes = APIRouter(prefix="/v1/journal", tags=["journal"])

    @routes.get("")
    async def read_journal(  # pyright: ignore[reportUnusedFunction]
        caller: Inspector, wanted: Paging, aggregate: Given = None, study: Given = None
    ) -> Page[JournalEntry]:
        """The audit trail of an aggregate (its id, or `type/id`) or of a study, the oldest entry first.

        Entries of sponsors and studies that the caller may not see are not there, as if there were none.
        """
        if aggregate is None and study is None:
            raise _boundless()
        return await page(database, caller.scope, {"aggregate": aggregate, "study": study}, wanted)

    return routes


async def page(
    database: Database, scope: Scope, asked: dict[str, str | None], wanted: PageRequest
) -> Page[JournalEntry]:
    """A page of the journal in the order in which it was recorded."""
    filters = fields.condition_of(asked)
    after = wanted.after(filters, values=len(ORDER))
    condition = {"$and": [_condition(filters), *([beyond(ORDER, after)] if after else [])]}
    order = [(name, 1) for name in ORDER]
    found = await journal_of(database).find(scope, condition, sort=order, limit=wanted.limit + 1)
    items, more = found[: wanted.limit], len(found) > wanted.limit
    following = encode_cursor(_place(items[-1]), filters) if more else None
    return Page(items=[JournalEntry.of(one) for one in items], next=following)


def _condition(filters: dict[str, str]) -> Document:
    condition: Document = {"study": filters["study"]} if "study" in filters else {}
    if "aggregate" in filters:
        kind, _, key = filters["aggregate"].rpartition("/")
        condition |= {"aggregate.id": key, **({"aggregate.type": kind} if kind else {})}
    return condition


def _place(entry: Document) -> Sequence[Any]:
    return [entry["recorded_at"], entry["version"]["after"], entry["_id"]]


def _events(entry: Document) -> list[Recorded]:
    subject, before = f"{entry['aggregate']['type']}/{entry['aggregate']['id']}", entry["version"]["before"]
    return [
        Recorded(
            id=event_id(subject, version),
            type=event["type"],
            facts={name: value for name, value in event.items() if name != "type"},
        )
        for version, event in enumerate(entry["events"], start=before + 1)
    ]


def _boundless() -> Problem:
    expected = "an aggregate's id, or a study's"
    errors = [FieldError(name, "is missing", expected, "query") for name in ("aggregate", "study")]
    return Problem(422, "invalid", "Name an aggregate or a study: the journal is not shown whole.", errors=errors)
