"""The fronts of the fault rig: what they break is broken, for whom it was meant and for nobody else."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncGenerator, Generator

import pytest
from proxy import SLOW_SECONDS, Ailment, Break, Fronts, fronts
from studyline.ports import LOOPBACK

ASKS = """
import socket, sys
asker = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for line in sys.stdin:
    asker.sendall(line.encode())
    if not (answer := asker.recv(100)):
        break
    print(answer.decode(), end="", flush=True)
"""
SOON_SECONDS = 0.5
IN_TIME_SECONDS = 10.0


class Asker:
    """A process that asks through a front, on one connection for all its life."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self, within_seconds: float = IN_TIME_SECONDS) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"hello\n")
        async with asyncio.timeout(within_seconds):
            return (await self.process.stdout.readline()).decode()


@contextlib.asynccontextmanager
async def asking(port: int) -> AsyncGenerator[Asker]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASKS, str(port), stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield Asker(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
def standing() -> Generator[Fronts]:
    with fronts() as made:
        yield made


@pytest.fixture
async def port(standing: Fronts) -> AsyncGenerator[int]:
    """The front of a server that says back what it hears."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, LOOPBACK, 0)
    async with server:
        yield standing.open("member_controller", server.sockets[0].getsockname()[1])


def broken(fronts_: Fronts, asker: Asker, ailment: Ailment) -> contextlib.AbstractContextManager[None]:
    fronts_.callers = lambda: {"asker": asker.process.pid, "test": os.getpid()}
    return fronts_.broken(Break(frozenset({"asker"}), frozenset({"member"}), ailment))


async def test_a_front_lets_everything_through(port: int) -> None:
    async with asking(port) as asker:
        assert await asker.ask() == "hello\n"


async def test_a_cut_link_ends_at_once_and_cannot_be_made_again(standing: Fronts, port: int) -> None:
    async with asking(port) as asker, asking(port) as other:
        assert await asker.ask() == await other.ask() == "hello\n"
        with broken(standing, asker, "cut"):
            assert await asker.ask() == ""
            assert await other.ask() == "hello\n"


async def test_a_silent_link_goes_on_where_it_was(standing: Fronts, port: int) -> None:
    async with asking(port) as asker, asking(port) as other:
        assert await asker.ask() == await other.ask() == "hello\n"
        with broken(standing, asker, "silent"):
            with pytest.raises(TimeoutError):
                await asker.ask(SOON_SECONDS)
            assert await other.ask() == "hello\n"
        assert await asker.ask() == "hello\n"


async def test_a_slow_link_takes_its_time(standing: Fronts, port: int) -> None:
    async with asking(port) as asker:
        assert await asker.ask() == "hello\n"
        with broken(standing, asker, "slow"):
            with pytest.raises(TimeoutError):
                await asker.ask(SLOW_SECONDS)
            assert await asker.ask() == "hello\n"
