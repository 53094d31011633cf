"""`/v1/parked`: the parking lot over HTTP, for the platform's own staff. Every service that listens has it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from kernel import derived_id
from pydantic import BaseModel, Field

from chassis.http import fields
from chassis.http.auth import Principal, requires
from chassis.http.fields import Given, Text
from chassis.http.paging import Page, Paging
from chassis.http.requests import fingerprint, idempotency_key
from chassis.http.roles import Role
from chassis.mongo import Database
from chassis.problems import Problem
from chassis.scope import Scope
from chassis.stream.parked import By, Order, ParkingDesk

VALUE_CHARACTERS_MAX = 500


class ParkedRequest(fields.Request):
    """Which parked records, and why."""

    by: By = Field(description="What the value names: a record's id, an aggregate's subject, a failure's fingerprint.")
    value: str = Field(min_length=1, max_length=VALUE_CHARACTERS_MAX, description="As the list gives it.")
    reason: Text


class Redriving(BaseModel):
    """What was marked now; what was marked before is not counted again."""

    records: int
    aggregates: int


class Discarding(BaseModel):
    """What was taken out of the lot, what is left to a further request, and what a redrive is applying right now."""

    records: int
    left: int
    busy: int


async def platform_staff(
    caller: Annotated[Principal, Depends(requires(Role.OPERATIONS, Role.ADMIN))],
) -> Principal:
    """FastAPI dependency: staff who may see every sponsor, because a record that cannot be read may be anybody's."""
    if caller.scope != Scope.everything():
        raise Problem(
            403, "forbidden", "Parked records are shown only to callers who may see all sponsors and studies."
        )
    return caller


Staff = Annotated[Principal, Depends(platform_staff)]


async def order_of(
    request: Request, body: ParkedRequest, caller: Staff, key: Annotated[str, Depends(idempotency_key)]
) -> Order:
    """FastAPI dependency: what is asked for, by whom, under which key."""
    return Order(
        request=derived_id("parking", caller.subject, key),
        request_fingerprint=fingerprint(request.method, request.scope["path"], await request.body()),
        actor=caller.actor,
        by=body.by,
        value=body.value,
        reason=body.reason,
    )


Ordered = Annotated[Order, Depends(order_of)]


def parked_router(database: Database) -> APIRouter:
    """The routes of parked records."""
    routes = APIRouter(prefix="/v1/parked", tags=["parked"])
    at = ParkingDesk(database)
    _add_reads(routes, at)

    @routes.post("/redrive")
    async def redrive_parked(order: Ordered) -> Redriving:  # pyright: ignore[reportUnusedFunction]
        """Have aggregates' parked records applied again, in their order, by the consumer that reads them."""
        return Redriving.model_validate(await at.redrive(order))

    @routes.post("/discard")
    async def discard_parked(order: Ordered) -> Discarding:  # pyright: ignore[reportUnusedFunction]
        """Take records out of the lot for good; they stay in the parking log, and what waits behind them waits on."""
        return Discarding.model_validate(await at.discard(order))

    return routes


def _add_reads(routes: APIRouter, at: ParkingDesk) -> None:
    @routes.get("")
    async def list_parked(  # pyright: ignore[reportUnusedFunction]
        _: Staff, wanted: Paging, subject: Given = None, fingerprint: Given = None
    ) -> Page[dict[str, Any]]:
        """Parked records without their bodies, each aggregate's in their order."""
        return await at.page(fields.condition_of({"subject": subject, "fingerprint": fingerprint}), wanted)

    @routes.get("/{record_id}")
    async def show_parked(  # pyright: ignore[reportUnusedFunction]
        caller: Staff,
        record_id: Annotated[str, Path(max_length=VALUE_CHARACTERS_MAX)],
        body: Annotated[bool, Query(description="Show the body too; needs a reason.")] = False,  # noqa: FBT002
        reason: Annotated[Text | None, Query(description="Why the body is looked at.")] = None,
    ) -> dict[str, Any]:
        """One parked record; its body only where it is asked for, and then the parking log says who looked."""
        if not body:
            return await at.one(record_id)
        if reason is None:
            raise Problem(422, "reason_missing", "Say in `reason` why the body is looked at.", field="reason")
        return await at.opened(record_id, caller.actor, reason)
