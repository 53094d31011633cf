"""Kafka in: hand each event to the policies, and their commands to the journal."""

from collections.abc import Sequence

from chassis.commands import Commands, Instruction
from chassis.http.desk import given
from chassis.journal import Actor, Context
from chassis.scope import Scope
from contracts import TOPICS, Received
from kernel import derived_id

from sites.domain.evidence import Evidence, EvidenceCommand, EvidenceEvent
from sites.policies import evidence_from
from sites.store import EVIDENCE

LISTENS_TO = (TOPICS["regulatory"], TOPICS["monitoring"])
SERVICE = Actor("service:sites")


async def on_events(commands: Commands, batch: Sequence[Received]) -> None:
    """Carry out what the batch's events ask of this service, in one transaction; again changes nothing."""
    asked = [(received, command) for received in batch if (command := evidence_from(received)) is not None]
    if not asked:
        return
    outcomes = await commands.carry_out_all(Scope.everything(), [_instruction(*one) for one in asked])
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error


def _instruction(received: Received, command: EvidenceCommand) -> Instruction[Evidence, EvidenceCommand, EvidenceEvent]:
    envelope = received.envelope
    context = Context(
        command_id=derived_id("policy", "sites", envelope.id),
        actor=SERVICE,
        provenance=envelope.provenance,
        correlation_id=envelope.correlationid,
        causation_id=envelope.id,
        traceparent=envelope.traceparent or "",
    )
    return Instruction(EVIDENCE, envelope.aggregate_id, given(command), context, answered=False)
