"""A small aggregate that knows no study: enough to see what the chassis does with any."""

from typing import Any, ClassVar

from chassis.commands import Aggregate, Instruction, given
from chassis.journal import Actor, Context, Owner
from kernel import Command, Event, Reason, Refused, State
from pydantic import BaseModel

LIMIT = 1_000


class Add(Command):
    """Add to a count of somebody's."""

    count_id: str
    sponsor: str
    amount: int = 1


class Added(Event):
    """It was added."""

    count_id: str
    sponsor: str
    amount: int


class Count(State):
    """How much there is."""

    count_id: str
    sponsor: str
    total: int


class AddedPublicly(BaseModel):
    """What the world learns."""

    TYPE: ClassVar[str] = "test.count.added.v1"
    count_id: str
    total: int


def decide(count: Count | None, command: Add) -> list[Added]:
    """Nothing for nothing; never above the limit."""
    total = (count.total if count else 0) + command.amount
    if command.amount < 0 or total > LIMIT:
        raise Refused(
            *([Reason(code="negative", detail="The amount is negative.")] if command.amount < 0 else []),
            *([Reason(code="full", detail="The count is full.")] if total > LIMIT else []),
        )
    added = Added(occurred_at=None, count_id=command.count_id, sponsor=command.sponsor, amount=command.amount)
    return [added] if command.amount else []


def evolve(count: Count | None, event: Added) -> Count:
    """Add."""
    total = (count.total if count else 0) + event.amount
    return Count(count_id=event.count_id, sponsor=event.sponsor, total=total)


def publish(state: Count, event: Added) -> AddedPublicly:
    """Tell the total after the event."""
    return AddedPublicly(count_id=event.count_id, total=state.total)


COUNTS: Aggregate[Count, Add, Added] = Aggregate(
    "count",
    "counts",
    Count,
    decide,
    evolve,
    publish,
    lambda state: Owner(state.sponsor, f"study-of-{state.sponsor}"),
    lambda state, version: {"total": state.total, "version": version},
)


def instruction(
    count_id: str, key: str, amount: int = 1, sponsor: str = "acme", **context: Any
) -> Instruction[Any, Any, Any]:
    """Add an amount, under a key."""
    command = Add(occurred_at=None, count_id=count_id, sponsor=sponsor, amount=amount)
    surroundings = Context(command_id=key, actor=Actor("tester"), fingerprint=f"{count_id}:{amount}", **context)
    return Instruction(COUNTS, count_id, given(command), surroundings)
