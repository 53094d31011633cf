"""What operators do with parked records: look at them, have them redriven, discard them; each act with its reason.

An act and its entry in the parking log are one transaction, under the caller's Idempotency-Key. A redrive only marks:
the consumer that reads the partition carries it out (`chassis.stream.redriving`). A discarded record is kept whole in
the log.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal

from chassis import clock
from chassis.http.paging import Page, PageRequest, beyond, encode_cursor
from chassis.journal import Actor
from chassis.mongo import Database, DeleteMany, Document, PyMongoError, Session, UpdateOne, is_duplicate
from chassis.problems import key_reused, not_found
from chassis.scope import Scope
from chassis.stream.parking import BEHIND_FINGERPRINT, PARKED, PARKING_LOG, log_entry, not_being_applied

By = Literal["id", "subject", "fingerprint"]
Deed = Callable[[Session], Awaitable[Document]]
DISCARDED_AT_ONCE: Final = 100
"""Bodies may be large, and a transaction holds them all."""

_ALL = Scope.everything()
_SHOWN = ("consumer", "subject", "event_id", "type", "place", "reason", "fingerprint", "attempts", "parked_at")
_LISTED = (*_SHOWN, "redrive")
_ORDER = ("subject", "place.offset", "_id")


@dataclass(frozen=True)
class Order:
    """Which records, who wants it and why. `request` is the caller's key, its fingerprint tells of another use."""

    request: str
    request_fingerprint: str
    actor: Actor
    by: By
    value: str
    reason: str

    @property
    def condition(self) -> Document:
        """The condition on parked documents."""
        return {"_id" if self.by == "id" else self.by: self.value}


class ParkingDesk:
    """A service's parked records for its operators."""

    def __init__(self, database: Database) -> None:
        """The lots of all consumers of this service."""
        self._database = database
        self._parked = database.collection(PARKED)
        self._log = database.collection(PARKING_LOG)

    async def page(self, filters: dict[str, str], wanted: PageRequest) -> Page[dict[str, Any]]:
        """Parked records without bodies, each aggregate's in their order."""
        after = wanted.after(filters, values=len(_ORDER))
        condition: Document = {"$and": [filters, beyond(_ORDER, after)]} if after else filters
        order = [(field, 1) for field in _ORDER]
        found = await self._parked.find(_ALL, condition, sort=order, limit=wanted.limit + 1, fields=_LISTED)
        items = found[: wanted.limit]
        more = len(found) > wanted.limit
        last = [items[-1]["subject"], items[-1]["place"]["offset"], items[-1]["_id"]] if more else []
        return Page(items=[_seen(one) for one in items], next=encode_cursor(last, filters) if more else None)

    async def one(self, record_id: str) -> dict[str, Any]:
        """One record with its headers, without its body. Raises the 404 problem."""
        return _whole(await self._found(record_id))

    async def opened(self, record_id: str, actor: Actor, reason: str) -> dict[str, Any]:
        """One record with its body, once the parking log says who looked and why. Raises the 404 problem."""
        found = await self._found(record_id)
        entry = {"_id": clock.new_id(), "action": "body_shown", "record": record_id, "at": clock.now()}
        await self._log.insert([{**entry, "reason": reason, "actor": _told(actor)}])
        return {**_whole(found), "body": found["body"].decode(errors="replace")}

    async def _found(self, record_id: str) -> Document:
        found = await self._parked.find_one(_ALL, {"_id": record_id})
        if found is None:
            raise not_found("parked record", record_id)
        return found

    async def redrive(self, order: Order) -> Document:
        """Have the chosen records' aggregates redriven; how many records and aggregates were marked now."""
        return await self._carried_out(order, partial(self._mark, order))

    async def discard(self, order: Order) -> Document:
        """Take the chosen records out of the lot, never those that only wait behind, unless chosen by id.

        The answer says how many were taken, how many are left because they were too many for one act, and how many
        were not touched because a redrive is applying them.
        """
        return await self._carried_out(order, partial(self._remove, order))

    async def _carried_out(self, order: Order, deed: Deed) -> Document:
        work = partial(self._once, order, deed)
        try:
            return await self._database.in_transaction(work)
        except PyMongoError as error:
            if not is_duplicate(error):
                raise
            # The same key at the same time: the other was first, and its answer is found now.
            return await self._database.in_transaction(work)

    async def _once(self, order: Order, deed: Deed, session: Session) -> Document:
        earlier = await self._log.find_one(_ALL, {"_id": order.request}, session=session)
        if earlier is None:
            return await deed(session)
        if earlier["request_fingerprint"] != order.request_fingerprint:
            raise key_reused()
        return earlier["answer"]

    async def _mark(self, order: Order, session: Session) -> Document:
        chosen = await self._parked.find(_ALL, order.condition, fields=["subject"], session=session)
        waiting = {"subject": {"$in": sorted({one["subject"] for one in chosen})}, "redrive": None}
        found = await self._parked.find(_ALL, waiting, fields=["subject"], session=session)
        marks = [UpdateOne({"_id": one["_id"]}, {"$set": {"redrive": order.request}}) for one in found]
        await self._parked.write(marks, session=session)
        answer = {"records": len(found), "aggregates": len({one["subject"] for one in found})}
        return await self._logged("redrive", order, answer, (), session)

    async def _remove(self, order: Order, session: Session) -> Document:
        failed: Document = {} if order.by == "id" else {"fingerprint": {"$ne": BEHIND_FINGERPRINT}}
        chosen = {"$and": [order.condition, failed]}
        all_of_them = await self._parked.find(_ALL, chosen, fields=["_id"], session=session)
        free = await self._parked.find(_ALL, {"$and": [chosen, not_being_applied()]}, fields=["_id"], session=session)
        taken = {"_id": {"$in": [one["_id"] for one in free[:DISCARDED_AT_ONCE]]}}
        found = await self._parked.find(_ALL, taken, session=session)
        await self._parked.write([DeleteMany(taken)], session=session)
        kept = [{**log_entry(one, "discarded", order.request), "document": one} for one in found]
        answer = {"records": len(found), "left": len(free) - len(found), "busy": len(all_of_them) - len(free)}
        return await self._logged("discard", order, answer, kept, session)

    async def _logged(
        self, act: str, order: Order, answer: Document, entries: Sequence[Document], session: Session
    ) -> Document:
        entry: Document = {
            "_id": order.request,
            "action": act,
            "by": order.by,
            "value": order.value,
            "reason": order.reason,
            "actor": _told(order.actor),
            "at": clock.now(),
            "request_fingerprint": order.request_fingerprint,
            "answer": answer,
        }
        await self._log.insert([entry, *entries], session=session)
        return answer


def _seen(document: Document) -> dict[str, Any]:
    shown = {name: document[name] for name in _SHOWN}
    return {"id": document["_id"], **shown, "redrive_requested": "redrive" in document}


def _told(actor: Actor) -> Document:
    return {"id": actor.id, "roles": list(actor.roles)}


def _whole(document: Document) -> dict[str, Any]:
    return {**_seen(document), "headers": document["headers"], "body_bytes": len(document["body"])}
