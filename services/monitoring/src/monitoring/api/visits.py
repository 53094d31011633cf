"""Routes of monitoring visits."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from monitoring import handlers
from monitoring.api.requests import PlanVisitRequest, ScheduleVisitRequest, VisitsWanted
from monitoring.domain.monitoring_visit import CancelVisit, CompleteVisit, PlanVisit, ScheduleVisit
from monitoring.store import MONITORING_VISITS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of monitoring visits."""
    routes = APIRouter(prefix="/v1", tags=["monitoring visits"])

    @routes.post("/sites/{site_id}/visits", status_code=201)
    async def plan_visit(site_id: str, body: PlanVisitRequest, at: Managing) -> JSONResponse:
        """Foresee a monitoring visit to a site."""
        visit_id = at.new_id("monitoring-visit")
        facts = {**body.model_dump(exclude={"reason"}), "visit_id": visit_id}
        command = handlers.at_site(PlanVisit, site_id, facts)
        return await at.carry_out(MONITORING_VISITS, visit_id, command, reason=body.reason, created=True)

    @routes.get("/visits")
    async def list_visits(condition: VisitsWanted, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """Monitoring visits within the caller's scope."""
        return await reading.page(database, caller.scope, MONITORING_VISITS, condition, wanted)

    @routes.get("/visits/{visit_id}")
    async def read_visit(visit_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One monitoring visit; its version as ETag."""
        return await reading.answered(database, caller.scope, MONITORING_VISITS, visit_id, response)

    @routes.post("/visits/{visit_id}/schedule")
    async def schedule_visit(visit_id: str, body: ScheduleVisitRequest, at: Managing) -> JSONResponse:
        """Agree a date with the site; again, to move it."""
        command = ScheduleVisit(occurred_at=body.occurred_at, scheduled_on=body.scheduled_on)
        return await at.carry_on(MONITORING_VISITS, visit_id, command, reason=body.reason)

    @routes.post("/visits/{visit_id}/complete")
    async def complete_visit(visit_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Note that the visit took place."""
        command = CompleteVisit(occurred_at=body.occurred_at)
        return await at.carry_on(MONITORING_VISITS, visit_id, command, reason=body.reason)

    @routes.post("/visits/{visit_id}/cancel")
    async def cancel_visit(visit_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Give the visit up."""
        command = CancelVisit(occurred_at=body.occurred_at)
        return await at.carry_on(MONITORING_VISITS, visit_id, command, reason=body.reason)

    return routes
