"""Routes of study sites."""

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

from sites.api.requests import IdentifySiteRequest
from sites.domain.study_site import (
    BeginStartUp,
    CloseSite,
    PauseEnrolment,
    RejectSite,
    ResumeEnrolment,
    SelectSite,
    StudySiteCommand,
    TerminateSite,
)
from sites.handlers import study_sites as handlers
from sites.queries import study_sites as queries
from sites.store import STUDIES, STUDY_SITES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]
STEPS: dict[str, type[StudySiteCommand]] = {
    "select": SelectSite,
    "reject": RejectSite,
    "begin-start-up": BeginStartUp,
    "pause-enrolment": PauseEnrolment,
    "resume-enrolment": ResumeEnrolment,
    "close": CloseSite,
    "terminate": TerminateSite,
}


def router(database: Database) -> APIRouter:
    """The routes of study sites."""
    routes = APIRouter(prefix="/v1", tags=["study sites"])

    @routes.post("/studies/{study_id}/sites", status_code=201)
    async def identify_site(study_id: str, body: IdentifySiteRequest, at: Managing) -> JSONResponse:
        """Note a place that may take part in the study."""
        site_id, place = (
            at.new_id("study-site"),
            body.model_dump(include={"name", "city", "country", "number"}),
        )
        command = handlers.identify_site(site_id, study_id, body.occurred_at, place)
        return await at.carry_out(STUDY_SITES, site_id, command, reason=body.reason, created=True)

    @routes.get("/studies/{study_id}/sites")
    async def list_sites(study_id: str, caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """The sites of a study."""
        await reading.one(database, caller.scope, STUDIES, study_id)
        return await reading.page(database, caller.scope, STUDY_SITES, {"study": study_id}, wanted)

    @routes.get("/sites/{site_id}")
    async def read_site(site_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One site; its version as ETag."""
        return await reading.answered(database, caller.scope, STUDY_SITES, site_id, response)

    @routes.get("/sites/{site_id}/readiness")
    async def read_site_readiness(site_id: str, caller: Caller) -> dict[str, Any]:
        """What the site's activation needs, and what is there."""
        return await queries.readiness(database, caller.scope, site_id)

    @routes.post("/sites/{site_id}/activate")
    async def activate_site(site_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Open the site for enrolment; refused with everything that is missing."""
        command = handlers.activate_site(site_id, body.occurred_at)
        return await at.carry_out(STUDY_SITES, site_id, command, reason=body.reason)

    for name, command in STEPS.items():
        _add_step(routes, name, command)
    return routes


def _add_step(routes: APIRouter, name: str, command: type[StudySiteCommand]) -> None:
    @routes.post(f"/sites/{{site_id}}/{name}", name=f"{name}-site", description=command.__doc__)
    async def take_step(site_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        asked = command.model_validate({"occurred_at": body.occurred_at})
        return await at.carry_on(STUDY_SITES, site_id, asked, reason=body.reason)
