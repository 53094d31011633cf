"""Routes of sponsor agreements and of the obligations that they transfer."""

from datetime import date
from typing import Annotated, Any

from chassis import clock
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Name, Request, StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from contracts.obligations import OBLIGATIONS, Obligation
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sites.domain.agreement import AmendAgreement, EndAgreement, ReturnObligation
from sites.domain.obligations import Holder, Responsibility, Terms
from sites.handlers import agreements as handlers
from sites.queries import agreements as queries
from sites.store import AGREEMENTS, STUDIES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]
TRANSFERS_MAX = 100


class TermsRequest(Request):
    """Whose hands an obligation comes into; `party` where it is neither the sponsor's nor the CRO's."""

    obligation: Code
    holder: Holder
    party: Name | None = None
    since: date
    until: date | None = None


class SignAgreementRequest(StepRequest):
    """An agreement as it was signed; `occurred_at` is when."""

    reference: Code
    cro: Name
    parties: tuple[Name, ...] = Field((), max_length=50)
    effective_from: date
    transfers: tuple[TermsRequest, ...] = Field((), max_length=TRANSFERS_MAX)


class AmendAgreementRequest(StepRequest):
    """An amendment as it was signed."""

    reference: Code
    effective_from: date


class EndAgreementRequest(StepRequest):
    """The day from which the agreement no longer holds."""

    ended_on: date


class TransferObligationRequest(StepRequest, TermsRequest):
    """An obligation to transfer, under the agreement or an amendment of it."""

    amendment: Code | None = None


class ReturnObligationRequest(StepRequest):
    """An obligation to give back, and the day from which the sponsor has it again."""

    obligation: Code
    returned_on: date


def router(database: Database) -> APIRouter:
    """The routes of agreements."""
    routes = APIRouter(prefix="/v1", tags=["agreements"])
    _add_reads(routes, database)

    @routes.post("/studies/{study_id}/agreements", status_code=201)
    async def sign_agreement(study_id: str, body: SignAgreementRequest, at: Managing) -> JSONResponse:
        """Note a signed agreement with the sponsor; from the first one on, it says what the CRO may do."""
        agreement_id = at.new_id("sponsor-agreement")
        command = handlers.sign_agreement(agreement_id, study_id, body.model_dump(exclude={"reason"}))
        return await at.carry_out(AGREEMENTS, agreement_id, command, reason=body.reason, created=True)

    @routes.post("/agreements/{agreement_id}/amend")
    async def amend_agreement(agreement_id: str, body: AmendAgreementRequest, at: Managing) -> JSONResponse:
        """Note a signed amendment."""
        command = AmendAgreement.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(AGREEMENTS, agreement_id, command, reason=body.reason)

    @routes.post("/agreements/{agreement_id}/end")
    async def end_agreement(agreement_id: str, body: EndAgreementRequest, at: Managing) -> JSONResponse:
        """End the agreement; what it transferred lies with the sponsor again."""
        command = EndAgreement(occurred_at=body.occurred_at, ended_on=body.ended_on)
        return await at.carry_on(AGREEMENTS, agreement_id, command, reason=body.reason)

    @routes.post("/agreements/{agreement_id}/transfer")
    async def transfer_obligation(agreement_id: str, body: TransferObligationRequest, at: Managing) -> JSONResponse:
        """Transfer an obligation; what is not written is not transferred."""
        terms = Terms.model_validate(body.model_dump(include=set(Terms.model_fields)))
        command = handlers.transfer_obligation(agreement_id, terms, body.amendment, body.occurred_at)
        return await at.carry_out(AGREEMENTS, agreement_id, command, reason=body.reason)

    @routes.post("/agreements/{agreement_id}/return")
    async def return_obligation(agreement_id: str, body: ReturnObligationRequest, at: Managing) -> JSONResponse:
        """Give an obligation back to the sponsor."""
        command = ReturnObligation.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(AGREEMENTS, agreement_id, command, reason=body.reason)

    return routes


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("/studies/{study_id}/agreements")
    async def list_agreements(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, wanted: Paging
    ) -> Page[dict[str, Any]]:
        """The agreements about a study."""
        await reading.one(database, caller.scope, STUDIES, study_id)
        return await reading.page(database, caller.scope, AGREEMENTS, {"study": study_id}, wanted)

    @routes.get("/agreements/{agreement_id}")
    async def read_agreement(  # pyright: ignore[reportUnusedFunction]
        agreement_id: str, caller: Caller, response: Response
    ) -> dict[str, Any]:
        """One agreement with all that it transfers; its version as ETag."""
        return await reading.answered(database, caller.scope, AGREEMENTS, agreement_id, response)

    @routes.get("/obligations")
    async def list_obligations(_: Caller) -> list[Obligation]:  # pyright: ignore[reportUnusedFunction]
        """The standard list of a sponsor's obligations: sources, and the commands that belong to each."""
        return list(OBLIGATIONS.values())

    @routes.get("/studies/{study_id}/obligations")
    async def read_responsibilities(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, on: date | None = None, holder: Holder | None = None
    ) -> list[Responsibility]:
        """Who holds which obligation of the study on a day, today unless one is named: the responsibility matrix."""
        matrix = await queries.responsibilities_of(database, caller.scope, study_id, on or clock.now().date())
        return [line for line in matrix if holder in {None, line.holder}]
