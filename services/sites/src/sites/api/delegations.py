"""Routes of the delegation log."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Given, Identifier, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime
from pydantic import Field

from sites.domain.delegation import EndDelegation
from sites.domain.staffing import StaffRole
from sites.handlers import delegations as handlers
from sites.store import DELEGATIONS, STUDY_SITES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.ADMIN))]


class DelegationRequest(StepRequest):
    """Who takes which tasks from `occurred_at` on, and which investigator authorised that by signature, and when."""

    person_id: Identifier
    role: StaffRole
    tasks: tuple[Code, ...] = Field(min_length=1, max_length=50)
    authorised_by: Identifier
    signed_on: BusinessTime
    document: Code | None = None


class AuthorisationRequest(StepRequest):
    """Which investigator signed; `occurred_at` is the date of the signature."""

    authorised_by: Identifier


def router(database: Database) -> APIRouter:
    """The routes of delegations."""
    routes = APIRouter(prefix="/v1", tags=["delegations"])

    @routes.post("/sites/{site_id}/delegations", status_code=201)
    async def delegate_task(site_id: str, body: DelegationRequest, at: Managing) -> JSONResponse:
        """Delegate tasks to a person of the site."""
        delegation_id = at.new_id("delegation")
        asked = body.model_dump(exclude={"reason", "occurred_at"})
        command = handlers.delegate_task(delegation_id, site_id, asked, body.occurred_at)
        return await at.carry_out(DELEGATIONS, delegation_id, command, reason=body.reason, created=True)

    @routes.get("/sites/{site_id}/delegations")
    async def list_delegations(
        site_id: str, caller: Caller, wanted: Paging, person_id: Given = None, role: Given = None
    ) -> Page[dict[str, Any]]:
        """The delegation log of a site, whoever is on it no more included."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        asked = condition_of({"state.person_id": person_id, "state.role": role})
        return await reading.page(database, caller.scope, DELEGATIONS, {"state.site_id": site_id, **asked}, wanted)

    @routes.get("/delegations/{delegation_id}")
    async def read_delegation(delegation_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One entry; its version as ETag."""
        return await reading.answered(database, caller.scope, DELEGATIONS, delegation_id, response)

    @routes.post("/delegations/{delegation_id}/authorise")
    async def authorise_delegation(delegation_id: str, body: AuthorisationRequest, at: Managing) -> JSONResponse:
        """Have the entry authorised by the investigator who took the site over."""
        command = handlers.authorise_delegation(delegation_id, body.authorised_by, body.occurred_at)
        return await at.carry_out(DELEGATIONS, delegation_id, command, reason=body.reason)

    @routes.post("/delegations/{delegation_id}/end")
    async def end_delegation(delegation_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """End the entry; it stays on the log."""
        command = EndDelegation(occurred_at=body.occurred_at)
        return await at.carry_on(DELEGATIONS, delegation_id, command, reason=body.reason)

    return routes
