"""Routes of amendments: what a version of the protocol asks of sites, and how far each has come."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Given, Request, StepRequest, Text
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.http.signing import Signing
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime

from sites.domain.amendment_facts import Stated, WaivableStep
from sites.domain.protocol_versions import ProtocolVersion
from sites.domain.site_amendment import waiver_content
from sites.domain.site_amendment_messages import EndAmendmentWaiver, WaiveAmendmentStep
from sites.handlers import amendments as handlers
from sites.queries.amendments import StudyAmendment, site_amendments, study_amendments
from sites.store import AMENDMENT_REQUIREMENTS, SITE_AMENDMENTS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.ADMIN))]
Waiving = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.QUALITY, Role.ADMIN))]
STEP = "/site-amendments/{amendment_id}/steps/{step}"


class RequirementsRequest(Request):
    """What a version, as `regulatory` keeps it, asks of sites, and why; null leaves it to what takes effect."""

    document_id: Code
    version: Code
    consent_form: bool | None = None
    training: bool | None = None
    reconsent: bool | None = None
    occurred_at: BusinessTime
    reason: Text


class WaiverRequest(Request):
    """Why a site goes on without a step, and from which day on."""

    occurred_at: BusinessTime
    reason: Text


def router(database: Database) -> APIRouter:
    """The routes of amendments."""
    routes = APIRouter(prefix="/v1", tags=["amendments"])

    @routes.get("/studies/{study_id}/amendments")
    async def list_study_amendments(
        study_id: str,
        caller: Caller,
        wanted: Paging,
        document_id: Given = None,
        country: Given = None,
        as_of: BusinessTime | None = None,
    ) -> Page[StudyAmendment]:
        """The versions that amend the study's protocol, and how far each country has come; as was known by `as_of`."""
        asked = {"document_id": document_id, "country": country, "as_of": as_of}
        return await study_amendments(database, caller.scope, study_id, asked, wanted)

    @routes.get("/sites/{site_id}/amendments")
    async def list_site_amendments(
        site_id: str, caller: Caller, wanted: Paging, status: Given = None, as_of: BusinessTime | None = None
    ) -> Page[dict[str, Any]]:
        """The amendments at a site: each step, since when it holds or what it waits for; as was known by `as_of`."""
        return await site_amendments(database, caller.scope, site_id, {"status": status, "as_of": as_of}, wanted)

    @routes.get("/site-amendments/{amendment_id}")
    async def read_site_amendment(amendment_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One amendment at one site; its version as ETag."""
        return await reading.answered(database, caller.scope, SITE_AMENDMENTS, amendment_id, response)

    _add_changes(routes)
    return routes


def _add_changes(routes: APIRouter) -> None:
    @routes.post("/studies/{study_id}/amendments/requirements")
    async def state_amendment_requirements(  # pyright: ignore[reportUnusedFunction]
        study_id: str, body: RequirementsRequest, at: Managing
    ) -> JSONResponse:
        """Say what a version asks of sites; every site where it took effect is judged by it."""
        version = ProtocolVersion(document_id=body.document_id, version=body.version)
        stated = Stated.model_validate(body.model_dump(include=set(Stated.model_fields)))
        command = handlers.state_requirements(study_id, version, stated, body.reason, body.occurred_at)
        key = handlers.requirements_id(study_id, version)
        return await at.carry_out(AMENDMENT_REQUIREMENTS, key, command, reason=body.reason)

    @routes.post(f"{STEP}/waive")
    async def waive_amendment_step(  # pyright: ignore[reportUnusedFunction]
        amendment_id: str, step: WaivableStep, body: WaiverRequest, at: Waiving, by: Signing
    ) -> JSONResponse:
        """Let the site go on without a step, for a reason and by signature."""
        signature = by.sign("approval", waiver_content(amendment_id, step, body.reason))
        asked = {"step": step, "reason": body.reason, "signature": signature}
        command = handlers.change_amendment(WaiveAmendmentStep, amendment_id, asked, body.occurred_at)
        return await at.carry_out(SITE_AMENDMENTS, amendment_id, command, reason=body.reason)

    @routes.post(f"{STEP}/end-waiver")
    async def end_amendment_waiver(  # pyright: ignore[reportUnusedFunction]
        amendment_id: str, step: WaivableStep, body: StepRequest, at: Waiving
    ) -> JSONResponse:
        """Take a waiver back, while the amendment is not implemented."""
        command = handlers.change_amendment(EndAmendmentWaiver, amendment_id, {"step": step}, body.occurred_at)
        return await at.carry_out(SITE_AMENDMENTS, amendment_id, command, reason=body.reason)
