"""Kafka in: hand each event to the policies, and their commands to the journal."""

from collections.abc import Iterator, Sequence

from chassis.commands import Commands
from chassis.stream.policies import Order, carry_out
from contracts import TOPICS, Received

from sites.policies.evidence import evidence_from
from sites.store import EVIDENCE

LISTENS_TO = (TOPICS["regulatory"], TOPICS["monitoring"])


async def on_events(commands: Commands, batch: Sequence[Received]) -> None:
    """Carry out what the batch's events ask of this service, in one transaction; again changes nothing."""
    await carry_out(commands, "sites", orders_from, batch)


def orders_from(received: Received) -> Iterator[Order]:
    """What an event asks of this service."""
    if (command := evidence_from(received)) is not None:
        yield Order(EVIDENCE, received.envelope.aggregate_id, command)
