"""The files of a service: one content is stored once for each study of a sponsor, and swept when nothing holds it.

A row says whose a file is, which bytes are its own, and since when somebody relied on it last. Who stores the same
content again touches that row; the sweep removes only what nobody holds and nobody touched for a day, by a condition on
that very touch, so neither can take from the other. Rows and blobs are made and removed in an order in which a crash
leaves something to sweep and never a row without its bytes.

A row also names the store in which its bytes lie and their key there. The setting says where new files go; what was
kept before stays readable where it is.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import structlog

from chassis import clock
from chassis.files.arriving import Arrived
from chassis.files.blobs import Blobs, BlobsAway, GridFsBlobs
from chassis.journal import Owner
from chassis.mongo import Database, Document, DuplicateKeyError
from chassis.problems import Problem
from chassis.scope import Scope
from chassis.settings import FileStore, ServiceSettings

FILES: Final = "files"
ORPHANED_AFTER: Final = timedelta(days=1)
SWEPT_AT_ONCE: Final = 200
KEPT: Final = "kept"
ARRIVING: Final = "arriving"
LEAVING: Final = "leaving"

Held = Callable[[Collection[str]], Awaitable[set[str]]]
"""Which of these files some aggregate of the service holds."""


_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class FileDamaged(Problem):
    """The bytes are gone, or not those whose hash the record holds. It is logged where it is found."""

    def __init__(self, file_id: str, store: str) -> None:
        _log.critical("a stored file is not what its record says", file_id=file_id, store=store)
        detail = "The file is not what its record says, and is not handed out. Report the request_id to the operators."
        super().__init__(500, "file_damaged", detail)


async def ensure_files(database: Database) -> None:
    """Make the indexes: one content once for an owner, and what may be swept."""
    rows = database.collection(FILES)
    await rows.ensure_index([("sponsor", 1), ("study", 1), ("sha256", 1)], unique=True, where={"status": KEPT})
    await rows.ensure_index([("touched_at", 1)])


@dataclass(frozen=True)
class Files:
    """A service's files: new ones go to `store`, which is one of the `stores` by their names."""

    database: Database
    stores: Mapping[FileStore, Blobs]
    store: FileStore = "gridfs"

    @classmethod
    def of(cls, database: Database, settings: ServiceSettings, service: str) -> "Files":
        """As the settings say: in the service's own database, or under its name in the object store."""
        stores: dict[FileStore, Blobs] = {"gridfs": GridFsBlobs(database)}
        where = settings.object_store
        if where is not None:
            # Loaded where it is used: the library costs memory.
            from chassis.files.s3 import S3Blobs  # noqa: PLC0415

            stores["s3"] = S3Blobs(where, service)
        return cls(database, stores, settings.files_store)

    async def reach(self) -> None:
        """See that every store can be used; raises BlobsAway."""
        for blobs in self.stores.values():
            await blobs.reach()

    async def check(self) -> None:
        """See that every store still answers; raises BlobsAway."""
        for blobs in self.stores.values():
            await blobs.check()

    async def keep(self, owner: Owner, arrived: Arrived) -> str:
        """Store the content for its owner; the file's id, that of the same content where it is there already."""
        known = await self._touched(owner, arrived.sha256)
        if known is not None:
            return known
        file_id = clock.new_id()
        rows = self.database.collection(FILES)
        row = {**_row(file_id, owner, arrived), "store": self.store, "key": _key(file_id, owner)}
        await rows.insert([row])
        await self.stores[self.store].put(row["key"], arrived.parts())
        try:
            await rows.update({"_id": file_id}, {"$set": {"status": KEPT, "touched_at": clock.now()}})
        except DuplicateKeyError:
            # Somebody stored the same at the same time; what came second is swept.
            return await self._touched(owner, arrived.sha256) or file_id
        return file_id

    async def read(self, file_id: str, sha256_expected: str, size_bytes: int) -> AsyncIterator[bytes]:
        """All of a file. The last part comes only where the whole is what its hash says; raises FileDamaged before."""
        store, key = await self._place(file_id)
        digest, last = sha256(), b""
        async with aclosing(self._parts(file_id, store, key, (0, size_bytes))) as parts:
            async for part in parts:
                if last:
                    yield last
                digest.update(part)
                last = part
        if digest.hexdigest() != sha256_expected:
            raise FileDamaged(file_id, store)
        yield last

    async def read_part(self, file_id: str, start: int, length: int) -> AsyncIterator[bytes]:
        """So many bytes of a file from there on. Raises FileDamaged where they are not there."""
        store, key = await self._place(file_id)
        async with aclosing(self._parts(file_id, store, key, (start, length))) as parts:
            async for part in parts:
                yield part

    async def sweep(self, held: Held) -> int:
        """Remove files that nobody has held or touched for a day; how many there were."""
        rows = self.database.collection(FILES)
        reached = {"store": {"$in": [*self.stores, None]}}
        old = {"touched_at": {"$lt": clock.now() - ORPHANED_AFTER}, **reached}
        swept, after = 0, ""
        while found := await rows.find(
            Scope.everything(), {**old, "_id": {"$gt": after}}, sort=[("_id", 1)], limit=SWEPT_AT_ONCE
        ):
            after = found[-1]["_id"]
            kept = await held([row["_id"] for row in found])
            swept += sum([await self._removed(row) for row in found if row["_id"] not in kept])
        return swept

    async def _place(self, file_id: str) -> tuple[FileStore, str]:
        row = await self.database.collection(FILES).find_one(Scope.everything(), {"_id": file_id})
        return _place(row or {"_id": file_id})

    async def _parts(self, file_id: str, store: FileStore, key: str, span: tuple[int, int]) -> AsyncGenerator[bytes]:
        if store not in self.stores:
            raise BlobsAway(f"files lie in a store that is not set up: {store}")
        try:
            async for part in self.stores[store].read(key, *span):
                yield part
        except EOFError as error:
            raise FileDamaged(file_id, store) from error

    async def _touched(self, owner: Owner, content_sha256: str) -> str | None:
        same = {"sponsor": owner.sponsor, "study": owner.study, "sha256": content_sha256, "status": KEPT}
        change = {"$set": {"touched_at": clock.now()}}
        found = await self.database.collection(FILES).update_one_and_return(same, change)
        return found["_id"] if found is not None else None

    async def _removed(self, row: Document) -> bool:
        rows = self.database.collection(FILES)
        untouched: dict[str, Any] = {"_id": row["_id"], "touched_at": row["touched_at"]}
        # A row that is leaving is touched by nobody: its bytes may go, and the row that says so goes last.
        if row["status"] != LEAVING and not await rows.update(untouched, {"$set": {"status": LEAVING}}):
            return False
        store, key = _place(row)
        await self.stores[store].remove(key)
        await rows.delete({"_id": row["_id"], "status": LEAVING})
        return True


def _row(file_id: str, owner: Owner, arrived: Arrived) -> Document:
    return {
        "_id": file_id,
        "sponsor": owner.sponsor,
        "study": owner.study,
        "sha256": arrived.sha256,
        "size_bytes": arrived.size_bytes,
        "status": ARRIVING,
        "touched_at": clock.now(),
    }


def _key(file_id: str, owner: Owner) -> str:
    """An owner's files lie together, so that a bucket's own rules can tell sponsors apart."""
    return f"{owner.sponsor}/{owner.study}/{file_id}"


def _place(row: Document) -> tuple[FileStore, str]:
    """In which store its bytes lie, and under which key; rows from before there were two say neither."""
    return row.get("store", "gridfs"), row.get("key", row["_id"])
