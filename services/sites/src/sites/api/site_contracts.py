"""Routes of sites' contracts."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Given, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime
from pydantic import Field

from sites.domain.site_contract import (
    AgreeBudget,
    AgreeContract,
    AmendContract,
    EndContract,
    EndReason,
    NegotiateContract,
    Party,
    SignContract,
)
from sites.handlers import site_contracts as handlers
from sites.store import SITE_CONTRACTS, STUDY_SITES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class ContractRequest(StepRequest):
    """The parties that have to sign."""

    parties: tuple[Party, ...] = Field(min_length=2, max_length=4)


class BudgetRequest(StepRequest):
    """The version of the budget that is agreed; sums stay in it."""

    budget_version: Code


class SignatureRequest(StepRequest):
    """A party's signature under the paper, and where that is kept."""

    party: Party
    document: Code | None = None
    ends_on: BusinessTime | None = None


class AmendmentRequest(StepRequest):
    """An amendment that every party has signed."""

    document: Code
    ends_on: BusinessTime | None = None


class EndRequest(StepRequest):
    """Why the contract ends."""

    because: EndReason


def router(database: Database) -> APIRouter:
    """The routes of contracts."""
    routes = APIRouter(prefix="/v1", tags=["site contracts"])

    @routes.post("/sites/{site_id}/contracts", status_code=201)
    async def draft_contract(site_id: str, body: ContractRequest, at: Managing) -> JSONResponse:
        """Begin a clinical trial agreement with the site."""
        contract_id = at.new_id("site-contract")
        command = handlers.draft_contract(contract_id, site_id, body.parties, body.occurred_at)
        return await at.carry_out(SITE_CONTRACTS, contract_id, command, reason=body.reason, created=True)

    @routes.get("/sites/{site_id}/contracts")
    async def list_contracts(
        site_id: str, caller: Caller, wanted: Paging, status: Given = None
    ) -> Page[dict[str, Any]]:
        """The contracts of a site."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        condition = {"state.site_id": site_id, **condition_of({"state.status": status})}
        return await reading.page(database, caller.scope, SITE_CONTRACTS, condition, wanted)

    @routes.get("/site-contracts/{contract_id}")
    async def read_contract(contract_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One contract; its version as ETag."""
        return await reading.answered(database, caller.scope, SITE_CONTRACTS, contract_id, response)

    _add_steps(routes)
    return routes


def _add_steps(routes: APIRouter) -> None:
    @routes.post("/site-contracts/{contract_id}/negotiate")
    async def negotiate_contract(contract_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Begin to negotiate, or go back to it."""
        command = NegotiateContract(occurred_at=body.occurred_at)
        return await at.carry_on(SITE_CONTRACTS, contract_id, command, reason=body.reason)

    @routes.post("/site-contracts/{contract_id}/agree")
    async def agree_contract(contract_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note that the text is agreed."""
        command = AgreeContract(occurred_at=body.occurred_at)
        return await at.carry_on(SITE_CONTRACTS, contract_id, command, reason=body.reason)

    @routes.post("/site-contracts/{contract_id}/agree-budget")
    async def agree_contract_budget(contract_id: str, body: BudgetRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note that the budget is agreed."""
        command = AgreeBudget(occurred_at=body.occurred_at, budget_version=body.budget_version)
        return await at.carry_on(SITE_CONTRACTS, contract_id, command, reason=body.reason)

    @routes.post("/site-contracts/{contract_id}/sign")
    async def sign_contract(contract_id: str, body: SignatureRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note a party's signature; the last one executes the contract."""
        command = SignContract.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(SITE_CONTRACTS, contract_id, command, reason=body.reason)

    @routes.post("/site-contracts/{contract_id}/amend")
    async def amend_contract(contract_id: str, body: AmendmentRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note an amendment that is in force."""
        command = AmendContract.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(SITE_CONTRACTS, contract_id, command, reason=body.reason)

    @routes.post("/site-contracts/{contract_id}/end")
    async def end_contract(contract_id: str, body: EndRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note that the contract is in force no more."""
        command = EndContract(occurred_at=body.occurred_at, because=body.because)
        return await at.carry_on(SITE_CONTRACTS, contract_id, command, reason=body.reason)
