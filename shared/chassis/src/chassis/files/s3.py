"""Blobs in an object store that speaks S3, through obstore (Rust's object_store; decision 0032 says why).

An object appears whole or not at all: what is longer than a part goes up in parts, and only the last call makes it an
object. Each part is signed over its SHA-256, which the store verifies. An upload that is given up is told to the store,
so that nothing of it stays. Of a process that died, parts may stay that are no object and cannot be read, until the
bucket's rule for them removes them (deploy/docker/README.md).
"""

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import structlog
from obstore import delete_async, get_async, head_async, put_async
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from chassis.files.blobs import BlobsAway
from chassis.patience import went_on
from chassis.settings import ObjectStore

PART_BYTES: Final = 5_242_880
"""The least that S3 takes as a part which is not the last."""
PARTS_AT_ONCE: Final = 2
READ_BYTES: Final = 262_144
CONNECT_SECONDS: Final = 3.0
PART_SECONDS: Final = 20.0
"""A part must be through in this time: 2 Mbit/s."""
SILENCE_SECONDS: Final = 10.0
WHOLE_READ_SECONDS: Final = 3_600.0
RETRIES: Final = 3
RETRY_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 1.0
GIVING_UP_SECONDS: Final = 5.0
PROBE: Final = ".probe"

_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class S3Blobs:
    """Objects under a prefix of one bucket."""

    def __init__(self, where: ObjectStore, prefix: str) -> None:
        """Nothing is connected yet."""
        self._writing = _store(where, prefix, whole_seconds=PART_SECONDS)
        # A whole file goes to its reader at the reader's own pace: there it is silence that counts.
        self._reading = _store(where, prefix, whole_seconds=WHOLE_READ_SECONDS)

    async def put(self, key: str, content: AsyncIterator[bytes]) -> None:
        """Send part by part; whoever is cancelled meanwhile has the store told that the rest will not come."""
        given_up = asyncio.Event()
        parts = _until(given_up, content)
        with _told("put"):
            sending = asyncio.ensure_future(
                put_async(self._writing, key, parts, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE)
            )
            # Where nobody waits any more, nobody else asks how it ended.
            sending.add_done_callback(lambda done: done.cancelled() or done.exception())
            try:
                while not sending.done():
                    await asyncio.wait([sending], timeout=LOOK_SECONDS)
                    went_on()
            except asyncio.CancelledError:
                given_up.set()
                await asyncio.wait([sending], timeout=GIVING_UP_SECONDS)
                raise
            sending.result()

    async def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """Read as it comes."""
        with _told("read"):
            try:
                found = await get_async(self._reading, key, options={"range": (start, start + length)})
            except FileNotFoundError as error:
                raise EOFError(f"there is no object {key}") from error
            async for part in found.stream(min_chunk_size=READ_BYTES):
                length -= len(part)
                yield bytes(part)
        if length > 0:
            raise EOFError(f"the object {key} is shorter than its record says")

    async def remove(self, key: str) -> None:
        """Remove the object; to S3 it is no mistake where there is none."""
        with _told("remove"):
            await delete_async(self._writing, key)

    async def reach(self) -> None:
        """Write a small object and read it back: address, bucket, credentials and their rights are good for both."""
        with _told("reach"):
            await put_async(self._writing, PROBE, b"studyline")
            await get_async(self._writing, PROBE)

    async def check(self) -> None:
        """Ask for that small object."""
        with _told("check"):
            await head_async(self._writing, PROBE)


def _store(where: ObjectStore, prefix: str, *, whole_seconds: float) -> S3Store:
    key_id, secret = where.access_key_id.get_secret_value(), where.secret_access_key.get_secret_value()

    # A callable, because only with one does the library leave the environment's own credentials alone.
    def credential() -> Any:
        return {"access_key_id": key_id, "secret_access_key": secret, "token": None, "expires_at": None}

    client: Any = {
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "read_timeout": timedelta(seconds=SILENCE_SECONDS),
        "timeout": timedelta(seconds=whole_seconds),
        "allow_http": where.endpoint.startswith("http://"),
    }
    if where.ca_file is not None:
        client["root_certificate"] = where.ca_file.read_bytes()
    return S3Store(
        where.bucket,
        prefix=prefix,
        endpoint=where.endpoint,
        region=where.region,
        virtual_hosted_style_request=False,
        skip_signature=False,
        unsigned_payload=False,
        disable_bulk_delete=True,
        client_options=client,
        retry_config={"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)},
        credential_provider=credential,
    )


async def _until(given_up: asyncio.Event, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The content, broken off with an error once it is given up: this makes the library tell the store."""
    async for part in content:
        if given_up.is_set():
            raise ConnectionAbortedError("the upload was given up")
        yield part


@contextmanager
def _told(act: str) -> Generator[None]:
    """What went wrong, in our own words to who asked and with the library's first line in the log."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise _away(act, "the object store refuses the credentials, or what they ask for", error) from error
    except FileNotFoundError as error:
        raise _away(act, "the object store has no such bucket, or it was emptied", error) from error
    except BaseError as error:
        raise _away(act, "the object store does not answer as it should", error) from error


def _away(act: str, reason: str, error: Exception) -> BlobsAway:
    detail = str(error).partition("\n")[0][:300]
    _log.error("object store failed", act=act, error=type(error).__name__, detail=detail)
    return BlobsAway(reason)
