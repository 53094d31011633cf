"""Routes of adverse events: pseudonymous keys only."""

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
from monitoring.api.requests import AdverseEventRequest, Where
from monitoring.domain.adverse_event import RecordAdverseEvent
from monitoring.store import ADVERSE_EVENTS

Entering = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of adverse events."""
    routes = APIRouter(prefix="/v1", tags=["adverse events"])

    @routes.post("/sites/{site_id}/adverse-events", status_code=201)
    async def record_adverse_event(site_id: str, body: AdverseEventRequest, at: Entering) -> JSONResponse:
        """Note an adverse event of a subject at the site."""
        adverse_event_id = at.new_id("adverse-event")
        facts = {**body.model_dump(exclude={"reason"}), "adverse_event_id": adverse_event_id}
        command = handlers.at_site(RecordAdverseEvent, site_id, facts)
        return await at.carry_out(ADVERSE_EVENTS, adverse_event_id, command, reason=body.reason, created=True)

    @routes.get("/adverse-events")
    async def list_adverse_events(condition: Where, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """Adverse events within the caller's scope."""
        return await reading.page(database, caller.scope, ADVERSE_EVENTS, condition, wanted)

    @routes.get("/adverse-events/{adverse_event_id}")
    async def read_adverse_event(adverse_event_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One adverse event; its version as ETag."""
        return await reading.answered(database, caller.scope, ADVERSE_EVENTS, adverse_event_id, response)

    return routes
