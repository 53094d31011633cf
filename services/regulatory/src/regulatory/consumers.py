"""Kafka in: each event to the projections, and this service's own events to the policies."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from chassis import clock as wall
from chassis.commands import Builder, Commands
from chassis.mongo import Database
from chassis.stream.policies import Order, carry_out
from chassis.stream.projecting import project
from contracts import TOPICS, Received
from kernel import Command

from regulatory.domain.clock_messages import ReopenClock
from regulatory.domain.clock_orders import Extend, Reopen, Resume, StartForSubmission
from regulatory.handlers import tmf_expecting, tmf_milestones
from regulatory.handlers.clocks import extend_clock, resume_clock, start_for_submission
from regulatory.handlers.obligations import reckon
from regulatory.policies import (
    ClockOrder,
    clock_orders,
    duties,
    first_seen,
    implementations,
    longer_limit,
    submission_order,
)
from regulatory.projections import AGREEMENTS, MILESTONES, SITES, STUDIES
from regulatory.queries.obligations import Begun, clocks_begun
from regulatory.store import CLOCKS, SUBMISSIONS

LISTENS_TO = (TOPICS["sites"], TOPICS["monitoring"], TOPICS["regulatory"])


async def on_events(commands: Commands, database: Database, batch: Sequence[Received]) -> None:
    """Fold the batch's events into this service's own rows, and carry out what they ask; again changes nothing."""
    await project(database, (STUDIES, SITES, MILESTONES, AGREEMENTS), batch)
    await carry_out(commands, "regulatory", orders_from, batch)
    firsts = {duty.clock_id for one in batch if first_seen(one) is not None for duty in duties(one)}
    await carry_out(commands, "regulatory", partial(obligations_from, await clocks_begun(database, firsts)), batch)
    await tmf_expecting.on_events(commands, database, batch)
    await tmf_milestones.on_events(commands, database, batch)


def orders_from(received: Received) -> Iterator[Order]:
    """What an event asks of this service."""
    for order in clock_orders(received):
        yield Order(CLOCKS, order.clock_id, _command(order))
    for wanted in (submission_order(received), longer_limit(received)):
        if wanted is not None:
            yield Order(SUBMISSIONS, *wanted)
    for submission_id, implemented in implementations(received):
        yield Order(SUBMISSIONS, submission_id, implemented)


def obligations_from(begun: Mapping[str, Begun], received: Received) -> Iterator[Order]:
    """Which obligations of a trial are reckoned anew after an event; `begun` are clocks that a first may change."""
    seen = first_seen(received)
    for duty in duties(received):
        clock = begun.get(duty.clock_id)
        if seen is None or clock is None or clock.may_change(seen, duty):
            yield Order(CLOCKS, duty.clock_id, reckon(duty, received.envelope.sponsor, seen))


def _command(order: ClockOrder) -> Command | Builder[Any]:
    match order.wanted:
        case StartForSubmission():
            return start_for_submission(order.clock_id, order.wanted)
        case Extend():
            return extend_clock(order.clock_id, order.wanted)
        case Reopen():
            return ReopenClock(occurred_at=order.wanted.on, now=wall.now(), only_if_open=True)
        case Resume():
            return resume_clock(order.clock_id, order.wanted.on, only_if_open=True)
        case _:
            return order.wanted
