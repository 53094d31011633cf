"""Routes of a submission's steps, each named as its command reads."""

from typing import Annotated, Any

from chassis.http.desk import Desk, desk
from chassis.http.fields import StepRequest
from chassis.http.roles import Role
from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from kernel import Command

from regulatory.api import requests
from regulatory.domain import submission_commands as commands
from regulatory.domain.submission_steps import Phase
from regulatory.handlers import submissions as handlers
from regulatory.store import SUBMISSIONS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.REGULATORY, Role.ADMIN))]
STEPS: dict[str, tuple[str, Command]] = {
    "begin-preparation": ("begin_submission_preparation", commands.BeginPreparation(occurred_at=None)),
    "start-validation": ("start_submission_validation", commands.StartValidation(occurred_at=None)),
    "answer-validation-questions": (
        "respond_to_validation_questions",
        commands.AnswerQuestions(occurred_at=None, phase="validation"),
    ),
    "validate": ("validate_submission", commands.Validate(occurred_at=None)),
    "find-invalid": ("find_submission_invalid", commands.FindInvalid(occurred_at=None)),
    "start-assessment": ("start_submission_assessment", commands.StartAssessment(occurred_at=None)),
    "answer-questions": ("respond_to_request_for_information", commands.AnswerQuestions(occurred_at=None)),
    "withdraw": ("withdraw_submission", commands.WithdrawSubmission(occurred_at=None)),
    "lapse": ("lapse_submission", commands.LapseSubmission(occurred_at=None)),
    "expire": ("expire_submission_approval", commands.ExpireApproval(occurred_at=None)),
    "suspend": ("suspend_submission_approval", commands.SuspendApproval(occurred_at=None)),
    "reinstate": ("reinstate_submission_approval", commands.ReinstateApproval(occurred_at=None)),
    "revoke": ("revoke_submission_approval", commands.RevokeApproval(occurred_at=None)),
}
"""Steps that need a date and nothing more: their path, their name, and their command."""
HANDED_OVER: dict[str, tuple[str, type[commands.CompletePreparation | commands.Submit]]] = {
    "complete-preparation": ("complete_submission_preparation", commands.CompletePreparation),
    "submit": ("submit_submission", commands.Submit),
}
"""Steps for which the dossier must be complete."""
QUESTIONS: dict[str, tuple[str, Phase]] = {
    "receive-questions": ("receive_request_for_information", "assessment"),
    "receive-validation-questions": ("receive_validation_questions", "validation"),
}


def add_steps(routes: APIRouter) -> None:
    """Add the steps' routes."""
    for path, (name, command) in STEPS.items():
        _add_step(routes, path, name, command)
    for path, (name, handed_over) in HANDED_OVER.items():
        _add_hand_over(routes, path, name, handed_over)
    for path, (name, phase) in QUESTIONS.items():
        _add_questions(routes, path, name, phase)
    _add_documents(routes)
    _add_decisions(routes)
    _add_after_approval(routes)


def _add_step(routes: APIRouter, path: str, name: str, command: Command) -> None:
    @routes.post(f"/{{submission_id}}/{path}", name=name, description=type(command).__doc__)
    async def take_step(submission_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        asked = command.model_copy(update={"occurred_at": body.occurred_at})
        return await at.carry_on(SUBMISSIONS, submission_id, asked, reason=body.reason)


def _add_hand_over(
    routes: APIRouter, path: str, name: str, step: type[commands.CompletePreparation | commands.Submit]
) -> None:
    @routes.post(f"/{{submission_id}}/{path}", name=name)
    async def hand_over(submission_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Hand the dossier over; refused with every document that is missing or not approved."""
        command = handlers.hand_over(submission_id, body.occurred_at, step)
        return await at.carry_out(SUBMISSIONS, submission_id, command, reason=body.reason)


def _add_questions(routes: APIRouter, path: str, name: str, phase: Phase) -> None:
    @routes.post(f"/{{submission_id}}/{path}", name=name)
    async def receive_questions(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.QuestionsRequest, at: Managing
    ) -> JSONResponse:
        """Note the body's questions; until when they must be answered says the body, or the rule."""
        command = handlers.receive_questions(submission_id, body.occurred_at, phase, body.part, body.due_on)
        return await at.carry_out(SUBMISSIONS, submission_id, command, reason=body.reason)


def _add_documents(routes: APIRouter) -> None:
    @routes.post("/{submission_id}/documents")
    async def name_submission_documents(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.DocumentsRequest, at: Managing
    ) -> JSONResponse:
        """Say which document versions are submitted; what was named before is replaced."""
        command = commands.NameDocuments(occurred_at=body.occurred_at, documents=body.documents)
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)


def _add_decisions(routes: APIRouter) -> None:
    @routes.post("/{submission_id}/conclude-part")
    async def conclude_submission_part(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.ConclusionRequest, at: Managing
    ) -> JSONResponse:
        """Note the body's conclusion on one part of the dossier."""
        facts = {"occurred_at": body.occurred_at, "part": body.part, "conclusion": body.conclusion}
        command = commands.ConcludePart.model_validate(facts)
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)

    @routes.post("/{submission_id}/approve")
    async def approve_submission(submission_id: str, body: requests.ApprovalRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note the body's agreement; refused with everything that is missing."""
        command = commands.ApproveSubmission.model_validate(_told(body))
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)

    @routes.post("/{submission_id}/approve-tacitly")
    async def approve_submission_tacitly(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.ApprovalRequest, at: Managing
    ) -> JSONResponse:
        """Note that the body agreed by its silence, once its period is over; `reference` is the application's own."""
        command = handlers.approve_tacitly(submission_id, _told(body))
        return await at.carry_out(SUBMISSIONS, submission_id, command, reason=body.reason)

    @routes.post("/{submission_id}/reject")
    async def reject_submission(submission_id: str, body: requests.RejectionRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Note the body's refusal."""
        command = commands.RejectSubmission(occurred_at=body.occurred_at, reference=body.reference)
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)


def _add_after_approval(routes: APIRouter) -> None:
    @routes.post("/{submission_id}/renew")
    async def renew_submission_approval(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.RenewalRequest, at: Managing
    ) -> JSONResponse:
        """Note the body's renewal of its approval."""
        command = commands.RenewApproval.model_validate(body.model_dump(exclude={"reason"}))
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)

    @routes.post("/{submission_id}/fulfil-condition")
    async def fulfil_submission_condition(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.ConditionRequest, at: Managing
    ) -> JSONResponse:
        """Note that one condition of the approval is fulfilled."""
        command = commands.FulfilCondition(occurred_at=body.occurred_at, number=body.number)
        return await at.carry_on(SUBMISSIONS, submission_id, command, reason=body.reason)

    @routes.post("/{submission_id}/implement")
    async def implement_modification(  # pyright: ignore[reportUnusedFunction]
        submission_id: str, body: requests.ImplementationRequest, at: Managing
    ) -> JSONResponse:
        """Carry a modification out; before its approval only as an urgent safety measure."""
        urgent = body.urgent_safety_measure
        command = handlers.implement_modification(submission_id, body.occurred_at, body.site_id, urgent=urgent)
        return await at.carry_out(SUBMISSIONS, submission_id, command, reason=body.reason)


def _told(body: requests.ApprovalRequest) -> dict[str, Any]:
    return {name: value for name, value in body if name != "reason"}
