"""Routes of sites' teams: the facility and the people of a study site, and who does what in which study."""

from typing import Annotated, Any

from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Given, Identifier, StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from sites.domain.site_team import EndStaff, VoidStaff
from sites.domain.site_team import Role as SiteRole
from sites.handlers import site_teams as handlers
from sites.queries.master_records import team
from sites.queries.study_roles import study_roles
from sites.store import SITE_TEAMS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class FacilityRequest(StepRequest):
    """The facility's master record."""

    facility_id: Identifier


class StaffRequest(StepRequest):
    """Somebody's master record, and what they do at the site from the day of the step."""

    person_id: Identifier
    role: SiteRole


class LeadRequest(StepRequest):
    """Who leads the site from the day of the step."""

    person_id: Identifier


def router(database: Database) -> APIRouter:
    """The routes of sites' teams."""
    routes = APIRouter(prefix="/v1", tags=["site teams"])

    @routes.get("/sites/{site_id}/team")
    async def read_site_team(site_id: str, caller: Caller) -> dict[str, Any]:
        """The site's facility and people, with how their credentials stand now."""
        return await team(database, caller.scope, site_id)

    @routes.get("/study-roles")
    async def list_study_roles(  # noqa: PLR0913, PLR0917 - one filter a parameter
        caller: Caller,
        wanted: Paging,
        person_id: Given = None,
        study_id: Given = None,
        site_id: Given = None,
        role: SiteRole | None = None,
        current: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    ) -> Page[dict[str, Any]]:
        """Who does what where: all studies of one person, or all people of one study or site."""
        asked = {"person_id": person_id, "study_id": study_id, "site_id": site_id, "role": role}
        return await study_roles(database, caller.scope, {**asked, "current": "yes" if current else None}, wanted)

    add_commands(routes)
    return routes


def add_commands(routes: APIRouter) -> None:
    """The commands."""

    @routes.post("/sites/{site_id}/facility")
    async def link_facility(site_id: str, body: FacilityRequest, at: Managing) -> JSONResponse:
        """Say at which facility the site is."""
        command = handlers.link_facility(site_id, body.facility_id, body.occurred_at)
        return await at.carry_out(SITE_TEAMS, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/staff")
    async def assign_staff(site_id: str, body: StaffRequest, at: Managing) -> JSONResponse:
        """Let somebody join the site's team in a role."""
        assignment = at.new_id("assignment")
        command = handlers.assign_staff(site_id, assignment, body.person_id, body.role, body.occurred_at)
        return await at.carry_out(SITE_TEAMS, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/staff/{assignment_id}/end")
    async def end_staff_assignment(site_id: str, assignment_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Note that somebody leaves the role; it stays on record."""
        command = EndStaff(occurred_at=body.occurred_at, assignment_id=assignment_id)
        return await at.carry_on(SITE_TEAMS, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/staff/{assignment_id}/void")
    async def void_staff_assignment(site_id: str, assignment_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Take back an assignment that was recorded in error."""
        command = VoidStaff(occurred_at=body.occurred_at, assignment_id=assignment_id)
        return await at.carry_on(SITE_TEAMS, site_id, command, reason=body.reason)

    @routes.post("/sites/{site_id}/principal-investigator")
    async def change_principal_investigator(site_id: str, body: LeadRequest, at: Managing) -> JSONResponse:
        """Hand the lead of the site over to somebody else."""
        assignment = at.new_id("assignment")
        command = handlers.change_principal_investigator(site_id, assignment, body.person_id, body.occurred_at)
        return await at.carry_out(SITE_TEAMS, site_id, command, reason=body.reason)
