"""One transaction's view of the aggregates: what was loaded is loaded once, what changed is written once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from kernel import Command, Event, Reason, Refused, State

from chassis import clock, failpoints
from chassis.instructions import Aggregate, Authorise, Builder, Instruction, Outcome, given, ungoverned
from chassis.journal import Change, Context, entry_of, journal_of
from chassis.mongo import Database, Document, Replacement, Session, UpdateOne
from chassis.patience import went_on
from chassis.problems import Problem, not_found, stale
from chassis.scope import Scope

__all__ = ["Aggregate", "Authorise", "Builder", "Instruction", "Outcome", "Unit", "given", "ungoverned"]

S = TypeVar("S", bound=State)
TURNS = "turns"


@dataclass
class _Held:
    """An aggregate inside a unit: its state, its version, and the end of its journal chain."""

    state: State | None
    version: int = 0
    version_stored: int = 0
    foreign: bool = False
    document: Document = field(default_factory=dict[str, Any])


class Unit:
    """One transaction's view: what was loaded is loaded once, what changed is written once."""

    def __init__(self, database: Database, scope: Scope, session: Session, authorise: Authorise = ungoverned) -> None:
        """Begin within the scope; everything outside it does not exist."""
        self._authorise = authorise
        self._database, self._scope, self._session = database, scope, session
        self._held: dict[tuple[str, str], _Held] = {}
        self._read: dict[tuple[str, str], list[Document]] = {}
        self._turns: set[str] = set()
        self.entries: list[Document] = []

    async def find(self, aggregate: Aggregate[S, Any, Any], aggregate_id: str) -> S | None:
        """The state of an aggregate, or None where there is none within the scope."""
        if (aggregate.collection, aggregate_id) not in self._held:
            await self.preload(aggregate, [aggregate_id])
        state: Any = self._held[aggregate.collection, aggregate_id].state
        return state

    async def require(self, aggregate: Aggregate[S, Any, Any], aggregate_id: str) -> S:
        """The state of an aggregate. Raises the 404 problem, also where another sponsor's is meant."""
        state = await self.find(aggregate, aggregate_id)
        if state is None:
            raise not_found(aggregate.name, aggregate_id)
        return state

    async def read(self, collection: str, condition: Mapping[str, Any]) -> list[Document]:
        """Documents of a local read model within the scope; the same question is asked once a unit."""
        question = (collection, repr(sorted(condition.items())))
        if question not in self._read:
            found = self._database.collection(collection).find(self._scope, condition, session=self._session)
            self._read[question] = await found
            went_on()
        return self._read[question]

    async def every(self, aggregate: Aggregate[S, Any, Any], equal: Mapping[str, Any]) -> list[S]:
        """The states of all aggregates within the scope that have these values, as this unit leaves them so far."""
        stored = await self.read(aggregate.collection, equal)
        here = {key: held for (name, key), held in self._held.items() if name == aggregate.collection}
        unchanged = [aggregate.state.model_validate(one["state"]) for one in stored if one["_id"] not in here]
        alike: list[Any] = [held.state for held in here.values() if held.state and _has(held.document, equal)]
        return [*unchanged, *alike]

    async def count(
        self, aggregate: Aggregate[S, Any, Any], condition: Mapping[str, Any], alike: Callable[[S], bool]
    ) -> int:
        """How many aggregates within the scope meet the condition, as this unit leaves them so far.

        `alike` says of a state what `condition` says of its document.
        """
        here = {key: held for (name, key), held in self._held.items() if name == aggregate.collection}
        elsewhere = {**condition, "_id": {"$nin": list(here)}}
        collection = self._database.collection(aggregate.collection)
        stored = await collection.count(self._scope, elsewhere, session=self._session)
        went_on()
        states: list[Any] = [held.state for held in here.values() if held.state is not None]
        return stored + sum(alike(state) for state in states)

    async def in_turn(self, key: str) -> None:
        """Have the commands that name this key decided one after the other, in whichever process.

        For rules over many aggregates, which no version of one of them guards: of two transactions at a time that name
        it, one is tried again and sees what the other did.
        """
        if key not in self._turns:
            self._turns.add(key)
            turn = UpdateOne({"_id": key}, {"$inc": {"taken": 1}}, upsert=True)
            await self._database.collection(TURNS).write([turn], session=self._session)
            went_on()

    async def preload(self, aggregate: Aggregate[Any, Any, Any], ids: Sequence[str]) -> None:
        """Load the aggregates at once that are not here yet."""
        missing = [one for one in ids if (aggregate.collection, one) not in self._held]
        collection = self._database.collection(aggregate.collection)
        # Read without limit, so that a key which belongs to somebody else is known as taken and stays unseen.
        found = await collection.find(Scope.everything(), {"_id": {"$in": missing}}, session=self._session)
        went_on()
        by_id = {document["_id"]: document for document in found}
        for one in missing:
            self._held[aggregate.collection, one] = _held(aggregate, by_id.get(one), self._scope)

    async def answered(self, instructions: Sequence[Instruction[Any, Any, Any]]) -> dict[str, Document]:
        """Journal entries of commands that were carried out before."""
        condition = {"_id": {"$in": [one.context.command_id for one in instructions]}}
        found = await journal_of(self._database).find(Scope.everything(), condition, session=self._session)
        return {entry["_id"]: entry for entry in found}

    async def carry_out(self, service: str, instruction: Instruction[Any, Any, Any]) -> Outcome:
        """Decide one instruction and fold its events. Raises Refused or Problem; then nothing has changed."""
        aggregate, key = instruction.aggregate, instruction.aggregate_id
        command = await instruction.command(self)
        await self.find(aggregate, key)
        held = self._held[aggregate.collection, key]
        if held.foreign:
            raise not_found(aggregate.name, key)
        _check_version(instruction.context, held.version)
        try:
            events = aggregate.decide(held.state, command)
        except Refused as refused:
            raise Refused(*refused.reasons, *await self._unauthorised(instruction, held, command)) from refused
        if not events:
            return Outcome(key, held.version, held.version, (), _answer(instruction, held.state, held.version))
        begun = aggregate.evolve(held.state, events[0])
        context = await self._authorised(instruction, held.state or begun, command)
        return self._changed(service, replace(instruction, context=context), held, events, begun)

    async def _authorised(self, instruction: Instruction[Any, Any, Any], state: State, command: Command) -> Context:
        """The context with the authority under which the command is given. Raises Refused where there is none."""
        context = instruction.context
        if not context.governed:
            return context
        return replace(context, authority=await self._authorise(self, instruction.aggregate, state, command))

    async def _unauthorised(
        self, instruction: Instruction[Any, Any, Any], held: _Held, command: Command
    ) -> tuple[Reason, ...]:
        """Why the command may not be given, whatever the aggregate's own rule says: a refusal names everything."""
        try:
            if held.state is not None:
                await self._authorised(instruction, held.state, command)
        except Refused as refused:
            return refused.reasons
        return ()

    def _changed(
        self, service: str, instruction: Instruction[Any, Any, Any], held: _Held, events: list[Event], state: State
    ) -> Outcome:
        """Fold and note the events; `state` is already as the first leaves it."""
        aggregate = instruction.aggregate
        publications = [aggregate.publish(state, events[0])]
        for event in events[1:]:
            state = aggregate.evolve(state, event)
            publications.append(aggregate.publish(state, event))
        owner = aggregate.owner(state)
        if not self._scope.allows(owner.sponsor, owner.study):
            raise Problem(403, "outside_scope", f"You may not act for sponsor {owner.sponsor}.")
        version = held.version + len(events)
        answer = _answer(instruction, state, version)
        change = Change(
            service=service,
            aggregate=aggregate.name,
            aggregate_id=instruction.aggregate_id,
            owner=owner,
            version_before=held.version,
            events=events,
            publications=publications,
            recorded_at=max(clock.now(), held.document.get("recorded_at", clock.now())),
            previous_hash=held.document.get("hash"),
            answer=answer,
        )
        self._note(aggregate, change, instruction.context, state)
        return Outcome(instruction.aggregate_id, version, change.version_before, tuple(events), answer)

    def _note(self, aggregate: Aggregate[Any, Any, Any], change: Change, context: Context, state: State) -> None:
        entry = entry_of(change, context)
        held = self._held[aggregate.collection, change.aggregate_id]
        self.entries.append(entry)
        held.state, held.version = state, change.version_after
        held.document = {
            "_id": change.aggregate_id,
            "version": change.version_after,
            "sponsor": change.owner.sponsor,
            "study": change.owner.study,
            "recorded_at": change.recorded_at,
            "hash": entry["hash"],
            "state": state.model_dump(mode="json"),
        }

    async def save(self) -> None:
        """Write every changed aggregate over the version it was decided on, and the journal entries."""
        changed: dict[str, list[Replacement]] = {}
        for (collection, key), held in self._held.items():
            if held.version > held.version_stored:
                condition = {"_id": key, "version": held.version_stored}
                operation = Replacement(condition, held.document, upsert=held.version_stored == 0)
                changed.setdefault(collection, []).append(operation)
        for collection, operations in changed.items():
            written = await self._database.collection(collection).write(operations, session=self._session)
            assert written == len(operations), "a snapshot transaction sees no version but the one it read"
            went_on()
        await failpoints.reach("after-state-write")
        await journal_of(self._database).insert(self.entries, session=self._session)
        went_on()
        await failpoints.reach("after-journal-write")


def _held(aggregate: Aggregate[Any, Any, Any], document: Document | None, scope: Scope) -> _Held:
    if document is None:
        return _Held(None)
    if not scope.allows(document["sponsor"], document["study"]):
        return _Held(None, foreign=True)
    state = aggregate.state.model_validate(document["state"])
    version = document["version"]
    return _Held(state, version=version, version_stored=version, document=document)


def _check_version(context: Context, version: int) -> None:
    if context.expected_version is not None and context.expected_version != version:
        raise stale(version)


def _answer(instruction: Instruction[Any, Any, Any], state: State | None, version: int) -> dict[str, Any] | None:
    return instruction.aggregate.view(state, version) if instruction.answered and state is not None else None


def _has(document: Document, equal: Mapping[str, Any]) -> bool:
    return all(_at(document, path) == value for path, value in equal.items())


def _at(document: Document, path: str) -> Any:
    found: Any = document
    for name in path.split("."):
        found = found[name]
    return found
