"""The files of a service: one content is stored once for each study of a sponsor, and swept when nothing holds it.

A row says whose a file is, which bytes are its own, and since when somebody relied on it last. Who stores the same
content again touches that row; the sweep removes only what nobody holds and nobody touched for a day, by a condition on
that very touch, so neither can take from the other. Rows and blobs are made and removed in an order in which a crash
leaves something to sweep and never a row without its bytes.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

from chassis import clock
from chassis.files.arriving import Arrived
from chassis.files.blobs import Blobs, GridFsBlobs
from chassis.journal import Owner
from chassis.mongo import Database, Document, DuplicateKeyError
from chassis.scope import Scope

FILES: Final = "files"
ORPHANED_AFTER: Final = timedelta(days=1)
SWEPT_AT_ONCE: Final = 200
KEPT: Final = "kept"
ARRIVING: Final = "arriving"
LEAVING: Final = "leaving"

Held = Callable[[Collection[str]], Awaitable[set[str]]]
"""Which of these files some aggregate of the service holds."""


class FileDamaged(Exception):  # noqa: N818 - it names what the file is
    """The bytes are not those whose hash the record holds."""


@dataclass(frozen=True)
class Files:
    """A service's files."""

    database: Database
    blobs: Blobs

    @classmethod
    def of(cls, database: Database) -> "Files":
        """In the service's own database."""
        return cls(database, GridFsBlobs(database))

    async def prepare(self) -> None:
        """Make the indexes: one content once for an owner, and what may be swept."""
        rows = self.database.collection(FILES)
        await rows.ensure_index([("sponsor", 1), ("study", 1), ("sha256", 1)], unique=True, where={"status": KEPT})
        await rows.ensure_index([("touched_at", 1)])

    async def keep(self, owner: Owner, arrived: Arrived) -> str:
        """Store the content for its owner; the file's id, that of the same content where it is there already."""
        known = await self._touched(owner, arrived.sha256)
        if known is not None:
            return known
        file_id = clock.new_id()
        rows = self.database.collection(FILES)
        await rows.insert([_row(file_id, owner, arrived)])
        await self.blobs.put(file_id, arrived.parts())
        try:
            await rows.update({"_id": file_id}, {"$set": {"status": KEPT, "touched_at": clock.now()}})
        except DuplicateKeyError:
            # Somebody stored the same at the same time; what came second is swept.
            return await self._touched(owner, arrived.sha256) or file_id
        return file_id

    async def read(self, file_id: str, sha256_expected: str, size_bytes: int) -> AsyncIterator[bytes]:
        """All of a file. The last part comes only where the whole is what its hash says; raises FileDamaged before."""
        digest, last = sha256(), b""
        async for part in self.blobs.read(file_id, 0, size_bytes):
            if last:
                yield last
            digest.update(part)
            last = part
        if digest.hexdigest() != sha256_expected:
            message = f"file {file_id} is not what its record says"
            raise FileDamaged(message)
        yield last

    async def read_part(self, file_id: str, start: int, length: int) -> AsyncIterator[bytes]:
        """So many bytes of a file from there on."""
        async for part in self.blobs.read(file_id, start, length):
            yield part

    async def sweep(self, held: Held) -> int:
        """Remove files that nobody has held or touched for a day; how many there were."""
        rows = self.database.collection(FILES)
        old = {"touched_at": {"$lt": clock.now() - ORPHANED_AFTER}}
        swept, after = 0, ""
        while found := await rows.find(
            Scope.everything(), {**old, "_id": {"$gt": after}}, sort=[("_id", 1)], limit=SWEPT_AT_ONCE
        ):
            after = found[-1]["_id"]
            kept = await held([row["_id"] for row in found])
            swept += sum([await self._removed(row) for row in found if row["_id"] not in kept])
        return swept

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
        await self.blobs.remove(row["_id"])
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
