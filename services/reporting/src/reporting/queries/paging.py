"""What pages of every kind share: one document more than wanted is read, to know whether others follow."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chassis.http.paging import Page, PageRequest, encode_cursor
from chassis.mongo import Collection, Document
from chassis.scope import Scope


def paged(
    items: list[Any], found: Sequence[Document], wanted: PageRequest, filters: Mapping[str, object], key: str
) -> Page[Any]:
    """The page, with a cursor where more was found than wanted; `key` is what the list is ordered by."""
    more = len(found) > wanted.limit
    return Page(items=items, next=encode_cursor([found[wanted.limit - 1][key]], filters) if more else None)


async def page_in_order(
    rows: Collection,
    scope: Scope,
    condition: Mapping[str, Any],
    wanted: PageRequest,
    filters: Mapping[str, object],
    item: Callable[[Document], Any],
) -> Page[Any]:
    """A page of rows by their `order`, in which overdue comes first; `condition` may name a part of the order."""
    if after := wanted.after(filters):
        condition = {**condition, "order": {**condition.get("order", {}), "$gt": after[0]}}
    found = await rows.find(scope, condition, sort=[("order", 1)], limit=wanted.limit + 1)
    return paged([item(one) for one in found[: wanted.limit]], found, wanted, filters, "order")
