"""The one file that knows the MongoDB driver (motor today; decision 0003 says when PyMongo's own client takes over).

Every read names its `Scope`; every write is acknowledged by a majority and its journal; every transaction states its
options, because those of the client do not apply inside one.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorClientSession, AsyncIOMotorGridFSBucket
from pymongo import DeleteMany, IndexModel, ReadPreference, ReplaceOne, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from chassis import clock, failpoints
from chassis.scope import Scope
from chassis.write_errors import is_duplicate

__all__ = [
    "Collection",
    "Database",
    "DeleteMany",
    "Document",
    "DuplicateKeyError",
    "PyMongoError",
    "Replacement",
    "Session",
    "UpdateOne",
    "is_duplicate",
]

Document = dict[str, Any]
Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]
Session = AsyncIOMotorClientSession
T = TypeVar("T")

CONFLICT_PAUSES = 20
COMMIT_PAUSES = 8
PATIENCE_SECONDS = 10.0
"""What takes longer is an outage and no conflict: whoever asked is told, and may ask again."""
TRANSACTION = {
    "read_concern": ReadConcern("snapshot"),
    "write_concern": WriteConcern("majority", j=True, wtimeout=10_000),
    "read_preference": ReadPreference.PRIMARY,
    "max_commit_time_ms": 5_000,
}


class Replacement(ReplaceOne[Document]):
    """Put one document over the one that meets the condition; alone it costs less than in a bulk."""

    def __init__(self, condition: Filter, document: Document, *, upsert: bool) -> None:
        """`upsert` makes the document where none meets the condition."""
        super().__init__(condition, document, upsert=upsert)
        self._told = (condition, document, upsert)

    async def alone(self, collection: Any, session: Session | None) -> int:
        """Put it; how many documents were matched or made."""
        condition, document, upsert = self._told
        result = await collection.replace_one(condition, document, upsert=upsert, session=session)
        return result.matched_count + (result.upserted_id is not None)


class Collection:
    """One collection of a service's own database."""

    def __init__(self, collection: Any) -> None:
        """Wrap the driver's collection; made by `Database.collection` only."""
        self._collection = collection
        self.name: str = collection.name

    async def find(
        self,
        scope: Scope,
        condition: Filter,
        *,
        sort: Sort = (),
        limit: int = 0,
        fields: Sequence[str] | None = None,
        session: Session | None = None,
    ) -> list[Document]:
        """Documents within the scope that meet the condition; `limit` 0 means all of them."""
        cursor = self._collection.find(_scoped(scope, condition), fields, session=session)
        cursor = cursor.sort(list(sort)) if sort else cursor
        # The server's own first batch holds 101 documents: a limit comes in one answer.
        return await cursor.limit(limit).batch_size(limit).to_list(None)

    async def stream(self, scope: Scope, condition: Filter, *, sort: Sort) -> AsyncGenerator[Document]:
        """Every document within the scope that meets the condition, without holding all of them at once."""
        async for document in self._collection.find(_scoped(scope, condition)).sort(list(sort)):
            yield document

    async def find_one(
        self, scope: Scope, condition: Filter, *, sort: Sort = (), session: Session | None = None
    ) -> Document | None:
        """The first document within the scope that meets the condition."""
        found = await self.find(scope, condition, sort=sort, limit=1, session=session)
        return found[0] if found else None

    async def count(self, scope: Scope, condition: Filter, *, limit: int = 0, session: Session | None = None) -> int:
        """How many documents within the scope meet the condition; counted no further than a `limit`."""
        options = {"limit": limit} if limit else {}
        return await self._collection.count_documents(_scoped(scope, condition), session=session, **options)

    async def aggregate(self, scope: Scope, stages: Sequence[Filter], *, condition: Filter) -> list[Document]:
        """Run the stages over the documents within the scope that meet the condition."""
        cursor = self._collection.aggregate([{"$match": _scoped(scope, condition)}, *stages])
        return await cursor.to_list(None)

    async def insert(self, documents: Sequence[Document], *, session: Session | None = None) -> None:
        """Insert documents, all of which must be new. Raises DuplicateKeyError or BulkWriteError."""
        if len(documents) == 1:
            await self._collection.insert_one(documents[0], session=session)
        elif documents:
            await self._collection.insert_many(documents, ordered=False, session=session)

    async def insert_new(self, documents: Sequence[Document]) -> set[Any]:
        """Insert those whose `_id` is not there yet; the ids that were. For idempotent appends."""
        if not documents:
            return set()
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if not is_duplicate(error):
                raise
            return {documents[failed["index"]]["_id"] for failed in (error.details or {})["writeErrors"]}
        return set()

    async def write(self, operations: Sequence[Any], *, session: Session | None = None) -> int:
        """Run write operations as one unordered bulk; how many documents they matched or made."""
        if not operations:
            return 0
        if len(operations) == 1 and isinstance(replacement := operations[0], Replacement):
            return await replacement.alone(self._collection, session)
        result = await self._collection.bulk_write(operations, ordered=False, session=session)
        return result.matched_count + result.upserted_count + result.inserted_count

    async def replace_newer(self, documents: Sequence[Document]) -> None:
        """Put each document unless a newer `version` of it is there. An older write changes nothing."""
        operations = [
            Replacement({"_id": document["_id"], "version": {"$lt": document["version"]}}, document, upsert=True)
            for document in documents
        ]
        try:
            await self.write(operations)
        except PyMongoError as error:
            if not is_duplicate(error):
                raise

    async def update(self, condition: Filter, change: Any) -> int:
        """Change every document that meets the condition; how many were changed."""
        return (await self._collection.update_many(condition, change)).modified_count

    async def update_one_and_return(self, condition: Filter, change: Any) -> Document | None:
        """Change one document atomically and return it as it is after; None where none meets the condition."""
        return await self._collection.find_one_and_update(condition, change, return_document=True)

    async def delete(self, condition: Filter) -> int:
        """Remove every document that meets the condition; how many there were."""
        return (await self._collection.delete_many(condition)).deleted_count

    async def ensure_index(self, keys: Sort, *, unique: bool = False, where: Filter | None = None) -> None:
        """Make the index if it is missing. `where` makes it a partial index."""
        options: dict[str, Any] = {"unique": unique}
        if where is not None:
            options["partialFilterExpression"] = dict(where)
        await self._collection.create_index(list(keys), **options)

    async def ensure_indexes(self, indexes: Iterable[tuple[Sort, Filter]]) -> None:
        """Make those that are missing, in one pass over the documents; a condition limits what an index holds."""
        partial = "partialFilterExpression"
        await self._collection.create_indexes(
            [IndexModel(list(keys), **({partial: dict(where)} if where else {})) for keys, where in indexes]
        )

    async def inserts(self, *, fields: Sequence[str] = ()) -> AsyncGenerator[Document]:
        """Every document inserted from now on. A wake-up only: never the truth about what was inserted."""
        only = [{"$project": {f"fullDocument.{name}": 1 for name in fields}}] if fields else []
        async with self._collection.watch([{"$match": {"operationType": "insert"}}, *only]) as stream:
            async for change in stream:
                yield change["fullDocument"]


class Database:
    """A service's own database."""

    def __init__(self, client: Any, name: str, named: Callable[[str], str] = str) -> None:
        """Wrap the driver's client; use `connect`."""
        self._client = client
        self._database = client[name]
        self._named = named
        self.name = name

    @classmethod
    def connect(cls, uri: str, name: str, *, timeout_ms: int = 10_000, selection_timeout_ms: int = 4_000) -> "Database":
        """A client with the settings the platform's promises rest on; connects on first use."""
        connect: Any = AsyncIOMotorClient
        client = connect(
            uri,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            readPreference="primary",
            retryWrites=True,
            retryReads=True,
            timeoutMS=timeout_ms,
            serverSelectionTimeoutMS=selection_timeout_ms,
            uuidRepresentation="standard",
            tz_aware=True,
            appname=name,
        )
        return cls(client, name)

    def collection(self, name: str) -> Collection:
        """The collection of this name."""
        return Collection(self._database[self._named(name)])

    def renamed(self, named: Callable[[str], str]) -> "Database":
        """The same database, its collections found under the name that `named` gives when one is asked for."""
        return Database(self._client, self.name, named)

    def bucket(self, name: str) -> Any:
        """The GridFS bucket of this name, for what is larger than a document."""
        return AsyncIOMotorGridFSBucket(self._database, self._named(name))

    async def collection_names(self) -> set[str]:
        """The names of the collections that there are, as they stand in the database."""
        return set(await self._database.list_collection_names())

    async def drop(self, name: str) -> None:
        """Remove a collection with all it holds; nothing happens where there is none."""
        await self._database.drop_collection(self._named(name))

    async def in_transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Run the work in one transaction; it may be run again after a conflict and must touch nothing outside it.

        Shielded: a caller that is cancelled while the commit is on its way must not leave it half told.
        """
        await failpoints.reach("before-transaction")
        transaction = asyncio.ensure_future(self._transaction(work))
        # Where the caller is gone, nobody else asks how it ended; the journal knows.
        transaction.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(transaction)

    async def _transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        for pause in pauses(CONFLICT_PAUSES):
            async with await self._client.start_session() as session:
                try:
                    async with session.start_transaction(**TRANSACTION):
                        result = await work(session)
                        # Committed here, so that one whose outcome is unknown is asked again, not taken for a failure.
                        await failpoints.reach("before-commit")
                        await _commit(session)
                        await failpoints.reach("after-commit")
                        return result
                except PyMongoError as error:
                    if not error.has_error_label("TransientTransactionError") or pause is None:
                        raise
            await asyncio.sleep(pause)
        message = "unreachable: the last attempt returns or raises"
        raise AssertionError(message)

    async def ping(self) -> None:
        """Ask the server whether it is there. Raises PyMongoError."""
        await self._database.command("ping")

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def pauses(count: int) -> Iterable[float | None]:
    """Growing random pauses between attempts, in seconds; None for the last attempt, after which there is none."""
    began = clock.monotonic()
    for attempt in range(count):
        if clock.monotonic() - began > PATIENCE_SECONDS:
            break
        # Chance keeps rivals apart; nobody gains by guessing it.
        yield random.uniform(0, min(0.5, 0.005 * 2**attempt))  # noqa: S311
    yield None


async def _commit(session: Session) -> None:
    for pause in pauses(COMMIT_PAUSES):
        try:
            await session.commit_transaction()
        except PyMongoError as error:
            if not error.has_error_label("UnknownTransactionCommitResult") or pause is None:
                raise
            await asyncio.sleep(pause)
        else:
            return


def _scoped(scope: Scope, condition: Filter) -> Filter:
    limits = scope.filter()
    return {"$and": [limits, dict(condition)]} if limits else condition
