"""Routes of feasibility: asking candidate sites, answers told to the CRO, and the order of the candidates.

A link is shown once, in the answer to the command that makes it, and only its hash is kept: a repeated command gives
the same answer without it, and a new link is made by renewing. Handing it on is up to whoever asked.
"""

from dataclasses import replace
from typing import Annotated, Any, Final

from chassis import clock
from chassis.commands import Builder, Instruction
from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, CountryCode, Given, Identifier, Name, StepRequest, condition_of
from chassis.http.paging import Page, Paging
from chassis.http.requests import etag
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field

from sites.domain.feasibility import ReturnAnswers, RevokeLink, Status, WithdrawQuestionnaire
from sites.domain.feasibility_answers import Given as GivenAnswers
from sites.domain.feasibility_answers import Respondent
from sites.domain.feasibility_links import LINK_ID_CHARACTERS
from sites.domain.feasibility_questions import TEXT_CHARACTERS_MAX
from sites.domain.feasibility_scoring import Ranked
from sites.handlers import feasibility as handlers
from sites.queries.feasibility import candidates
from sites.store import FEASIBILITY

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]
AnswerText = Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]
LINK_DAYS: Final = 30


class LinkRequest(StepRequest):
    """For how many days the link opens."""

    link_days: int = Field(LINK_DAYS, ge=1, le=180)


class SendRequest(LinkRequest):
    """The version of a questionnaire to send."""

    questionnaire_id: Identifier


class AnswerRequest(StepRequest):
    """The site's answers by question, and who gave them; several choices as a list."""

    answers: dict[Code, AnswerText | Annotated[list[Code], Field(max_length=50)]] = Field(max_length=3_000)
    respondent_name: Name
    respondent_role: Name


def router(database: Database, forms_url: str | None) -> APIRouter:
    """The routes of feasibility. `forms_url` is where sites reach this service; None: where the caller does."""
    routes = APIRouter(prefix="/v1", tags=["feasibility"])

    @routes.get("/feasibility")
    async def list_feasibility(
        caller: Caller,
        wanted: Paging,
        study_id: Given = None,
        site_id: Given = None,
        status: Status | None = None,
    ) -> Page[dict[str, Any]]:
        """What sites were asked, and where each stands."""
        condition = condition_of({"study": study_id, "state.site_id": site_id, "state.status": status})
        return await reading.page(database, caller.scope, FEASIBILITY, condition, wanted)

    @routes.get("/feasibility/{assessment_id}")
    async def read_feasibility(assessment_id: str, caller: Caller, response: Response) -> dict[str, Any]:
        """What one site was asked and, once it has returned it, what it answered and how that was scored."""
        found = await reading.one(database, caller.scope, FEASIBILITY, assessment_id)
        response.headers["ETag"] = etag(found["version"])
        return {**reading.seen(FEASIBILITY, found), "definition": found["state"]["definition"]}

    @routes.get("/studies/{study_id}/candidates")
    async def rank_candidates(
        study_id: str, caller: Caller, wanted: Paging, country: CountryCode | None = None
    ) -> Page[Ranked]:
        """The study's candidates, the best first, with what puts each before the next."""
        return await candidates(database, caller.scope, study_id, {"country": country}, wanted)

    add_links(routes, forms_url)
    add_steps(routes)
    return routes


def add_links(routes: APIRouter, forms_url: str | None) -> None:
    """The commands that make a link."""

    @routes.post("/sites/{site_id}/feasibility", status_code=201)
    async def send_feasibility_questionnaire(
        site_id: str, body: SendRequest, at: Managing, request: Request
    ) -> JSONResponse:
        """Ask a candidate site; the answer tells the link, this once."""
        secret, until = clock.new_secret(), handlers.days_from(clock.now(), body.link_days)
        key = handlers.assessment_id_of(site_id, body.questionnaire_id)
        command = handlers.send_questionnaire(site_id, body.questionnaire_id, secret, until, body.occurred_at)
        return await _linked(at, key, command, (secret, _address(request, forms_url)), body.reason, status=201)

    @routes.post("/feasibility/{assessment_id}/renew-link")
    async def renew_feasibility_link(
        assessment_id: str, body: LinkRequest, at: Managing, request: Request
    ) -> JSONResponse:
        """Make a new link, to remind the site or because the old one is lost; the old one opens no more."""
        secret, until = clock.new_secret(), handlers.days_from(clock.now(), body.link_days)
        command = handlers.renew_link(assessment_id, secret, until, body.occurred_at)
        return await _linked(at, assessment_id, command, (secret, _address(request, forms_url)), body.reason)

    @routes.post("/feasibility/{assessment_id}/reopen")
    async def reopen_feasibility_questionnaire(
        assessment_id: str, body: LinkRequest, at: Managing, request: Request
    ) -> JSONResponse:
        """Let the site correct what it returned, through a new link."""
        secret, until = clock.new_secret(), handlers.days_from(clock.now(), body.link_days)
        command = handlers.reopen_answers(assessment_id, secret, until, body.occurred_at)
        return await _linked(at, assessment_id, command, (secret, _address(request, forms_url)), body.reason)


def add_steps(routes: APIRouter) -> None:
    """The commands that make no link."""

    @routes.post("/feasibility/{assessment_id}/revoke-link")
    async def revoke_feasibility_link(assessment_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Let the link open no more."""
        command = RevokeLink(occurred_at=body.occurred_at)
        return await at.carry_on(FEASIBILITY, assessment_id, command, reason=body.reason)

    @routes.post("/feasibility/{assessment_id}/withdraw")
    async def withdraw_feasibility_questionnaire(assessment_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Ask the site no more."""
        command = WithdrawQuestionnaire(occurred_at=body.occurred_at)
        return await at.carry_on(FEASIBILITY, assessment_id, command, reason=body.reason)

    @routes.post("/feasibility/{assessment_id}/answers")
    async def answer_feasibility_questionnaire(assessment_id: str, body: AnswerRequest, at: Managing) -> JSONResponse:
        """Enter what the site answered by telephone or on paper, `occurred_at` being the day on which it did.

        The answers are marked as entered on the site's behalf. Refused with every question that lacks its answer.
        """
        command = ReturnAnswers(
            occurred_at=body.occurred_at,
            access=None,
            based_on=None,
            given=GivenAnswers(raw=body.answers),
            respondent=Respondent(name=body.respondent_name, role=body.respondent_role),
        )
        return await at.carry_on(FEASIBILITY, assessment_id, command, reason=body.reason)


async def _linked(
    at: Desk,
    key: str,
    command: Builder[Any],
    link: tuple[str, str],
    reason: str | None,
    *,
    status: int = 200,
) -> JSONResponse:
    """Carry out a command that makes a link, and tell the link if it is the one that was made."""
    secret, address = link
    instruction = Instruction(FEASIBILITY, key, command, replace(at.context, reason=reason))
    outcome = await at.commands.carry_out(at.scope, instruction)
    answer = dict(outcome.answer or {})
    made = answer["link"]["link_id"] == handlers.hash_of(secret)[:LINK_ID_CHARACTERS]
    told = {**answer, "link": {**answer["link"], "address": f"{address}/links/feasibility/{secret}" if made else None}}
    return JSONResponse(told, status, headers={"ETag": etag(outcome.version)})


def _address(request: Request, forms_url: str | None) -> str:
    return (forms_url or str(request.base_url)).rstrip("/")
