"""Two ways from a committed change to Kafka: our relay and Debezium's outbox router, each a process of its own."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from chassis.journal import JOURNAL
from chassis.kafka import Cluster
from chassis.mongo import Database, Document, Session
from contracts import TOPICS
from debezium import COLLECTION, Worker, outbox_document
from studyline.ports import LOOPBACK, free_ports
from studyline.processes import Program, SupervisedProcess
from studyline.services import require_ready
from studyline.testing import Servers
from studyline.testing.parts import environment_of_part
from watching import WITHIN_SECONDS


class Publisher(Protocol):
    """A relay under test."""

    @property
    def topic(self) -> str:
        """Where it publishes."""
        ...

    @property
    def pid(self) -> int:
        """The process that does it."""
        ...

    async def halt(self) -> None:
        """Publish nothing more until `go_on`."""

    async def go_on(self) -> None:
        """Publish what is owed."""

    async def record(self, entries: Sequence[Document], session: Session | None = None) -> None:
        """Write what is to be published."""


class OurRelay:
    """`python -m sites relay` on a journal of its own."""

    def __init__(self, servers: Servers, database: Database, cluster: Cluster, folder: Path) -> None:
        """Nothing runs yet: `go_on` starts it."""
        self.topic = cluster.topic(TOPICS["sites"])
        self._journal = database.collection(JOURNAL)
        self._program = relay_program(servers, database.name, cluster.topic_prefix, folder)
        self._process: SupervisedProcess | None = None

    @property
    def pid(self) -> int:
        pid = self._process.pid if self._process is not None else None
        assert pid is not None, "it runs"
        return pid

    async def halt(self) -> None:
        if self._process is not None:
            await self._process.stop(WITHIN_SECONDS)

    async def go_on(self) -> None:
        self._process = SupervisedProcess(self._program, lambda: None, print)
        self._process.start()
        await self._process.until_ready(WITHIN_SECONDS)

    async def record(self, entries: Sequence[Document], session: Session | None = None) -> None:
        await self._journal.insert(entries, session=session)


def relay_program(servers: Servers, database: str, topic_prefix: str, folder: Path) -> Program:
    """The relay of `sites` as operations run it apart."""
    port = next(free_ports())
    return Program(
        name="relay",
        command=[sys.executable, "-m", "sites", "relay"],
        environment=environment_of_part(servers, database, port, topic_prefix=topic_prefix, instance="bench"),
        folder=folder,
        log=folder / "relay.log",
        probe=partial(require_ready, f"http://{LOOPBACK}:{port}"),
    )


class Debezium:
    """The outbox router on its Connect worker."""

    def __init__(self, worker: Worker, database: Database, topic: str) -> None:
        """The worker runs already."""
        self.topic = topic
        self._worker, self._outbox = worker, database.collection(COLLECTION)

    @property
    def pid(self) -> int:
        return self._worker.pid

    async def halt(self) -> None:
        await self._worker.halt()

    async def go_on(self) -> None:
        await self._worker.go_on()

    async def record(self, entries: Sequence[Document], session: Session | None = None) -> None:
        owed = [outbox_document(entry["_id"], message) for entry in entries for message in entry["messages"]]
        await self._outbox.insert(owed, session=session)
