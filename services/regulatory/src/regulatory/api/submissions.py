"""Routes of submissions."""

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

from regulatory.api.requests import (
    ApprovalRequest,
    PrepareSubmissionRequest,
    RejectionRequest,
    SubmissionsWanted,
)
from regulatory.domain.submission import (
    AnswerQuestions,
    ApproveSubmission,
    ReceiveQuestions,
    RejectSubmission,
    SubmissionCommand,
    Submit,
    WithdrawSubmission,
)
from regulatory.handlers import submissions as handlers
from regulatory.store import SUBMISSIONS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.ADMIN))]
STEPS: dict[str, type[SubmissionCommand]] = {
    "submit": Submit,
    "receive-questions": ReceiveQuestions,
    "answer-questions": AnswerQuestions,
    "withdraw": WithdrawSubmission,
}


def router(database: Database) -> APIRouter:
    """The routes of submissions."""
    routes = APIRouter(prefix="/v1/submissions", tags=["submissions"])
    _add_reads(routes, database)

    @routes.post("", status_code=201)
    async def prepare_submission(body: PrepareSubmissionRequest, at: Managing) -> JSONResponse:
        """Begin a submission for a country, or for one site."""
        submission_id = at.new_id("submission")
        facts = body.model_dump(include={"body", "country", "occurred_at"})
        command = handlers.prepare_submission(submission_id, body.study_id, body.site_id, facts)
        return await at.carry_out(SUBMISSIONS, submission_id, command, reason=body.reason, created=True)

    @routes.post("/{submission_id}/approve")
    async def approve_submission(submission_id: str, body: ApprovalRequest, at: Managing) -> JSONResponse:
        """Note the body's agreement; refused with everything that is missing."""
        command = ApproveSubmission.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)

    @routes.post("/{submission_id}/reject")
    async def reject_submission(submission_id: str, body: RejectionRequest, at: Managing) -> JSONResponse:
        """Note the body's refusal."""
        command = RejectSubmission(occurred_at=body.occurred_at, reference=body.reference)
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)

    for name, command in STEPS.items():
        _add_step(routes, name, command)
    return routes


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


def _add_step(routes: APIRouter, name: str, command: type[SubmissionCommand]) -> None:
    @routes.post(f"/{{submission_id}}/{name}", name=f"{name}-submission", description=command.__doc__)
    async def take_step(submission_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        asked = command.model_validate({"occurred_at": body.occurred_at})
        return await at.carry_on(SUBMISSIONS, submission_id, asked, reason=body.reason)
