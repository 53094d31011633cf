"""Routes of protocol deviations."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from monitoring import handlers
from monitoring.api.requests import ProtocolDeviationRequest, Where
from monitoring.domain.protocol_deviation import RecordProtocolDeviation
from monitoring.store import PROTOCOL_DEVIATIONS

Entering = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of protocol deviations."""
    routes = APIRouter(prefix="/v1", tags=["protocol deviations"])

    @routes.post("/studies/{study_id}/protocol-deviations", status_code=201)
    async def record_deviation(study_id: str, body: ProtocolDeviationRequest, at: Entering) -> JSONResponse:
        """Note a protocol deviation of the study, at a site where one is named."""
        deviation_id = at.new_id("protocol-deviation")
        facts = {**body.model_dump(exclude={"reason", "site_id"}), "deviation_id": deviation_id}
        command = handlers.in_study(RecordProtocolDeviation, study_id, body.site_id, facts)
        return await at.carry_out(PROTOCOL_DEVIATIONS, deviation_id, command, reason=body.reason, created=True)

    @routes.get("/protocol-deviations")
    async def list_deviations(condition: Where, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """Protocol deviations within the caller's scope."""
        return await reading.page(database, caller.scope, PROTOCOL_DEVIATIONS, condition, wanted)

    @routes.get("/protocol-deviations/{deviation_id}")
    async def read_deviation(deviation_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One protocol deviation; its version as ETag."""
        return await reading.answered(database, caller.scope, PROTOCOL_DEVIATIONS, deviation_id, response)

    return routes
