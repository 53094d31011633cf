"""Routes of people: the CRO's own records of investigators and staff, for callers who see every sponsor."""

from typing import Any

from chassis.commands import given
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.fields import Code, CountryCode, Given, Identifier, Name, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.mongo import Database
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime
from pydantic import AwareDatetime

from sites.api.master_records import Keeping, MergeRequest, UnmergeRequest, merge_records, unmerge_record
from sites.domain.naming import Identifiers
from sites.domain.person import (
    CorrectPerson,
    Credential,
    CredentialKind,
    Details,
    RecordCredential,
    RegisterPerson,
    VoidCredential,
    instant_text,
)
from sites.queries.master_records import duplicates
from sites.store import PEOPLE

ABOUT_THE_STEP = {"occurred_at", "reason"}


class PersonRequest(StepRequest):
    """Who somebody is, all of it."""

    family_name: Name
    given_name: Name
    title: Code | None = None
    profession: Code
    city: Name | None = None
    country: CountryCode
    identifiers: Identifiers = ()

    def details(self) -> Details:
        """As the domain knows them."""
        return Details.model_validate(self.model_dump(exclude=ABOUT_THE_STEP))


class CredentialRequest(StepRequest):
    """A proof of qualification; the course only of a training."""

    kind: CredentialKind
    course: Code | None = None
    number: Code | None = None
    issued_on: BusinessTime
    expires_on: BusinessTime | None = None
    document_id: Identifier | None = None


def router(database: Database) -> APIRouter:
    """The routes of people."""
    routes = APIRouter(prefix="/v1", tags=["people"])

    @routes.post("/people", status_code=201)
    async def register_person(body: PersonRequest, at: Keeping) -> JSONResponse:
        """Begin a person's master record."""
        key = at.new_id("person")
        command = RegisterPerson(occurred_at=body.occurred_at, person_id=key, details=body.details())
        return await at.carry_out(PEOPLE, key, given(command), reason=body.reason, created=True)

    @routes.get("/people")
    async def list_people(
        caller: Caller, wanted: Paging, country: Given = None, lapsing_before: AwareDatetime | None = None
    ) -> Page[dict[str, Any]]:
        """People; none for callers who see only some sponsors. `lapsing_before` finds credentials that run out."""
        condition: dict[str, Any] = dict(condition_of({"state.details.country": country}))
        if lapsing_before is not None:
            condition["state.next_lapse_at"] = {"$lt": instant_text(lapsing_before)}
        return await reading.page(database, caller.scope, PEOPLE, condition, wanted)

    @routes.get("/people/{person_id}")
    async def read_person(person_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One person; their record's version as ETag."""
        return await reading.answered(database, caller.scope, PEOPLE, person_id, response)

    @routes.post("/people/{person_id}/correct")
    async def correct_person(person_id: str, body: PersonRequest, at: Keeping) -> JSONResponse:
        """Give the record the particulars it should have."""
        command = CorrectPerson(occurred_at=body.occurred_at, details=body.details())
        return await at.carry_on(PEOPLE, person_id, command, reason=body.reason)

    @routes.get("/person-duplicates")
    async def suggest_person_duplicates(caller: Caller, wanted: Paging) -> Page[dict[str, Any]]:
        """Records that are probably the same person: same name and place, or same identifier."""
        return await duplicates(database, caller.scope, PEOPLE, wanted)

    add_credentials(routes)
    add_merging(routes)
    return routes


def add_credentials(routes: APIRouter) -> None:
    """The commands on credentials."""

    @routes.post("/people/{person_id}/credentials")
    async def record_credential(person_id: str, body: CredentialRequest, at: Keeping) -> JSONResponse:
        """Note a licence, a curriculum vitae, a GCP certificate or a training."""
        about = {**body.model_dump(exclude=ABOUT_THE_STEP), "credential_id": at.new_id("credential")}
        command = RecordCredential(occurred_at=body.occurred_at, credential=Credential.model_validate(about))
        return await at.carry_on(PEOPLE, person_id, command, reason=body.reason)

    @routes.post("/people/{person_id}/credentials/{credential_id}/void")
    async def void_credential(person_id: str, credential_id: str, body: StepRequest, at: Keeping) -> JSONResponse:
        """Take back a proof that was recorded in error."""
        command = VoidCredential(occurred_at=body.occurred_at, credential_id=credential_id)
        return await at.carry_on(PEOPLE, person_id, command, reason=body.reason)


def add_merging(routes: APIRouter) -> None:
    """The commands of merging."""

    @routes.post("/people/{person_id}/merge")
    async def merge_persons(person_id: str, body: MergeRequest, at: Keeping) -> JSONResponse:
        """Say that the record is the same person as another, which survives."""
        return await merge_records(at, PEOPLE, person_id, body)

    @routes.post("/people/{person_id}/unmerge")
    async def unmerge_person(person_id: str, body: UnmergeRequest, at: Keeping) -> JSONResponse:
        """Take a merge back: the record stands for itself again, with all that refers to it."""
        return await unmerge_record(at, PEOPLE, person_id, body)
