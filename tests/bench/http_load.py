"""A load generator that costs little: prepared requests over kept connections, answers read by their length."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

KEPT_SECONDS: Final = 3
"""The services close a connection that was silent for five."""
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Callers:
    """Kept connections to one service, each with one request on its way at most."""

    def __init__(self, address: str) -> None:
        """Connections are opened as they are needed."""
        url = urlsplit(address)
        self._host, self._port = url.hostname, url.port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []
        self._all: list[Connection] = []

    async def ask(self, prepared: bytes) -> bytes:
        """The body of the answer. Raises AssertionError on an answer that is no success."""
        reader, writer = connection = self._kept() or await self._opened()
        writer.write(prepared)
        body = await read_answer(reader)
        self._idle.append((*connection, time.monotonic()))
        return body

    async def events(self, prepared: bytes) -> AsyncIterator[str]:
        """The ids of an event stream's events as they come."""
        reader, writer = await self._opened()
        writer.write(prepared)
        async for line in reader:
            if line.startswith(b"id:"):
                yield line[3:].strip().decode()

    async def close(self) -> None:
        """Close every connection."""
        for _, writer in self._all:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in self._all), return_exceptions=True)

    def _kept(self) -> Connection | None:
        while self._idle:
            reader, writer, since = self._idle.pop()
            if time.monotonic() - since < KEPT_SECONDS:
                return reader, writer
        return None

    async def _opened(self) -> Connection:
        connection = await asyncio.open_connection(self._host, self._port)
        self._all.append(connection)
        return connection


@asynccontextmanager
async def callers_of(address: str) -> AsyncGenerator[Callers]:
    """Connections that are closed at the end."""
    callers = Callers(address)
    try:
        yield callers
    finally:
        await callers.close()


async def answered_per_second(address: str, requests: Sequence[bytes], in_flight: int) -> float:
    """Send all requests over so many connections at once; answers a second. Raises on an answer that is no success."""
    waiting = list(reversed(requests))
    loop = asyncio.get_running_loop()

    async with callers_of(address) as callers:

        async def worker() -> None:
            while waiting:
                await callers.ask(waiting.pop())

        began = loop.time()
        await asyncio.gather(*(worker() for _ in range(in_flight)))
        return len(requests) / (loop.time() - began)


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """One answer's body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    status = int(head.split(" ", 2)[1])
    length = next(int(line.partition(":")[2]) for line in head.splitlines() if line.startswith("content-length:"))
    body = await reader.readexactly(length)
    if not 200 <= status < 300:
        raise AssertionError(f"{status}: {body[:300]!r}")
    return body


def request(method: str, path: str, token: str, body: bytes = b"", key: str = "") -> bytes:
    """A prepared request."""
    headers = [
        f"{method} {path} HTTP/1.1",
        "Host: bench",
        f"Authorization: Bearer {token}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *([f"Idempotency-Key: {key}"] if key else []),
    ]
    return "\r\n".join(headers).encode() + b"\r\n\r\n" + body
