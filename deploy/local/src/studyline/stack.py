"""The stack: which processes, in which order they start and stop."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

from studyline.display import Display
from studyline.errors import StackError
from studyline.kafka import Broker, ensure_cluster_id, kafka_program
from studyline.members import Shape, members_of, settled_replicas
from studyline.mongod import mongod_program
from studyline.paths import Layout
from studyline.ports import CONTROLLER, LOOPBACK, allot_ports
from studyline.processes import Program, SupervisedProcess
from studyline.replica_set import replica_set_of
from studyline.services import SERVICES, issuer_program, service_program
from studyline.state import StackState, addresses_of, locked, remove_leftovers, save_state

SERVERS = ("mongodb", "kafka", "issuer")
READY_WITHIN_SECONDS = 120
SERVICES_END_WITHIN_SECONDS = 12
SERVERS_END_WITHIN_SECONDS = 6

ONE = Shape()

Prepare = Callable[[], Program]


class Stack:
    """The processes of one data directory."""

    def __init__(self, layout: Layout, port_base: int | None, display: Display, shape: Shape = ONE) -> None:
        """Allot ports and passwords; nothing runs yet. Raises StackError when a port is taken."""
        self.replicas = settled_replicas(layout, shape.replicas)
        ports = allot_ports(layout, port_base, self.replicas)
        self.layout = layout
        self.brokers = brokers_of(ports, self.replicas, shape)
        hosts = [f"{LOOPBACK}:{shape.front(name, ports[name])}" for name in self.members("mongodb")]
        self.mongodb = replica_set_of(layout, hosts)
        ensure_cluster_id(layout)
        kafka = ",".join(f"{LOOPBACK}:{broker.reached_at}" for broker in self.brokers)
        self.addresses = addresses_of(ports, self.mongodb.root_uri, kafka)
        self._display = display
        self._processes: dict[str, SupervisedProcess] = {}
        self._ready = False
        self._prepare: dict[str, Prepare] = {
            **{
                name: partial(mongod_program, layout, self.mongodb, name, number, ports[name])
                for number, name in enumerate(self.members("mongodb"))
            },
            **{one.name: partial(kafka_program, layout, one, self.brokers) for one in self.brokers},
            "issuer": partial(issuer_program, layout, self.addresses),
            **{one: partial(service_program, layout, one, self.mongodb, self.addresses) for one in SERVICES},
        }

    def members(self, *servers: str) -> tuple[str, ...]:
        """The processes behind these servers: themselves, or the members of those that are replicated."""
        return tuple(name for server in servers for name in members_of(server, self.replicas))

    def process(self, name: str) -> SupervisedProcess:
        """The supervised process of this name, which was started."""
        return self._processes[name]

    def state(self) -> StackState:
        """Say what runs now."""
        pids = {name: pid for name, process in self._processes.items() if (pid := process.pid) is not None}
        restarts = {name: process.restarts for name, process in self._processes.items()}
        present = self.addresses.model_dump()
        return StackState(**present, pids=pids, restarts=restarts, ready=self._ready)

    async def start(self, *parts: tuple[str, ...]) -> None:
        """Start one group of processes after the other, each group at once."""
        for names in parts:
            await self._start_together(self.members(*names))
        self._ready = True
        self._save()

    async def stop(self) -> None:
        """End the services first, so that none loses its servers at work; then the servers."""
        await self._stop_together(SERVICES, SERVICES_END_WITHIN_SECONDS)
        await self._stop_together(self.members(*SERVERS), SERVERS_END_WITHIN_SECONDS)
        self.layout.state.unlink(missing_ok=True)

    async def start_one(self, name: str) -> None:
        """Start one process and wait until it serves. Raises StackError when it does not."""
        with self._display.step(name):
            program = await asyncio.to_thread(self._prepare[name])
            process = SupervisedProcess(program, self._save, self._display.tell)
            self._processes[name] = process
            process.start()
            await process.until_ready(READY_WITHIN_SECONDS)

    async def stop_one(self, name: str) -> None:
        """End one process, which stays away until it is started again."""
        await self._stop_together((name,), SERVICES_END_WITHIN_SECONDS)
        self._save()

    async def _start_together(self, names: tuple[str, ...]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(self.start_one(name))
        except BaseExceptionGroup as failures:
            # One clear sentence for the user; raised inside `except*` it would come wrapped in a group again.
            told, _ = failures.split(StackError)
            if told is None:
                raise
            raise told.exceptions[0] from None

    async def _stop_together(self, names: tuple[str, ...], within_seconds: float) -> None:
        running = [self._processes[name] for name in names if name in self._processes]
        await asyncio.gather(*(process.stop(within_seconds) for process in running))

    def _save(self) -> None:
        save_state(self.layout, self.state())


def brokers_of(ports: Mapping[str, int], replicas: int, shape: Shape) -> list[Broker]:
    """Kafka's members on their ports."""
    return [
        Broker(
            name=name,
            number=number,
            port=ports[name],
            controller_port=ports[f"{name}{CONTROLLER}"],
            reached_at=shape.front(name, ports[name]),
            controller_reached_at=shape.front(f"{name}{CONTROLLER}", ports[f"{name}{CONTROLLER}"]),
        )
        for number, name in enumerate(members_of("kafka", replicas), 1)
    ]


@asynccontextmanager
async def running_stack(
    layout: Layout,
    display: Display,
    port_base: int | None = None,
    parts: tuple[tuple[str, ...], ...] = (SERVERS, SERVICES),
    shape: Shape = ONE,
) -> AsyncGenerator[Stack]:
    """Run a stack on a directory while the context is open. Raises StackError when it cannot start."""
    layout.create()
    with locked(layout):
        remove_leftovers(layout)
        stack = Stack(layout, port_base, display, shape)
        try:
            await stack.start(*parts)
            yield stack
        finally:
            await stack.stop()
