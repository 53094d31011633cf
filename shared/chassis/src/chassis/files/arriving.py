"""A file on its way in: counted, hashed and set down outside the database until it has been looked into."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from chassis.problems import Problem

IN_MEMORY_BYTES: Final = 1_048_576
PART_BYTES: Final = 261_120


@dataclass(frozen=True)
class Arrived:
    """A whole file, readable from its beginning, until its context ends."""

    content: IO[bytes]
    sha256: str
    size_bytes: int

    async def parts(self) -> AsyncIterator[bytes]:
        """The content again, part by part."""
        self.content.seek(0)
        while part := await asyncio.to_thread(self.content.read, PART_BYTES):
            yield part


@asynccontextmanager
async def arriving(stream: AsyncIterator[bytes], limit_bytes: int) -> AsyncGenerator[Arrived]:
    """Take the stream to its end. Raises the 413 problem as soon as it is longer than the limit, or 422 for nothing."""
    digest, size = hashlib.sha256(), 0
    with SpooledTemporaryFile[bytes](max_size=IN_MEMORY_BYTES) as content:
        async for part in stream:
            size += len(part)
            if size > limit_bytes:
                raise too_large(limit_bytes)
            digest.update(part)
            await asyncio.to_thread(content.write, part)
        if size == 0:
            raise Problem(422, "file_empty", "The file is empty. Send its content as the body of the request.")
        content.seek(0)
        yield Arrived(content, digest.hexdigest(), size)


def too_large(limit_bytes: int) -> Problem:
    """Give the answer to a file that is larger than the limit."""
    detail = f"The file is larger than {limit_bytes} bytes. Send a smaller one, with smaller pictures for example."
    return Problem(413, "content_too_large", detail, limit_bytes=limit_bytes, headers={"Connection": "close"})
