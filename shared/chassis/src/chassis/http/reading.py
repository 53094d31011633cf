"""Reads of a service's own aggregates for HTTP, always through a Scope."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from chassis.commands import Aggregate
from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.http.requests import etag
from chassis.mongo import Database, Document
from chassis.problems import not_found
from chassis.scope import Scope


async def one(database: Database, scope: Scope, aggregate: Aggregate[Any, Any, Any], key: str) -> Document:
    """An aggregate's stored document. Raises the 404 problem, also for another sponsor's."""
    found = await database.collection(aggregate.collection).find_one(scope, {"_id": key})
    if found is None:
        raise not_found(aggregate.name, key)
    return found


async def answered(
    database: Database, scope: Scope, aggregate: Aggregate[Any, Any, Any], key: str, response: Response
) -> dict[str, Any]:
    """An aggregate as clients see it, its version as the response's ETag. Raises the 404 problem."""
    found = await one(database, scope, aggregate, key)
    response.headers["ETag"] = etag(found["version"])
    return seen(aggregate, found)


async def page(
    database: Database,
    scope: Scope,
    aggregate: Aggregate[Any, Any, Any],
    condition: Mapping[str, Any],
    wanted: PageRequest,
) -> Page[dict[str, Any]]:
    """A page of aggregates in the order of their ids."""
    after = wanted.after(condition)
    place = {"_id": {"$gt": after[0]}} if after else {}
    collection = database.collection(aggregate.collection)
    found = await collection.find(scope, {**condition, **place}, sort=[("_id", 1)], limit=wanted.limit + 1)
    items, more = found[: wanted.limit], len(found) > wanted.limit
    following = encode_cursor([items[-1]["_id"]], condition) if more else None
    return Page(items=[seen(aggregate, document) for document in items], next=following)


def seen(aggregate: Aggregate[Any, Any, Any], document: Document) -> dict[str, Any]:
    """A stored document as clients see it."""
    return aggregate.view(aggregate.state.model_validate(document["state"]), document["version"])
