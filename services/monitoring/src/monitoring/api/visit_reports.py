"""Routes of visit reports: who is named reviews and approves, and the approval is signed."""

from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.http.signing import Signing
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import SignedContent

from monitoring import handlers
from monitoring.api.report_requests import (
    ReportRequest,
    ReportSignatureRequest,
    ReportsWanted,
    SubmitReportRequest,
)
from monitoring.api.visits import Managing
from monitoring.domain import visit_report_messages as ask
from monitoring.domain.monitoring_visit import VisitType
from monitoring.domain.visit_report import KIND
from monitoring.domain.visit_report_content import TOPICS, Topic
from monitoring.store import VISIT_REPORTS

Judging = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.MONITOR, Role.QUALITY, Role.ADMIN))]


def router(database: Database) -> APIRouter:
    """The routes of visit reports."""
    routes = APIRouter(prefix="/v1", tags=["visit reports"])
    _add_reads(routes, database)
    _add_writing(routes)
    _add_judging(routes)
    return routes


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("/visit-report-topics")
    async def list_visit_report_topics(  # pyright: ignore[reportUnusedFunction]
        _: Caller, visit_type: VisitType | None = None
    ) -> list[Topic]:
        """What a report covers, by the kind of its visit; with the sources."""
        return [topic for topic in TOPICS.values() if visit_type is None or visit_type in topic.visit_types]

    @routes.get("/visit-reports")
    async def list_visit_reports(  # pyright: ignore[reportUnusedFunction]
        condition: ReportsWanted, caller: Caller, wanted: Paging
    ) -> Page[dict[str, Any]]:
        """Visit reports within the caller's scope."""
        return await reading.page(database, caller.scope, VISIT_REPORTS, condition, wanted)

    @routes.get("/visits/{visit_id}/report")
    async def read_visit_report(visit_id: str, caller: Caller, response: Response) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """The report of a visit in all its versions; its version as ETag."""
        return await reading.answered(database, caller.scope, VISIT_REPORTS, visit_id, response)


def _add_writing(routes: APIRouter) -> None:
    @routes.post("/visits/{visit_id}/report", status_code=201)
    async def draft_visit_report(visit_id: str, body: ReportRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Begin the report of a visit that took place."""
        command = handlers.of_visit(visit_id, body.content.given, at.context.actor.id, body.occurred_at)
        return await at.carry_out(VISIT_REPORTS, visit_id, command, reason=body.reason, created=True)

    @routes.post("/visits/{visit_id}/report/revise")
    async def revise_visit_report(visit_id: str, body: ReportRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Write the draft anew."""
        command = ask.ReviseReport(occurred_at=body.occurred_at, content=body.content.given, by=at.context.actor.id)
        return await at.carry_on(VISIT_REPORTS, visit_id, command, reason=body.reason)

    @routes.post("/visits/{visit_id}/report/submit")
    async def submit_visit_report(visit_id: str, body: SubmitReportRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Give it to a reviewer and an approver, or refuse with everything that it lacks."""
        command = ask.SubmitReport(occurred_at=body.occurred_at, reviewer=body.reviewer, approver=body.approver)
        return await at.carry_on(VISIT_REPORTS, visit_id, command, reason=body.reason)

    @routes.post("/visits/{visit_id}/report/reopen")
    async def reopen_visit_report(visit_id: str, body: StepRequest, at: Managing) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Begin another version of an approved report; needs a reason."""
        command = ask.ReopenReport(occurred_at=body.occurred_at, by=at.context.actor.id, why=body.reason)
        return await at.carry_on(VISIT_REPORTS, visit_id, command, reason=body.reason)


def _add_judging(routes: APIRouter) -> None:
    @routes.post("/visits/{visit_id}/report/return")
    async def return_visit_report(visit_id: str, body: StepRequest, at: Judging) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """Reviewer or approver sends it back to its authors; needs a reason."""
        command = ask.ReturnReport(occurred_at=body.occurred_at, by=at.context.actor.id, comment=body.reason)
        return await at.carry_on(VISIT_REPORTS, visit_id, command, reason=body.reason)

    @routes.post("/visits/{visit_id}/report/review")
    async def review_visit_report(visit_id: str, body: StepRequest, at: Judging) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        """The named reviewer passes it on to the approver."""
        command = ask.ReviewReport(occurred_at=body.occurred_at, by=at.context.actor.id)
        return await at.carry_on(VISIT_REPORTS, visit_id, command, reason=body.reason)

    @routes.post("/visits/{visit_id}/report/approve")
    async def approve_visit_report(  # pyright: ignore[reportUnusedFunction]
        visit_id: str, body: ReportSignatureRequest, at: Judging, signer: Signing
    ) -> JSONResponse:
        """The named approver approves it by signature."""
        content = SignedContent(kind=KIND, id=visit_id, version=body.version, sha256=body.sha256)
        command = ask.ApproveReport(occurred_at=body.occurred_at, signature=signer.sign("approval", content))
        return await at.carry_on(VISIT_REPORTS, visit_id, command, reason=body.reason)
