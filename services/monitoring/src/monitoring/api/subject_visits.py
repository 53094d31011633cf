"""Routes of subjects' visits: pseudonymous keys only."""

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
from monitoring.api.requests import ExpectSubjectVisitRequest, Where
from monitoring.domain.subject_visit import CompleteSubjectVisit, ExpectSubjectVisit, MissSubjectVisit
from monitoring.store import SUBJECT_VISITS

Entering = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of subjects' visits."""
    routes = APIRouter(prefix="/v1", tags=["subject visits"])

    @routes.post("/sites/{site_id}/subject-visits", status_code=201)
    async def expect_subject_visit(site_id: str, body: ExpectSubjectVisitRequest, at: Entering) -> JSONResponse:
        """Expect a subject at a visit of the schedule."""
        subject_visit_id = at.new_id("subject-visit")
        facts = {**body.model_dump(exclude={"reason"}), "subject_visit_id": subject_visit_id}
        command = handlers.at_site(ExpectSubjectVisit, site_id, facts)
        return await at.carry_out(SUBJECT_VISITS, subject_visit_id, command, reason=body.reason, created=True)

    @routes.get("/subject-visits")
    async def list_subject_visits(condition: Where, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """Subjects' visits within the caller's scope."""
        return await reading.page(database, caller.scope, SUBJECT_VISITS, condition, wanted)

    @routes.get("/subject-visits/{subject_visit_id}")
    async def read_subject_visit(subject_visit_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One subject's visit; its version as ETag."""
        return await reading.answered(database, caller.scope, SUBJECT_VISITS, subject_visit_id, response)

    @routes.post("/subject-visits/{subject_visit_id}/complete")
    async def complete_subject_visit(subject_visit_id: str, body: StepRequest, at: Entering) -> JSONResponse:
        """Note that the subject was seen."""
        command = CompleteSubjectVisit(occurred_at=body.occurred_at)
        return await at.carry_on(SUBJECT_VISITS, subject_visit_id, command, reason=body.reason)

    @routes.post("/subject-visits/{subject_visit_id}/miss")
    async def miss_subject_visit(subject_visit_id: str, body: StepRequest, at: Entering) -> JSONResponse:
        """Note that the subject was not seen."""
        command = MissSubjectVisit(occurred_at=body.occurred_at)
        return await at.carry_on(SUBJECT_VISITS, subject_visit_id, command, reason=body.reason)

    return routes
