"""Links that can be broken: a TCP front before every member of MongoDB and Kafka, which knows who calls.

Everybody reaches a member at its front, the other members included. A connection belongs to the process that holds its
other end, as /proc tells; so the link between any two can be cut, fall silent or become slow, and nobody else notices.
"""

import asyncio
import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, Literal

from anyio.from_thread import BlockingPortal, start_blocking_portal
from studyline.ports import CONTROLLER, LOOPBACK

CHUNK_BYTES: Final = 65_536
SLOW_SECONDS: Final = 0.3
TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""A Java program speaks IPv4 over sockets of the other family."""

Ailment = Literal["cut", "silent", "slow"]
Ends = tuple[int, int]


@dataclass(frozen=True)
class Break:
    """What ails every link between one of these and one of those: cut is refused at once, silent says nothing."""

    some: frozenset[str]
    others: frozenset[str]
    ailment: Ailment

    def meets(self, caller: str, member: str) -> bool:
        """Whether the link from this caller to this member is meant, in whichever direction."""
        return (caller in self.some and member in self.others) or (caller in self.others and member in self.some)


@dataclass(eq=False)
class Link:
    """One connection through a front; `ends` are the caller's port and the front's."""

    member: str
    ends: Ends
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    caller: str | None = None

    def abort(self) -> None:
        """End the connection to both sides at once, whatever is on its way."""
        for writer in (self.client, self.server):
            if writer is not None:
                writer.transport.abort()


@dataclass
class Fronts:
    """Every front of one stack, on an event loop in a thread of its own: what the rig does must not slow them."""

    portal: BlockingPortal
    callers: Callable[[], Mapping[str, int]] = dict
    breaks: Sequence[Break] = ()
    _links: set[Link] = field(default_factory=set[Link])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, name: str, port: int) -> int:
        """Stand before what listens on this port; the port at which it is reached from now on."""
        return self.portal.call(self._open, name.removesuffix(CONTROLLER), port)

    @contextmanager
    def broken(self, *breaks: Break) -> Generator[None]:
        """Break links while the context is open; `callers` gives the process ids by which they are known."""
        self.portal.call(self._set, breaks)
        try:
            yield
        finally:
            self.portal.call(self._set, ())

    async def _open(self, name: str, port: int) -> int:
        server = await asyncio.start_server(partial(self._accept, name, port), LOOPBACK, 0)
        return server.sockets[0].getsockname()[1]

    async def _set(self, breaks: Sequence[Break]) -> None:
        self.breaks = breaks
        if breaks:
            self._name(self._links)
            for link in [one for one in self._links if self._ailment(one) == "cut"]:
                link.abort()
        self._changed.set()
        self._changed = asyncio.Event()

    async def _accept(self, name: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = (writer.get_extra_info("peername")[1], writer.get_extra_info("sockname")[1])
        link = Link(name, ends, writer)
        self._links.add(link)
        try:
            if self.breaks:
                self._name([link])
            if self._ailment(link) != "cut":
                await self._connect(link, port, reader)
        except OSError:
            # Whoever it was is told by the end of the connection.
            return
        finally:
            link.abort()
            self._links.discard(link)

    async def _connect(self, link: Link, port: int, reader: asyncio.StreamReader) -> None:
        answers, link.server = await asyncio.open_connection(LOOPBACK, port)
        pumps = [self._pump(link, reader, link.server), self._pump(link, answers, link.client)]
        tasks = [asyncio.create_task(pump) for pump in pumps]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        link.abort()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK_BYTES):
            while (ailment := self._ailment(link)) == "silent":
                await self._changed.wait()
            if ailment == "slow":
                await asyncio.sleep(SLOW_SECONDS)
            writer.write(data)
            await writer.drain()

    def _ailment(self, link: Link) -> Ailment | None:
        caller = link.caller or ""
        return next((one.ailment for one in self.breaks if one.meets(caller, link.member)), None)

    def _name(self, links: Iterable[Link]) -> None:
        if unnamed := [link for link in links if link.caller is None]:
            known = callers_of(self.callers())
            for link in unnamed:
                link.caller = known.get(link.ends, "")


@contextmanager
def fronts() -> Generator[Fronts]:
    """Fronts for as long as the context is open."""
    with start_blocking_portal() as portal:
        yield Fronts(portal)


def callers_of(pids: Mapping[str, int]) -> Mapping[Ends, str]:
    """Which of these processes holds a connection, by its own port and the one it leads to."""
    names = {socket: name for name, pid in pids.items() for socket in _sockets(pid)}
    return {ends: names[socket] for socket, ends in _connections() if socket in names}


def _sockets(pid: int) -> Iterable[str]:
    # It may end while it is looked at.
    with suppress(FileNotFoundError, ProcessLookupError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                kind, _, inode = os.fspath(entry.readlink()).partition(":[")
                if kind == "socket":
                    yield inode.removesuffix("]")


def _connections() -> Iterable[tuple[str, Ends]]:
    for table in TABLES:
        for line in table.read_text().splitlines()[1:]:
            columns = line.split()
            local, remote = (int(columns[place].rpartition(":")[2], 16) for place in (1, 2))
            yield columns[9], (local, remote)
