"""Replaying: the fold of each aggregate's events in the journal, compared with the state that is stored.

The journal is what verifying vouches for; replaying says whether the state that services act on agrees with it.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, get_args, get_type_hints

import orjson
from kernel import Event, State
from pydantic import ValidationError

from chassis.commands import Aggregate
from chassis.journal import journal_of
from chassis.mongo import Database, Document, Session
from chassis.scope import Scope
from chassis.trail.findings import Finding

AnyAggregate = Aggregate[Any, Any, Any]


@dataclass
class Folded:
    """An aggregate as its events make it."""

    state: State | None = None
    version: int = 0
    hash: str | None = None
    owner: tuple[str, str] = ("", "")


@dataclass
class Replay:
    """Folds one kind of aggregate."""

    aggregate: AnyAggregate
    findings: list[Finding] = field(default_factory=list[Finding])
    _digests: dict[str, str] = field(default_factory=dict[str, str])
    _current: str | None = None
    _folded: Folded = field(default_factory=Folded)

    def __post_init__(self) -> None:
        """Know the events by the names they have in the journal."""
        self._events = events_of(self.aggregate)

    def take(self, entry: Document) -> None:
        """The next entry, sorted by aggregate and version."""
        key = entry["aggregate"]["id"]
        if key != self._current:
            self._close()
            self._current, self._folded = key, Folded()
        try:
            self._fold(entry)
        except Exception as error:  # noqa: BLE001 - a tampered event may break evolve in any way
            detail = f"its events cannot be applied ({type(error).__name__})"
            self.findings.append(Finding("unfoldable", detail, entry["_id"], self._subject(key), self._folded.version))

    async def compare(self, documents: AsyncIterator[Document]) -> None:
        """Compare the folds with the stored documents; what is left of the folds is missing there."""
        self._close()
        async for document in documents:
            key = str(document["_id"])
            expected = self._digests.pop(key, None)
            if expected is None:
                self._note("state_invented", "is stored, and no journal entry tells of it", key)
            elif self._stored(document) != expected:
                self._note("state_differs", "is stored otherwise than its journal entries say", key)
        for key in self._digests:
            self._note("state_missing", "is told of in the journal and not stored", key)

    @property
    def suspects(self) -> list[str]:
        """The aggregates about which there are findings."""
        return list(dict.fromkeys((one.subject or "").partition("/")[2] for one in self.findings))

    def _fold(self, entry: Document) -> None:
        folded = self._folded
        for told in entry["events"]:
            event = self._events[told["type"]].model_validate({k: v for k, v in told.items() if k != "type"})
            folded.state = self.aggregate.evolve(folded.state, event)
        folded.version, folded.hash = entry["version"]["after"], entry["hash"]
        folded.owner = (entry["sponsor"], entry["study"])

    def _close(self) -> None:
        if self._current is not None:
            one = self._folded
            state = one.state.model_dump(mode="json") if one.state is not None else None
            self._digests[self._current] = _digest([one.version, one.hash, *one.owner, state])
            self._current = None

    def _stored(self, document: Mapping[str, Any]) -> str | None:
        try:
            # Read by the model first: it adds what a later release of the state has with a default.
            state = self.aggregate.state.model_validate(document["state"]).model_dump(mode="json")
            owner = (document["sponsor"], document["study"])
            return _digest([document["version"], document["hash"], *owner, state])
        except (ValidationError, KeyError, TypeError):
            return None

    def _subject(self, key: str) -> str:
        return f"{self.aggregate.name}/{key}"

    def _note(self, code: str, detail: str, key: str) -> None:
        self.findings.append(Finding(code, f"{self._subject(key)} {detail}", subject=self._subject(key)))


async def replay(database: Database, aggregates: Iterable[AnyAggregate]) -> list[Finding]:
    """Compare every aggregate of a service with the fold of its events. Reads the whole journal."""
    return list(chain.from_iterable([await _replay_one(database, one) for one in aggregates]))


async def _replay_one(database: Database, aggregate: AnyAggregate) -> list[Finding]:
    replaying = Replay(aggregate)
    everything, order = Scope.everything(), [("aggregate.id", 1), ("version.after", 1)]
    async for entry in journal_of(database).stream(everything, {"aggregate.type": aggregate.name}, sort=order):
        replaying.take(entry)
    collection = database.collection(aggregate.collection)
    await replaying.compare(collection.stream(everything, {}, sort=[("_id", 1)]))
    # A service at work goes on between the two readings: what seemed wrong is looked at again in one snapshot.
    return [one for key in replaying.suspects for one in await _in_one_snapshot(database, aggregate, key)]


async def _in_one_snapshot(database: Database, aggregate: AnyAggregate, key: str) -> list[Finding]:
    async def look(session: Session) -> list[Finding]:
        replaying, everything = Replay(aggregate), Scope.everything()
        wanted = {"aggregate.type": aggregate.name, "aggregate.id": key}
        entries = await journal_of(database).find(everything, wanted, sort=[("version.after", 1)], session=session)
        for entry in entries:
            replaying.take(entry)
        stored = database.collection(aggregate.collection)
        await replaying.compare(_each(await stored.find(everything, {"_id": key}, session=session)))
        return replaying.findings

    return await database.in_transaction(look)


async def _each(documents: Iterable[Document]) -> AsyncIterator[Document]:
    for document in documents:
        yield document


def events_of(aggregate: AnyAggregate) -> dict[str, type[Event]]:
    """The events of an aggregate by their names, read from the annotation of its `evolve`."""
    annotation = get_type_hints(aggregate.evolve)["event"]
    return {one.__name__: one for one in get_args(annotation) or (annotation,)}


def _digest(told: Any) -> str:
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
