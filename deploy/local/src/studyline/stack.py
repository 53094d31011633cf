"""The stack: which processes, in which order they start and stop."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial

from studyline.display import Display
from studyline.errors import StackError
from studyline.kafka import kafka_program
from studyline.mongod import mongod_of, mongod_program
from studyline.paths import Layout
from studyline.ports import allot_ports
from studyline.processes import Program, SupervisedProcess
from studyline.services import SERVICES, issuer_program, service_program
from studyline.state import StackState, addresses_of, locked, remove_leftovers, save_state

SERVERS = ("mongodb", "kafka", "issuer")
READY_WITHIN_SECONDS = 120
SERVICES_END_WITHIN_SECONDS = 12
SERVERS_END_WITHIN_SECONDS = 6

Prepare = Callable[[], Program]


class Stack:
    """The processes of one data directory."""

    def __init__(self, layout: Layout, port_base: int | None, display: Display) -> None:
        """Allot ports and passwords; nothing runs yet. Raises StackError when a port is taken."""
        ports = allot_ports(layout, port_base)
        server = mongod_of(layout, ports["mongodb"])
        self.layout = layout
        self.addresses = addresses_of(ports, server.root_uri)
        self._display = display
        self._processes: dict[str, SupervisedProcess] = {}
        self._ready = False
        self._prepare: dict[str, Prepare] = {
            "mongodb": partial(mongod_program, layout, server),
            "kafka": partial(kafka_program, layout, ports["kafka"], ports["kafka_controller"]),
            "issuer": partial(issuer_program, layout, self.addresses),
            **{one: partial(service_program, layout, one, server, self.addresses) for one in SERVICES},
        }

    def state(self) -> StackState:
        """Say what runs now."""
        pids = {name: pid for name, process in self._processes.items() if (pid := process.pid) is not None}
        restarts = {name: process.restarts for name, process in self._processes.items()}
        present = self.addresses.model_dump()
        return StackState(**present, pids=pids, restarts=restarts, ready=self._ready)

    async def start(self, *parts: tuple[str, ...]) -> None:
        """Start one group of processes after the other, each group at once."""
        for names in parts:
            await self._start_together(names)
        self._ready = True
        self._save()

    async def stop(self) -> None:
        """End the services first, so that none loses its servers at work; then the servers."""
        await self._stop_together(SERVICES, SERVICES_END_WITHIN_SECONDS)
        await self._stop_together(SERVERS, SERVERS_END_WITHIN_SECONDS)
        self.layout.state.unlink(missing_ok=True)

    async def _start_together(self, names: tuple[str, ...]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for name in names:
                    group.create_task(self._start_one(name))
        except BaseExceptionGroup as failures:
            # One clear sentence for the user; raised inside `except*` it would come wrapped in a group again.
            told, _ = failures.split(StackError)
            if told is None:
                raise
            raise told.exceptions[0] from None

    async def _start_one(self, name: str) -> None:
        with self._display.step(name):
            program = await asyncio.to_thread(self._prepare[name])
            process = SupervisedProcess(program, self._save, self._display.tell)
            self._processes[name] = process
            process.start()
            await process.until_ready(READY_WITHIN_SECONDS)

    async def _stop_together(self, names: tuple[str, ...], within_seconds: float) -> None:
        running = [self._processes[name] for name in names if name in self._processes]
        await asyncio.gather(*(process.stop(within_seconds) for process in running))

    def _save(self) -> None:
        save_state(self.layout, self.state())


@asynccontextmanager
async def running_stack(
    layout: Layout,
    display: Display,
    port_base: int | None = None,
    parts: tuple[tuple[str, ...], ...] = (SERVERS, SERVICES),
) -> AsyncGenerator[Stack]:
    """Run a stack on a directory while the context is open. Raises StackError when it cannot start."""
    layout.create()
    with locked(layout):
        remove_leftovers(layout)
        stack = Stack(layout, port_base, display)
        try:
            await stack.start(*parts)
            yield stack
        finally:
            await stack.stop()
