"""Policies: what an event asks of a service, carried out as commands in one transaction a batch.

A policy is pure: event in, orders out. An order's id is derived from the event, so an event that comes again changes
nothing. What a rule refuses is raised: the event is parked, and nothing is skipped silently.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from kernel import Command, derived_id

from chassis.commands import Aggregate, Builder, Commands, Instruction, given
from chassis.journal import Actor, Authority, Context, Provenance
from chassis.scope import Scope


class Envelope(Protocol):
    """What of an event's envelope its consequences carry on."""

    @property
    def id(self) -> str:
        """The event's id."""
        ...

    @property
    def provenance(self) -> Provenance:
        """Whether it was recorded here or taken over."""
        ...

    @property
    def correlationid(self) -> str | None:
        """What it belongs to."""
        ...

    @property
    def obligation(self) -> str | None:
        """By which obligation the act was done that the event tells of."""
        ...

    @property
    def agreement(self) -> str | None:
        """The agreement that transferred this obligation."""
        ...

    @property
    def traceparent(self) -> str | None:
        """The trace it came with."""
        ...


class Cause(Protocol):
    """An event that asks for something."""

    @property
    def envelope(self) -> Envelope:
        """Its envelope."""
        ...


CauseT = TypeVar("CauseT", bound=Cause)


@dataclass(frozen=True)
class Order:
    """One command that follows from an event: complete, or completed from this service's own records.

    `occasion` tells an order from one that the same event gave before under other rules.
    """

    aggregate: Aggregate[Any, Any, Any]
    aggregate_id: str
    command: Command | Builder[Command]
    occasion: str | None = None


Policy = Callable[[CauseT], Iterable[Order]]


async def carry_out(commands: Commands, service: str, policy: Policy[CauseT], batch: Sequence[CauseT]) -> None:
    """Carry out what the batch's events ask for, in their order. Raises the first Refused or Problem."""
    instructions = [_instruction(service, cause, order) for cause in batch for order in policy(cause)]
    if not instructions:
        return
    for outcome in await commands.carry_out_all(Scope.everything(), instructions):
        if outcome.error is not None:
            raise outcome.error


def _instruction(service: str, cause: Cause, order: Order) -> Instruction[Any, Any, Any]:
    envelope = cause.envelope
    occasion = () if order.occasion is None else (order.occasion,)
    context = Context(
        command_id=derived_id("policy", service, envelope.id, order.aggregate.name, order.aggregate_id, *occasion),
        actor=Actor(f"service:{service}"),
        provenance=envelope.provenance,
        correlation_id=envelope.correlationid,
        causation_id=envelope.id,
        traceparent=envelope.traceparent or "",
        governed=False,
        authority=_authority_of(envelope),
    )
    command = given(order.command) if isinstance(order.command, Command) else order.command
    return Instruction(order.aggregate, order.aggregate_id, command, context, answered=False)


def _authority_of(envelope: Envelope) -> Authority | None:
    """A consequence is on behalf of whom its cause was."""
    if envelope.obligation is None or envelope.agreement is None:
        return None
    return Authority(envelope.obligation, envelope.agreement)
