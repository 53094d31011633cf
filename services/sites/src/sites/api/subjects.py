"""Routes of subjects: pseudonymous keys only."""

from typing import Annotated, Any, Literal

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from sites.api.requests import ConsentRequest
from sites.domain.subject import StepName
from sites.handlers import subjects as handlers
from sites.store import STUDY_SITES, SUBJECTS

Entering = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]
STEP_OF: dict[str, StepName] = {
    "screen": "screened",
    "fail-screening": "screen_failed",
    "enrol": "enrolled",
    "randomise": "randomised",
    "complete": "completed",
    "withdraw": "withdrawn",
}
StepPath = Literal["screen", "fail-screening", "enrol", "randomise", "complete", "withdraw"]


def router(database: Database) -> APIRouter:
    """The routes of subjects."""
    routes = APIRouter(prefix="/v1", tags=["subjects"])

    @routes.post("/sites/{site_id}/subjects", status_code=201)
    async def consent_subject(site_id: str, body: ConsentRequest, at: Entering) -> JSONResponse:
        """Note a subject's informed consent at a site."""
        subject_id = at.new_id("subject")
        command = handlers.consent_subject(subject_id, site_id, body.subject_key, body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason, created=True)

    @routes.get("/sites/{site_id}/subjects")
    async def list_subjects(site_id: str, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """The subjects of a site."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        return await reading.page(database, caller.scope, SUBJECTS, {"state.site_id": site_id}, wanted)

    @routes.get("/subjects/{subject_id}")
    async def read_subject(subject_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One subject; its version as ETag."""
        return await reading.answered(database, caller.scope, SUBJECTS, subject_id, response)

    @routes.post("/subjects/{subject_id}/{step}")
    async def take_subject_step(subject_id: str, step: StepPath, body: StepRequest, at: Entering) -> JSONResponse:
        """Take the subject's next step."""
        command = handlers.advance_subject(subject_id, STEP_OF[step], body.occurred_at)
        return await at.carry_out(SUBJECTS, subject_id, command, reason=body.reason)

    return routes
