"""Routes of submissions: beginning them, and reading them."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from regulatory.api.requests import PlanSubmissionRequest, PrepareSubmissionRequest, SubmissionsWanted
from regulatory.api.submission_steps import add_steps
from regulatory.handlers import submissions as handlers
from regulatory.store import SUBMISSIONS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of submissions."""
    routes = APIRouter(prefix="/v1/submissions", tags=["submissions"])
    _add_reads(routes, database)

    @routes.post("", status_code=201)
    async def prepare_submission(body: PrepareSubmissionRequest, at: Managing) -> JSONResponse:
        """Begin a submission for a country, or for one site."""
        return await _begin(body, at, planned=False)

    @routes.post("/plan", status_code=201)
    async def plan_submission(body: PlanSubmissionRequest, at: Managing) -> JSONResponse:
        """Foresee a submission for a country, or for one site."""
        return await _begin(body, at, planned=True)

    add_steps(routes)
    return routes


async def _begin(body: PrepareSubmissionRequest | PlanSubmissionRequest, at: Desk, *, planned: bool) -> JSONResponse:
    submission_id = at.new_id("submission")
    told = {name: value for name, value in body if name not in {"study_id", "site_id", "reason"}}
    facts = {**told, "planned": planned}
    command = handlers.prepare_submission(submission_id, body.study_id, body.site_id, facts)
    return await at.carry_out(SUBMISSIONS, submission_id, command, reason=body.reason, created=True)


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("")
    async def list_submissions(  # pyright: ignore[reportUnusedFunction]
        condition: SubmissionsWanted, caller: Caller, wanted: Paging
    ) -> Page[dict[str, Any]]:
        """Submissions within the caller's scope."""
        return await reading.page(database, caller.scope, SUBMISSIONS, condition, wanted)

    @routes.get("/{submission_id}")
    async def read_submission(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, caller: Caller, response: Response
    ) -> dict[str, Any]:
        """One submission; its version as ETag."""
        return await reading.answered(database, caller.scope, SUBMISSIONS, submission_id, response)
