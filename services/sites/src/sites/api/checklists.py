"""Routes of the checklists: what a study asks of its sites, and where each site stands."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Given, Identifier, Request, StepRequest, Text, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.http.signing import Signing
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime

from sites.domain.checklist_rules import Product, ProductGate, StudyFacts
from sites.domain.site_checklist import waiver_content
from sites.domain.site_checklist_messages import (
    EndChecklistWaiver,
    RecordChecklistEvidence,
    WaiveChecklistItem,
    WithdrawChecklistEvidence,
)
from sites.handlers import checklists as handlers
from sites.handlers.green_light import site_checklist_id, study_checklist_id
from sites.store import SITE_CHECKLISTS, STUDIES, STUDY_CHECKLISTS, STUDY_SITES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]
Waiving = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.QUALITY, Role.ADMIN))]


class StudyChecklistRequest(StepRequest):
    """The facts of a study that decide what its sites need. Versions are named as approvals name what they cover."""

    product: Product = "drug"
    ind: bool = False
    open_label: bool = False
    laboratory: bool = True
    systems: bool = True
    product_gate: ProductGate = "receipt"
    protocol_version: Code | None = None
    consent_form_version: Code | None = None


class EvidenceRequest(StepRequest):
    """A document that shows an item: its id or reference, whose it is, and until when it holds."""

    document: Code
    person_id: Identifier | None = None
    expires_on: BusinessTime | None = None


class WithdrawalRequest(StepRequest):
    """Which evidence counts no more."""

    evidence_id: Identifier


class WaiverRequest(Request):
    """Why it goes on without an item, and the version of the checklist that the signer has read."""

    occurred_at: BusinessTime
    reason: Text
    checklist_version: Code


def router(database: Database) -> APIRouter:
    """The routes of checklists."""
    routes = APIRouter(prefix="/v1", tags=["checklists"])

    @routes.post("/studies/{study_id}/checklist")
    async def set_up_study_checklist(study_id: str, body: StudyChecklistRequest, at: Managing) -> JSONResponse:
        """Give the study a checklist for its sites by its facts, the first or another version of it."""
        facts = StudyFacts.model_validate({name: getattr(body, name) for name in StudyFacts.model_fields})
        command = handlers.set_up_study_checklist(study_id, facts, body.occurred_at)
        return await at.carry_out(STUDY_CHECKLISTS, study_checklist_id(study_id), command, reason=body.reason)

    @routes.get("/studies/{study_id}/checklist")
    async def read_study_checklist(study_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """The study's checklist in all its versions; 404 where its sites need the three core items only."""
        await reading.one(database, caller.scope, STUDIES, study_id)
        key = study_checklist_id(study_id)
        return await reading.answered(database, caller.scope, STUDY_CHECKLISTS, key, response)

    @routes.get("/studies/{study_id}/checklists")
    async def list_site_checklists(
        study_id: str, caller: Caller, wanted: Paging, country: Given = None
    ) -> Page[dict[str, Any]]:
        """The checklists of the study's sites as they were last judged."""
        await reading.one(database, caller.scope, STUDIES, study_id)
        condition = {"study": study_id, **condition_of({"state.country": country})}
        return await reading.page(database, caller.scope, SITE_CHECKLISTS, condition, wanted)

    @routes.get("/sites/{site_id}/checklist")
    async def read_site_checklist(site_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """The site's checklist as it was last judged; 404 where start-up has not begun."""
        await reading.one(database, caller.scope, STUDY_SITES, site_id)
        return await reading.answered(database, caller.scope, SITE_CHECKLISTS, site_checklist_id(site_id), response)

    _add_changes(routes)
    return routes


def _add_changes(routes: APIRouter) -> None:
    @routes.post("/sites/{site_id}/checklist/{item}/evidence")
    async def record_checklist_evidence(site_id: str, item: str, body: EvidenceRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Record by hand that there is evidence for an item."""
        asked = body.model_dump(include={"document", "person_id", "expires_on"})
        known = {"code": item, "evidence_id": at.new_id("evidence"), "recorded_by": at.context.actor.id}
        command = handlers.change_checklist(RecordChecklistEvidence, site_id, asked | known, body.occurred_at)
        return await at.carry_out(SITE_CHECKLISTS, site_checklist_id(site_id), command, reason=body.reason)

    @routes.post("/sites/{site_id}/checklist/withdraw-evidence")
    async def withdraw_checklist_evidence(site_id: str, body: WithdrawalRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Take back evidence that was recorded by hand."""
        asked = {"evidence_id": body.evidence_id}
        command = handlers.change_checklist(WithdrawChecklistEvidence, site_id, asked, body.occurred_at)
        return await at.carry_out(SITE_CHECKLISTS, site_checklist_id(site_id), command, reason=body.reason)

    @routes.post("/sites/{site_id}/checklist/{item}/waive")
    async def waive_checklist_item(  # pyright: ignore[reportUnusedFunction]
        site_id: str, item: str, body: WaiverRequest, at: Waiving, by: Signing
    ) -> JSONResponse:
        """Go on without an item, for a reason and by signature."""
        content = waiver_content(site_id, body.checklist_version, item, body.reason)
        asked = {"code": item, "reason": body.reason, "signature": by.sign("approval", content)}
        command = handlers.change_checklist(WaiveChecklistItem, site_id, asked, body.occurred_at)
        return await at.carry_out(SITE_CHECKLISTS, site_checklist_id(site_id), command, reason=body.reason)

    @routes.post("/sites/{site_id}/checklist/{item}/end-waiver")
    async def end_checklist_waiver(site_id: str, item: str, body: StepRequest, at: Waiving) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Take a waiver back."""
        command = handlers.change_checklist(EndChecklistWaiver, site_id, {"code": item}, body.occurred_at)
        return await at.carry_out(SITE_CHECKLISTS, site_checklist_id(site_id), command, reason=body.reason)
