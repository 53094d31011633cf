"""Where bytes lie: a small protocol, met by GridFS in the service's own database and by an object store (`s3.py`)."""

from collections.abc import AsyncIterator
from typing import Any, Final, Protocol

from gridfs.errors import NoFile

from chassis.mongo import Database
from chassis.patience import went_on
from chassis.problems import Unavailable

BUCKET: Final = "blobs"
CHUNK_BYTES: Final = 261_120
"""255 KiB, GridFS' own measure: with its names a chunk stays below a power of two."""


class BlobsAway(Unavailable):
    """Where files lie does not answer, or not to us. `reason` is for operators, and names nothing of the inside."""

    def __init__(self, reason: str) -> None:
        """What callers are told is always the same."""
        super().__init__("Files cannot be read or kept at the moment. Nothing was changed: try again.")
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class Blobs(Protocol):
    """Bytes under keys. A key is written once; it can be read from when `put` has returned. All raise BlobsAway."""

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Write all of the content; where this fails, nothing can be read under the key."""

    def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """So many bytes from there on. Raises EOFError where there are fewer, or none."""
        ...

    async def remove(self, key: str) -> None:
        """Remove what is under the key, also what a `put` that broke off left; nothing happens where nothing is."""

    async def reach(self) -> None:
        """See that content can be kept and read here; tried when the service starts."""

    async def check(self) -> None:
        """See that it still answers, at little cost."""


class GridFsBlobs:
    """GridFS in the service's own database: one backup holds record and content, and no second store can be away."""

    def __init__(self, database: Database) -> None:
        """Made for one service."""
        self._database = database

    @property
    def _bucket(self) -> Any:
        # Made where it is used: the driver binds it to the event loop of that moment, and a service is composed before.
        return self._database.bucket(BUCKET)

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Write chunk by chunk; the entry that makes them readable comes last."""
        upload: Any = self._bucket.open_upload_stream_with_id(key, key, chunk_size_bytes=CHUNK_BYTES)
        try:
            async for part in content:
                await upload.write(part)
                went_on()
        except BaseException:
            await upload.abort()
            raise
        await upload.close()

    async def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Read chunk by chunk."""
        try:
            download: Any = await self._bucket.open_download_stream(key)
        except NoFile as error:
            raise EOFError(f"there is no blob {key}") from error
        download.seek(start)
        while length > 0:
            part: bytes = await download.read(min(CHUNK_BYTES, length))
            if not part:
                raise EOFError(f"the blob {key} is shorter than its record says")
            length -= len(part)
            yield part

    async def remove(self, key: str) -> None:
        """Remove entry and chunks."""
        try:
            await self._bucket.delete(key)
        except NoFile:
            return

    async def reach(self) -> None:
        """The database is looked after by the service."""

    async def check(self) -> None:
        """The database has a check of its own."""
