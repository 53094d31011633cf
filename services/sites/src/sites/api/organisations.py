"""Routes of organisations: the CRO's own records of facilities, for callers who see every sponsor."""

from typing import Annotated, Any

from chassis.commands import given
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.fields import Code, CountryCode, Given, Name, Request, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.mongo import Database
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sites.api.master_records import Keeping, MergeRequest, UnmergeRequest, merge_records, unmerge_record
from sites.domain.naming import Identifiers
from sites.domain.organisation import CorrectOrganisation, Profile, RegisterOrganisation
from sites.queries.master_records import duplicates
from sites.store import ORGANISATIONS

Names = Annotated[tuple[Code, ...], Field(max_length=200)]


class CapabilitiesRequest(Request):
    """What the facility has; nothing is said of what is left out."""

    equipment: Names = ()
    pharmacy: bool | None = None
    laboratory: bool | None = None
    therapeutic_areas: Names = ()
    active_patients: int | None = Field(default=None, ge=0, le=2**31 - 1)


class OrganisationRequest(StepRequest):
    """A facility's particulars, all of them."""

    name: Name
    address: Name | None = None
    city: Name | None = None
    country: CountryCode
    identifiers: Identifiers = ()
    capabilities: CapabilitiesRequest = CapabilitiesRequest()

    def profile(self) -> Profile:
        """As the domain knows them."""
        return Profile.model_validate(self.model_dump(exclude={"occurred_at", "reason"}))


def router(database: Database) -> APIRouter:
    """The routes of organisations."""
    routes = APIRouter(prefix="/v1", tags=["organisations"])

    @routes.post("/organisations", status_code=201)
    async def register_organisation(body: OrganisationRequest, at: Keeping) -> JSONResponse:
        """Begin a facility's master record."""
        key = at.new_id("organisation")
        command = RegisterOrganisation(occurred_at=body.occurred_at, organisation_id=key, profile=body.profile())
        return await at.carry_out(ORGANISATIONS, key, given(command), reason=body.reason, created=True)

    @routes.get("/organisations")
    async def list_organisations(
        caller: Caller, wanted: Paging, country: Given = None, city: Given = None
    ) -> Page[dict[str, Any]]:
        """Facilities; none for callers who see only some sponsors."""
        condition = condition_of({"state.profile.country": country, "state.profile.city": city})
        return await reading.page(database, caller.scope, ORGANISATIONS, condition, wanted)

    @routes.get("/organisations/{organisation_id}")
    async def read_organisation(organisation_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One facility; its version as ETag."""
        return await reading.answered(database, caller.scope, ORGANISATIONS, organisation_id, response)

    @routes.post("/organisations/{organisation_id}/correct")
    async def correct_organisation(organisation_id: str, body: OrganisationRequest, at: Keeping) -> JSONResponse:
        """Give the record the particulars it should have."""
        command = CorrectOrganisation(occurred_at=body.occurred_at, profile=body.profile())
        return await at.carry_on(ORGANISATIONS, organisation_id, command, reason=body.reason)

    @routes.post("/organisations/{organisation_id}/merge")
    async def merge_organisations(organisation_id: str, body: MergeRequest, at: Keeping) -> JSONResponse:
        """Say that the record is the same facility as another, which survives."""
        return await merge_records(at, ORGANISATIONS, organisation_id, body)

    @routes.post("/organisations/{organisation_id}/unmerge")
    async def unmerge_organisation(organisation_id: str, body: UnmergeRequest, at: Keeping) -> JSONResponse:
        """Take a merge back: the record stands for itself again, with all that refers to it."""
        return await unmerge_record(at, ORGANISATIONS, organisation_id, body)

    @routes.get("/organisation-duplicates")
    async def suggest_organisation_duplicates(caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """Records that are probably the same facility: same name and place, or same identifier."""
        return await duplicates(database, caller.scope, ORGANISATIONS, wanted)

    return routes
