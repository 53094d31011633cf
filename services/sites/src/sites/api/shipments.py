"""Routes of shipments of the investigational product."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Given, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from sites.domain.ip_shipment import (
    DispatchShipment,
    QuarantineShipment,
    ReceiveShipment,
    ReleaseShipment,
    Temperature,
)
from sites.handlers import shipments as handlers
from sites.store import IP_SHIPMENTS, STUDY_SITES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class DispatchRequest(StepRequest):
    """The carrier's number, where there is one."""

    tracking: Code | None = None


class ReceiptRequest(StepRequest):
    """What the temperature log says, and where the receipt is kept."""

    temperature: Temperature
    document: Code | None = None


class ReleaseRequest(StepRequest):
    """The document by which the use was decided; needed out of quarantine."""

    document: Code | None = None


def router(database: Database) -> APIRouter:
    """The routes of shipments."""
    routes = APIRouter(prefix="/v1", tags=["shipments"])

    @routes.post("/sites/{site_id}/shipments", status_code=201)
    async def request_shipment(site_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Ask for a shipment of the investigational product to the site."""
        shipment_id = at.new_id("ip-shipment")
        command = handlers.request_shipment(shipment_id, site_id, body.occurred_at)
        return await at.carry_out(IP_SHIPMENTS, shipment_id, command, reason=body.reason, created=True)

    @routes.get("/sites/{site_id}/shipments")
    async def list_shipments(
        site_id: str, caller: Caller, wanted: Paging, status: Given = None
    ) -> Page[dict[str, Any]]:
        """The shipments to a site."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        condition = {"state.site_id": site_id, **condition_of({"state.status": status})}
        return await reading.page(database, caller.scope, IP_SHIPMENTS, condition, wanted)

    @routes.get("/shipments/{shipment_id}")
    async def read_shipment(shipment_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One shipment; its version as ETag."""
        return await reading.answered(database, caller.scope, IP_SHIPMENTS, shipment_id, response)

    @routes.post("/shipments/{shipment_id}/dispatch")
    async def dispatch_shipment(shipment_id: str, body: DispatchRequest, at: Managing) -> JSONResponse:
        """Note that it is on its way."""
        command = DispatchShipment(occurred_at=body.occurred_at, tracking=body.tracking)
        return await at.carry_on(IP_SHIPMENTS, shipment_id, command, reason=body.reason)

    @routes.post("/shipments/{shipment_id}/receive")
    async def receive_shipment(shipment_id: str, body: ReceiptRequest, at: Managing) -> JSONResponse:
        """Note that the site has it; what the temperature log does not clear is quarantined at once."""
        command = ReceiveShipment.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(IP_SHIPMENTS, shipment_id, command, reason=body.reason)

    @routes.post("/shipments/{shipment_id}/quarantine")
    async def quarantine_shipment(shipment_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Set it aside."""
        command = QuarantineShipment(occurred_at=body.occurred_at)
        return await at.carry_on(IP_SHIPMENTS, shipment_id, command, reason=body.reason)

    @routes.post("/shipments/{shipment_id}/release")
    async def release_shipment(shipment_id: str, body: ReleaseRequest, at: Managing) -> JSONResponse:
        """Release the product to the site."""
        command = ReleaseShipment(occurred_at=body.occurred_at, document=body.document)
        return await at.carry_on(IP_SHIPMENTS, shipment_id, command, reason=body.reason)

    return routes
