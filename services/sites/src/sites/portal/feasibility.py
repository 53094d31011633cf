"""The form behind a feasibility link: shown, saved while somebody types, and returned once; whole without scripts.

The link's secret is the only right that is needed, so there is no cookie to be misused. Whatever is wrong with a link
(unknown, expired, revoked, withdrawn) is told by one and the same page.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from chassis import clock
from chassis.commands import Commands, Instruction, given
from chassis.http.throttle import Throttle
from chassis.journal import Actor, Context
from chassis.mongo import Database
from chassis.problems import Problem
from chassis.scope import Scope
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from kernel import Command, Refused
from pydantic import BaseModel, ConfigDict, Field

from sites.domain.feasibility import Assessment, ReturnAnswers, SaveAnswers
from sites.domain.feasibility_answers import Given, Respondent, mistakes, unanswered, with_given
from sites.domain.feasibility_links import LINK_ID_CHARACTERS, Access
from sites.domain.feasibility_questions import Raw, Value
from sites.portal.failures import page_route
from sites.portal.forms import Sent, Shown, page_of
from sites.portal.rendering import Renderer
from sites.queries.feasibility import behind, offers
from sites.store import FEASIBILITY

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")
CLOSED: Final = "This link does not open a questionnaire. Ask whoever sent it to you for a new one."
CONFLICT, UNPROCESSABLE, NOT_FOUND, BUSY = 409, 422, 404, 429


class Draft(BaseModel):
    """What a page saves while somebody types: the fields that changed since `based_on`."""

    model_config = ConfigDict(extra="forbid")

    based_on: int = Field(ge=0)
    answers: dict[str, str | list[str]] = Field(max_length=3_000)
    reused: list[str] = Field(default=[], max_length=3_000)


class Door:
    """Lets in who has a link that opens, and slows down who tries others or saves without end."""

    def __init__(self, database: Database) -> None:
        """Kept in this process: secrets of 256 bits need no help against guessing, the database does against load."""
        self._database = database
        self._misses = Throttle(at_once=30, per_second=0.5)
        self._saves = Throttle(at_once=60, per_second=2)

    async def open(self, request: Request, secret: str) -> Assessment:
        """What the link leads to. Raises the 404 problem for every link that does not open, 429 for too many."""
        who = request.client.host if request.client else ""
        _wait(self._misses.wait_seconds(who))
        found = await behind(self._database, secret) if SECRET.fullmatch(secret) else None
        if found is None or not found.link.opens(clock.now()) or found.status == "withdrawn":
            self._misses.take(who)
            raise closed()
        return found

    def count_save(self, assessment: Assessment) -> None:
        """Count a save. Raises the 429 problem for too many."""
        _wait(self._saves.wait_seconds(assessment.assessment_id))
        self._saves.take(assessment.assessment_id)


def closed() -> Problem:
    """The one answer to every link that does not open."""
    return Problem(NOT_FOUND, "link_closed", CLOSED, title="Nothing to see here")


def router(database: Database, renderer: Renderer) -> APIRouter:
    """The routes of the form."""
    door = Door(database)
    routes = APIRouter(prefix="/links/feasibility", route_class=page_route(renderer), include_in_schema=False)

    @routes.get("/{secret}")
    async def show_form(request: Request, secret: str) -> Response:
        """The form, or that it was returned already."""
        assessment = await door.open(request, secret)
        if assessment.status == "returned":
            return renderer.page("returned.html", {"assessment": assessment, "now": False})
        return renderer.page("form.html", page_of(assessment, await offers(database, assessment), Shown()))

    @routes.post("/{secret}")
    async def send_form(request: Request, secret: str) -> Response:
        """Save what was typed, take offered answers over, or return all of it."""
        assessment = await door.open(request, secret)
        if assessment.status == "returned":
            return renderer.page("returned.html", {"assessment": assessment, "now": False})
        door.count_save(assessment)
        questions = {question.code: question for question in assessment.definition.questions}
        sent = Sent.of(await request.body(), questions)
        visit = Visit(request.app.state.commands, assessment, await offers(database, assessment))
        if sent.action == "return":
            return await _return(renderer, visit, sent)
        return await _save(database, renderer, visit, sent, secret)

    saving = APIRouter(prefix="/links/feasibility", include_in_schema=False)

    @saving.put("/{secret}/draft")
    async def save_draft(request: Request, secret: str, draft: Draft) -> JSONResponse:
        """Save what changed; answers with the draft's number, when it was saved and what is no answer."""
        assessment = await door.open(request, secret)
        door.count_save(assessment)
        offered = await offers(database, assessment) if draft.reused else {}
        visit = Visit(request.app.state.commands, assessment, offered)
        try:
            saved = await visit.save(draft.based_on, draft.answers, frozenset(draft.reused))
        except Refused as refused:
            return _refused(refused, assessment)
        return JSONResponse({**saved, "mistakes": mistakes(assessment.definition, draft.answers)})

    routes.routes.extend(saving.routes)
    return routes


class Visit:
    """Somebody's stay behind an open link: what they do is written down as done through this link."""

    def __init__(self, commands: Commands, assessment: Assessment, offered: Mapping[str, Value]) -> None:
        """`offered` is what may be taken over."""
        self.assessment, self.offered = assessment, offered
        self._commands, self._now = commands, clock.now()

    async def save(self, based_on: int, raw: Mapping[str, Raw], reused: frozenset[str]) -> dict[str, Any]:
        """Keep a draft; its number, and when it was saved. Raises Refused."""
        taken = Given(raw=raw, reused=reused, offered=self.offered)
        command = SaveAnswers(occurred_at=self._at, access=self._access, based_on=based_on, given=taken)
        return await self._done(command)

    async def hand_in(self, based_on: int, raw: Mapping[str, Raw], respondent: Mapping[str, str]) -> None:
        """Return the answers for good. Raises Refused with every question that lacks its answer."""
        who = Respondent(name=respondent["respondent_name"], role=respondent["respondent_role"])
        taken = Given(raw=raw, offered=self.offered)
        about = {"occurred_at": self._at, "access": self._access, "based_on": based_on, "given": taken}
        await self._done(ReturnAnswers.model_validate({**about, "respondent": who}))

    def lacking(self, raw: Mapping[str, Raw]) -> dict[str, str]:
        """By question what keeps the answers from being returned."""
        definition, taken = self.assessment.definition, Given(raw=raw)
        answers = with_given(definition, self.assessment.answers, taken)
        return {str(reason.field): reason.detail for reason in unanswered(definition, answers, taken)}

    async def _done(self, command: Command) -> dict[str, Any]:
        link = self.assessment.link.secret_hash[:LINK_ID_CHARACTERS]
        # What a site answers is its own act: no obligation of the sponsor's governs it.
        context = Context(command_id=clock.new_id(), actor=Actor(f"link:{link}"), governed=False)
        scope = Scope.of([self.assessment.sponsor_id], [self.assessment.study_id])
        key = self.assessment.assessment_id
        outcome = await self._commands.carry_out(scope, Instruction(FEASIBILITY, key, given(command), context))
        answer = outcome.answer or {}
        return {name: answer.get(name) for name in ("draft", "saved_at")}

    @property
    def _at(self) -> str:
        return self._now.isoformat().replace("+00:00", "Z")

    @property
    def _access(self) -> Access:
        return Access(secret_hash=self.assessment.link.secret_hash, at=self._now)


async def _save(database: Database, renderer: Renderer, visit: Visit, sent: Sent, secret: str) -> Response:
    assessment = visit.assessment
    known = {one.question: one.value for one in assessment.answers}
    raw, used = sent.with_offers(visit.offered, known)
    wrong = mistakes(assessment.definition, raw)
    told = Shown(mistakes=wrong, typed={code: raw[code] for code in wrong}, respondent=sent.respondent, saved=True)
    try:
        await visit.save(sent.based_on, raw, frozenset(used))
    except Refused as refused:
        return _again(renderer, visit, sent, refused)
    present = await behind(database, secret) or assessment
    return renderer.page("form.html", page_of(present, visit.offered, told), status=UNPROCESSABLE if wrong else 200)


async def _return(renderer: Renderer, visit: Visit, sent: Sent) -> Response:
    if sent.unnamed:
        found = {**visit.lacking(sent.raw), **sent.unnamed}
        told = Shown(mistakes=found, typed=sent.raw, respondent=sent.respondent)
        return renderer.page("form.html", page_of(visit.assessment, visit.offered, told), status=UNPROCESSABLE)
    try:
        await visit.hand_in(sent.based_on, sent.raw, sent.respondent)
    except Refused as refused:
        return _again(renderer, visit, sent, refused)
    return renderer.page("returned.html", {"assessment": visit.assessment, "now": True})


def _again(renderer: Renderer, visit: Visit, sent: Sent, refused: Refused) -> Response:
    """The form with everything that was typed, and what keeps it from being taken."""
    codes = {reason.code for reason in refused.reasons}
    if codes & {"link_closed", "wrong_status"}:
        raise closed()
    found = {reason.field: reason.detail for reason in refused.reasons if reason.field and reason.field != "based_on"}
    elsewhere = "changed_elsewhere" in codes
    told = Shown(mistakes=found, typed=sent.raw, respondent=sent.respondent, elsewhere=elsewhere)
    status = CONFLICT if elsewhere else UNPROCESSABLE
    return renderer.page("form.html", page_of(visit.assessment, visit.offered, told), status=status)


def _refused(refused: Refused, assessment: Assessment) -> JSONResponse:
    codes = [reason.code for reason in refused.reasons]
    if "link_closed" in codes:
        raise closed()
    told = {"code": codes[0], "detail": refused.reasons[0].detail, "draft": assessment.draft}
    return JSONResponse(told, CONFLICT)


def _wait(seconds: float) -> None:
    if seconds > 0:
        detail = "That was too often in a short time. Wait a moment, then go on: what you typed is still there."
        headers = {"Retry-After": str(int(seconds) + 1)}
        raise Problem(BUSY, "too_many_requests", detail, title="One moment", headers=headers)
