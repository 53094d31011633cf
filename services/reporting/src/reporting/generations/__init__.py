"""Generations of the read model: each is a set of collections and a consumer group of its own.

One document says which of them serves. A reader keeps it for a second at most, and asks each time while a switch is
announced; so once one answer came from the new generation, none comes from the old one.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Final

from chassis import clock
from chassis.mongo import Database, Document
from chassis.scope import Scope
from fastapi import Depends
from pydantic import BaseModel, ConfigDict

COLLECTION: Final = "generations"
POINTER: Final = "reporting"
CACHE_SECONDS: Final = 1.0

_serving: ContextVar[int] = ContextVar("generation that serves this request")


class Switch(BaseModel):
    """A switch on its way, until nobody reads the generation that served any more; `held` takes nothing in."""

    model_config = ConfigDict(frozen=True)

    token: str
    held: int | None = None


class State(BaseModel):
    """The pointer document. A rebuild fills what is `building`; the workers feed what is `kept`."""

    model_config = ConfigDict(frozen=True)

    number: int = 1
    present: int = 1
    kept: tuple[int, ...] = (1,)
    building: int | None = None
    begun_at: datetime | None = None
    switch: Switch | None = None

    @property
    def other(self) -> int | None:
        """The kept generation that does not serve: the next one before a switch, the previous one after it."""
        return next((one for one in self.kept if one != self.present), None)


def name_in(generation: int, name: str) -> str:
    """A collection's name in a generation; the first one has the plain names."""
    return name if generation == 1 else f"{name}_g{generation}"


def group_of(generation: int) -> str:
    """The consumer group that feeds a generation, which is its parking lot's and its metrics' name too."""
    return "reporting" if generation == 1 else f"reporting.g{generation}"


class Generations:
    """What a process knows of the generations, and the database as each of them."""

    def __init__(self, database: Database) -> None:
        """Nothing is read yet."""
        self.database = database
        self._pointer = database.collection(COLLECTION)
        self._state: State | None = None
        self._read_at = 0.0
        self.serving = database.renamed(lambda name: name_in(_serving.get(), name))
        """The database as a request sees it; every route that reads it depends on `pinned`."""

    @property
    def pinned(self) -> Sequence[Any]:
        """Dependencies of a route: all its reads are of the generation that serves when the request comes in."""
        return [Depends(self._pin)]

    async def _pin(self) -> None:
        _serving.set((await self.current()).present)

    async def current(self) -> State:
        """The state, no older than `CACHE_SECONDS`; read anew each time while a switch is announced."""
        state, now = self._state, clock.monotonic()
        if state is None or state.switch is not None or now - self._read_at >= CACHE_SECONDS:
            state = await self.read()
            self._state, self._read_at = state, now
        return state

    async def read(self) -> State:
        """The state as it is now."""
        found = await self._pointer.find_one(Scope.everything(), {"_id": POINTER})
        return State.model_validate(found) if found else State()

    async def change(self, condition: Document, change: Document) -> State | None:
        """Change the pointer where it still meets the condition; the state after, None where it does not."""
        await self._pointer.insert_new([{"_id": POINTER, **State().model_dump()}])
        changed = await self._pointer.update_one_and_return({"_id": POINTER, **condition}, {"$set": change})
        return State.model_validate(changed) if changed else None

    def at(self, generation: int) -> Database:
        """The database as this generation, whichever serves."""
        return self.database.renamed(lambda name: name_in(generation, name))

    async def present(self) -> Database:
        """The database as the generation that serves now."""
        return self.at((await self.current()).present)
