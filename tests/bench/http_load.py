"""A load generator that costs little: prepared requests over kept connections, answers read by their length."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit


async def answered_per_second(address: str, requests: Sequence[bytes], in_flight: int) -> float:
    """Send all requests over so many connections at once; answers a second. Raises on an answer that is no success."""
    waiting = list(reversed(requests))
    url = urlsplit(address)
    loop = asyncio.get_running_loop()

    async def worker() -> None:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        while waiting:
            writer.write(waiting.pop())
            await read_answer(reader)
        writer.close()
        await writer.wait_closed()

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
