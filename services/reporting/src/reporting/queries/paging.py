"""What pages of every kind share: one document more than wanted is read, to know whether others follow."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Document


def paged(
    items: list[Any], found: Sequence[Document], wanted: PageRequest, filters: Mapping[str, object], key: str
) -> Page[Any]:
    """The page, with a cursor where more was found than wanted; `key` is what the list is ordered by."""
    more = len(found) > wanted.limit
    return Page(items=items, next=encode_cursor([found[wanted.limit - 1][key]], filters) if more else None)
