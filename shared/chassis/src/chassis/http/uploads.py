"""Files over HTTP: taken as a request's body while it comes, and handed out as attachments.

What is uploaded is inspected before anything of it reaches the database. What is handed out is never shown by a browser
as if it came from here: attachment, its own type, nosniff; the ETag is its SHA-256.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response, StreamingResponse

from chassis.files.arriving import Arrived, arriving, too_large
from chassis.files.inspecting import inspected
from chassis.files.kinds import FileKind
from chassis.files.store import Files
from chassis.http.requests import let_pass
from chassis.patience import went_on
from chassis.problems import Problem, Unavailable

LOOK_SECONDS: Final = 1.0
INSPECTION_SECONDS: Final = 60.0
UPLOADS_MAX: Final = 8
"""So many at a time in one process: each may fill a temporary file, which lies in memory in a container."""
_RANGE: Final = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True)
class Download:
    """A stored file to hand out."""

    file_id: str
    sha256: str
    size_bytes: int
    media_type: str
    filename: str


@dataclass
class _Room:
    """How many files are on their way in."""

    taken: int = 0

    @contextmanager
    def place(self) -> Generator[None]:
        """A place for one more; raises Unavailable where there is none."""
        if self.taken >= UPLOADS_MAX:
            raise Unavailable("Many files are on their way in. Send this one again shortly.")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


_room = _Room()


@asynccontextmanager
async def upload(request: Request, filename: str, limit_bytes: int) -> AsyncGenerator[tuple[Arrived, FileKind]]:
    """The request's body as a file that was looked into. Raises the problem (413, 415, 422, 503) that says why."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit_bytes:
        await let_pass(request.receive)
        raise too_large(limit_bytes)
    with _room.place():
        async with arriving(request.stream(), limit_bytes) as arrived:
            looking = asyncio.to_thread(inspected, arrived.content, request.headers.get("content-type", ""), filename)
            yield arrived, await _patiently(asyncio.ensure_future(looking))


async def handed_out(files: Files, download: Download, request: Request) -> Response:
    """The answer that hands a file out: 304 where the caller has it, 206 for one range of it, else all of it.

    Raises BlobsAway or FileDamaged where that shows before the answer has begun; later it is broken off.
    """
    tag = f'"{download.sha256}"'
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(download.filename, safe='')}",
        "Cache-Control": "private, no-cache",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    span = _span(request, tag, download.size_bytes)
    if span is None:
        content = files.read(download.file_id, download.sha256, download.size_bytes)
        return await _streamed(content, 200, download.media_type, headers, download.size_bytes)
    first, last = span
    headers["Content-Range"] = f"bytes {first}-{last}/{download.size_bytes}"
    content = files.read_part(download.file_id, first, last - first + 1)
    return await _streamed(content, 206, download.media_type, headers, last - first + 1)


async def _streamed(
    content: AsyncIterator[bytes], status: int, media_type: str, headers: dict[str, str], size_bytes: int
) -> Response:
    first = await anext(content)
    whole = _resumed(first, content)
    return StreamingResponse(whole, status, {**headers, "Content-Length": str(size_bytes)}, media_type)


async def _resumed(first: bytes, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for part in content:
        yield part


def _span(request: Request, tag: str, size_bytes: int) -> tuple[int, int] | None:
    """The first and last byte of the one range asked for (RFC 9110, 14.2); None where all of it is due."""
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or request.headers.get("if-range", tag) != tag:
        return None
    first, last = int(found[1]), min(int(found[2] or size_bytes), size_bytes - 1)
    if first >= size_bytes or last < first:
        detail = f"The file has {size_bytes} bytes. Ask for a range within them, or for all of it."
        raise Problem(416, "range_not_satisfiable", detail, headers={"Content-Range": f"bytes */{size_bytes}"})
    return first, last


async def _patiently(looking: asyncio.Future[FileKind]) -> FileKind:
    """Wait for the look into a file, which counts as progress up to a limit."""
    for _ in range(int(INSPECTION_SECONDS / LOOK_SECONDS)):
        done, _waiting = await asyncio.wait([looking], timeout=LOOK_SECONDS)
        went_on()
        if done:
            return looking.result()
    raise Problem(422, "inspection_too_long", "The file takes too long to look into. Save it in a simpler form.")
