"""Inspecting a running service's journal from outside: its database on one side, its anchor on the other.

Nothing is believed because the database says so: not even which checkpoints there are.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from chassis.journal import journal_of
from chassis.kafka import Cluster
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.seal_keys import PublicKeys
from chassis.trail.anchors import CheckpointFile, read_checkpoints_topic
from chassis.trail.audit import Trail
from chassis.trail.checkpoints import SealedCheckpoint
from chassis.trail.findings import Report
from chassis.trail.replaying import AnyAggregate, replay
from chassis.trail.verifying import Verification, check_checkpoints, places_in

Anchor = Callable[[], Awaitable[Sequence[SealedCheckpoint]]]
IN_ORDER: Final = (("aggregate.id", 1), ("version.after", 1))
READINGS_MAX: Final = 10


class MovingJournalError(Exception):
    """Each time the trail was read, a checkpoint was made meanwhile."""


def anchor_of(service: str, cluster: Cluster | None, file: CheckpointFile | None) -> Anchor:
    """The topic and the file together: where they contradict each other, verifying finds two of one number."""

    async def read() -> Sequence[SealedCheckpoint]:
        kept = file.read() if file is not None else []
        return [*kept, *(await read_checkpoints_topic(cluster, service) if cluster is not None else [])]

    return read


async def inspect(
    service: str, database: Database, anchor: Anchor, keys: PublicKeys, aggregates: Iterable[AnyAggregate] = ()
) -> Report:
    """Verify a service's whole journal, and replay the aggregates that are given. Raises AnchorError."""
    chain, flaws = check_checkpoints(service, await anchor(), keys)
    verification = Verification(service, chain, places_in(chain))
    async for entry in journal_of(database).stream(Scope.everything(), {}, sort=IN_ORDER):
        verification.take(entry)
    later, _ = check_checkpoints(service, await anchor(), keys)
    report = verification.finish(places_in(later))
    replayed = await replay(database, aggregates)
    return replace(report, findings=(*flaws, *report.findings, *replayed))


async def trail_of(service: str, database: Database, anchor: Anchor, study: str) -> Trail:
    """One study's trail, as of the last checkpoint and what waits for the next. Raises MovingJournalError."""
    before = await anchor()
    for _ in range(READINGS_MAX):
        found = journal_of(database).stream(Scope.everything(), {"study": study}, sort=IN_ORDER)
        entries = [entry async for entry in found]
        after = await anchor()
        if _last(before) == _last(after):
            chain, _ = check_checkpoints(service, after, {})
            return Trail.of(service, study, entries, chain)
        before = after
    raise MovingJournalError(f"{service} makes checkpoints faster than its journal can be read: export again later")


def _last(records: Sequence[SealedCheckpoint]) -> int:
    return max((record.checkpoint.number for record in records), default=0)
