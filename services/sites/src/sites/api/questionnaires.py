"""Routes of questionnaires: what candidate sites are asked, in versions."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Given, Identifier, Name, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse

from sites.domain.feasibility_questions import Definition
from sites.domain.questionnaire import PublishQuestionnaire, RetireQuestionnaire, ReviseQuestionnaire, Status
from sites.handlers.questionnaires import create_questionnaire as creation
from sites.store import QUESTIONNAIRES

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class QuestionnaireRequest(StepRequest):
    """What is asked, all of it."""

    title: Name
    definition: Definition


class CreateQuestionnaireRequest(QuestionnaireRequest):
    """A new version: for one study, or without one for all, which needs a token that sees every sponsor."""

    study_id: Identifier | None = None
    supersedes: Identifier | None = None


def router(database: Database) -> APIRouter:
    """The routes of questionnaires."""
    routes = APIRouter(prefix="/v1/questionnaires", tags=["feasibility"])

    @routes.post("", status_code=201)
    async def create_questionnaire(body: CreateQuestionnaireRequest, at: Managing) -> JSONResponse:
        """Begin a version as a draft."""
        key = at.new_id("questionnaire")
        command = creation(key, body.study_id, body.supersedes, (body.title, body.definition), body.occurred_at)
        return await at.carry_out(QUESTIONNAIRES, key, command, reason=body.reason, created=True)

    @routes.get("")
    async def list_questionnaires(
        caller: Caller, wanted: Paging, study_id: Given = None, status: Status | None = None
    ) -> Page[dict[str, Any]]:
        """Questionnaires within the caller's scope; general ones only for callers who see every sponsor."""
        condition = condition_of({"study": study_id, "state.status": status})
        return await reading.page(database, caller.scope, QUESTIONNAIRES, condition, wanted)

    @routes.get("/{questionnaire_id}")
    async def read_questionnaire(questionnaire_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """One version; its record's version as ETag."""
        return await reading.answered(database, caller.scope, QUESTIONNAIRES, questionnaire_id, response)

    @routes.post("/{questionnaire_id}/revise")
    async def revise_questionnaire(questionnaire_id: str, body: QuestionnaireRequest, at: Managing) -> JSONResponse:
        """Change a draft."""
        command = ReviseQuestionnaire(occurred_at=body.occurred_at, title=body.title, definition=body.definition)
        return await at.carry_on(QUESTIONNAIRES, questionnaire_id, command, reason=body.reason)

    @routes.post("/{questionnaire_id}/publish")
    async def publish_questionnaire(questionnaire_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Let it be sent; refused with everything that is wrong with its questions. From then on it stays as it is."""
        command = PublishQuestionnaire(occurred_at=body.occurred_at)
        return await at.carry_on(QUESTIONNAIRES, questionnaire_id, command, reason=body.reason)

    @routes.post("/{questionnaire_id}/retire")
    async def retire_questionnaire(questionnaire_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Let it be sent no more."""
        command = RetireQuestionnaire(occurred_at=body.occurred_at)
        return await at.carry_on(QUESTIONNAIRES, questionnaire_id, command, reason=body.reason)

    return routes
