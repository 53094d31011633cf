"""Pages of lists by opaque cursors: a cursor says where a page begins, never what its bearer may see.

A cursor is base64url of JSON: a hash of the list's filters and the values of the last item's sort keys. It is
tied to the filters, so that it cannot silently be continued in another list. It carries no authority: the
scope is applied to every page anyway, so a forged cursor only begins elsewhere in what the caller may see. What no
database could compare is refused.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar, cast

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from chassis.problems import FieldError, Problem

DEFAULT_LIMIT = 100
MAX_LIMIT = 1_000
MAX_CURSOR_CHARACTERS = 2_048
MAX_INTEGER = 2**63 - 1

Item = TypeVar("Item")
SortValue = str | int | float | bool | datetime | None


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, or null on the last one."""

    model_config = ConfigDict(frozen=True)

    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page the caller wants: at most `limit` items after the place the cursor names."""

    limit: int
    cursor: str | None

    def after(self, filters: Mapping[str, object], *, values: int = 1) -> list[SortValue] | None:
        """Give the so many sort values after which the page begins, or `None` for the first page.

        Raises the 400 problem for a cursor that is malformed or belongs to other filters.
        """
        if self.cursor is None:
            return None
        place = decode_cursor(self.cursor, filters)
        if len(place) != values:
            raise _bad_cursor("is not a cursor of this list")
        return place


async def page_request(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page.")] = DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(description="`next` of the page before, unchanged.")] = None,
) -> PageRequest:
    """FastAPI dependency for the query parameters `limit` and `cursor`."""
    return PageRequest(limit=limit, cursor=cursor)


Paging = Annotated[PageRequest, Depends(page_request)]


def beyond(fields: Sequence[str], after: Sequence[SortValue]) -> dict[str, Any]:
    """The condition on what comes after these values in the ascending order of the fields."""
    equal: dict[str, Any] = {}
    alternatives: list[dict[str, Any]] = []
    for field, value in zip(fields, after, strict=True):
        alternatives.append({**equal, field: {"$gt": value}})
        equal[field] = value
    return {"$or": alternatives}


def encode_cursor(values: Sequence[SortValue], filters: Mapping[str, object]) -> str:
    """Give the cursor for the page after an item with these sort values, in the list with these filters."""
    document = [_hash_of(filters), [_to_json(value) for value in values]]
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, filters: Mapping[str, object]) -> list[SortValue]:
    """Give the sort values back. Raises the 400 problem that names `cursor`."""
    try:
        filters_hash, values = _parsed(cursor)
    except (ValueError, TypeError, OverflowError, binascii.Error, RecursionError):
        raise _bad_cursor("is not a cursor of this service") from None
    if filters_hash != _hash_of(filters):
        raise _bad_cursor("belongs to a list with other filters")
    return values


def _parsed(cursor: str) -> tuple[str, list[SortValue]]:
    if len(cursor) > MAX_CURSOR_CHARACTERS:
        raise ValueError(cursor)
    padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
    document = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    filters_hash, values = document
    if not isinstance(filters_hash, str) or not isinstance(values, list):
        raise TypeError(document)
    return filters_hash, [_from_json(value) for value in cast("list[object]", values)]


def _to_json(value: SortValue) -> object:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def _from_json(value: object) -> SortValue:
    match value:
        case {"at": str(text)} if len(cast("dict[str, object]", value)) == 1:
            return datetime.fromisoformat(text).astimezone(UTC)
        case str():
            value.encode()  # half a surrogate pair is no text
            return value
        case int() if abs(value) > MAX_INTEGER:
            raise OverflowError(value)
        case None | int() | float():
            return value
        case _:
            raise TypeError(value)


def _hash_of(filters: Mapping[str, object]) -> str:
    canonical = json.dumps(filters, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def _bad_cursor(detail: str) -> Problem:
    error = FieldError("cursor", detail, "`next` of the page before, unchanged, with the same filters", "query")
    return Problem(400, "invalid_cursor", f"The cursor {detail}. Begin again without one.", errors=[error])
