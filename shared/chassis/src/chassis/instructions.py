"""What is asked of a service: its kinds of aggregates, the commands for them, and what became of each."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from kernel import Command, Event, Refused, State

from chassis.journal import Authority, Context, Owner, Publication
from chassis.problems import Problem

if TYPE_CHECKING:
    from chassis.unit import Unit

S = TypeVar("S", bound=State)
C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Aggregate(Generic[S, C, E]):
    """How one kind of aggregate decides, evolves, is stored and is told to the world."""

    name: str
    collection: str
    state: type[S]
    decide: Callable[[S | None, C], list[E]]
    evolve: Callable[[S | None, E], S]
    publish: Callable[[S, E], Publication | None]
    owner: Callable[[S], Owner]
    view: Callable[[S, int], dict[str, Any]]


Builder = Callable[["Unit"], Awaitable[C]]
"""Completes a command inside its transaction: what it reads is what the decision rests on."""


Authorise = Callable[["Unit", Aggregate[Any, Any, Any], State, Command], Awaitable[Authority | None]]
"""By which authority a command is given to an aggregate with this state; None where nothing governs it.

Raises Refused where somebody else holds the obligation that it belongs to."""


async def ungoverned(_: "Unit", __: Aggregate[Any, Any, Any], ___: State, ____: Command) -> None:
    """No command of the service belongs to an obligation."""


@dataclass(frozen=True)
class Instruction(Generic[S, C, E]):
    """One command for one aggregate. `command` completes it with facts from this service's own records."""

    aggregate: Aggregate[S, C, E]
    aggregate_id: str
    command: Builder[C]
    context: Context
    answered: bool = True


def given(command: Command) -> Builder[Any]:
    """A command that needs no facts from this service's records."""

    async def build(_: "Unit") -> Command:
        return command

    return build


@dataclass(frozen=True)
class Outcome:
    """What became of an instruction. `changed` also where it did so the first time, and this is its answer again."""

    aggregate_id: str
    version: int = 0
    version_before: int = 0
    events: tuple[Event, ...] = ()
    answer: Mapping[str, Any] | None = None
    error: Refused | Problem | None = None

    @property
    def changed(self) -> bool:
        """Whether the command left a mark in the journal, now or the first time it came."""
        return self.version > self.version_before
