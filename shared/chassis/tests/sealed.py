"""A sealed journal of the small aggregate, as the tests of sealing and verifying need it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chassis.commands import Commands
from chassis.journal import journal_of
from chassis.kafka import Cluster
from chassis.metrics import Metrics
from chassis.mongo import Database
from chassis.scope import Scope
from chassis.seal_keys import PublicKeys, SealKey, key_id
from chassis.trail.anchors import CheckpointFile
from chassis.trail.checkpoints import SealedCheckpoint
from chassis.trail.findings import Report
from chassis.trail.sealing import Sealer
from chassis.trail.verifying import Verification, check_checkpoints, places_in
from counting import instruction
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ALL = Scope.everything()


@dataclass
class Sealed:
    """A database, its sealer's parts, and its anchor."""

    database: Database
    cluster: Cluster
    folder: Path
    metrics: Metrics = field(default_factory=Metrics)
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def file(self) -> CheckpointFile:
        return CheckpointFile(self.folder / "checkpoints.ndjson")

    @property
    def keys(self) -> PublicKeys:
        public = self.private.public_key()
        return {key_id(public): public}

    def sealer(self) -> Sealer:
        """A sealer as a new process would make it."""
        return Sealer("test", self.database, self.cluster, SealKey(self.private), self.file, self.metrics, 0.05)

    async def write(self, aggregates: int, each: int, *, start: int = 0) -> None:
        """Give commands in turn, so that aggregates interleave."""
        commands = Commands("test", self.database, self.metrics)
        for number in range(start, start + each):
            for one in range(aggregates):
                await commands.carry_out(ALL, instruction(f"c{one}", f"k{one}-{number}", sponsor=f"s{one % 3}"))

    async def seal(self) -> SealedCheckpoint | None:
        """Seal once, the topic being there."""
        sealer = self.sealer()
        await sealer.prepare()
        return await sealer.seal_next()

    async def entries(self) -> list[dict[str, Any]]:
        """The journal, in the order of verifying."""
        order = [("aggregate.id", 1), ("version.after", 1)]
        return [one async for one in journal_of(self.database).stream(ALL, {}, sort=order)]

    async def verify(self) -> Report:
        """As `studyline verify` does, against the file."""
        return verified(self.file.read(), await self.entries(), self.keys)


def verified(records: Sequence[SealedCheckpoint], entries: Sequence[Any], keys: PublicKeys) -> Report:
    """The report on checkpoints and entries, flaws of the checkpoints first."""
    chain, flaws = check_checkpoints("test", records, keys)
    verification = Verification("test", chain, places_in(chain))
    for entry in entries:
        verification.take(entry)
    report = verification.finish()
    return Report("test", report.checkpoints, report.entries, report.sealed, report.newest, (*flaws, *report.findings))
