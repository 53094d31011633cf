"""Applying a batch at once and, where that fails, finding what in it is poison: by halving, with short retries.

A record that fails by itself while others of its batch pass is poison, and nobody waits for it: it has failed in every
part of the batch that held it. Where nothing passes, the cause may lie elsewhere and be gone a moment later, so all of
it is tried again, a tenth of a second later at most.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from aiokafka.errors import KafkaError
from kernel import Refused

from chassis.mongo import PyMongoError
from chassis.problems import Problem
from chassis.stream.records import Record
from chassis.write_errors import is_outage

OUTAGES: Final = (PyMongoError, KafkaError, OSError)
"""Not an event's fault, unless the server has refused what it was to write: waited out, never parked."""
RULES: Final = (Refused, Problem, ValueError)
"""A rule or a contract does not change its mind: not tried again."""
RETRY_PAUSES_SECONDS: Final = (0.02, 0.1)

D = TypeVar("D")
Apply = Callable[[Sequence[tuple[Record, D]]], Awaitable[None]]


class Held(NamedTuple):
    """A record that was not applied: for its own error, or for none, because it waits behind one of its aggregate."""

    record: Record
    error: Exception | None


def bare(error: Exception) -> Exception:
    """The error without its traceback, whose frames would keep the whole batch for as long as the error is kept."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


async def apply_sound(apply: Apply[D], batch: Sequence[tuple[Record, D]]) -> list[Held]:
    """Apply what can be applied; what was held, each aggregate's records in their order. Raises what is an outage."""
    held = await _halved(apply, batch)
    for pause in RETRY_PAUSES_SECONDS:
        if len(held) < len(batch) or not any(_may_pass(one) for one in held):
            break
        await asyncio.sleep(pause)
        held = await _halved(apply, batch)
    return held


def _may_pass(one: Held) -> bool:
    return one.error is not None and not isinstance(one.error, RULES)


async def _halved(apply: Apply[D], batch: Sequence[tuple[Record, D]]) -> list[Held]:
    if not batch:
        return []
    try:
        await apply(batch)
    except Exception as error:
        if is_outage(error) or isinstance(error, (KafkaError, OSError)):
            raise
        # Whatever else goes wrong, it is an event that made it so, and that event is held.
        return [Held(batch[0][0], bare(error))] if len(batch) == 1 else await _in_halves(apply, batch)
    return []


async def _in_halves(apply: Apply[D], batch: Sequence[tuple[Record, D]]) -> list[Held]:
    middle = len(batch) // 2
    held = await _halved(apply, batch[:middle])
    if not held and len(batch) - middle > 1:
        # The first half is sound, so the second is not: it need not be tried whole.
        return await _in_halves(apply, batch[middle:])
    stopped = {one.record.subject for one in held}
    behind = [Held(record, None) for record, _ in batch[middle:] if record.subject in stopped]
    return held + behind + await _halved(apply, [one for one in batch[middle:] if one[0].subject not in stopped])
