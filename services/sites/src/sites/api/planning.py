"""Routes of study plans, milestones and enrolment."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from chassis.http import reading
from chassis.http.auth import Caller
from chassis.http.desk import Desk, desk
from chassis.http.fields import CountryCode, Given, Identifier, Request, StepRequest
from chassis.http.paging import Page, Paging
from chassis.http.roles import Role
from chassis.mongo import Database
from fastapi import APIRouter, Depends, Response
from fastapi.responses import JSONResponse
from kernel import BusinessTime
from pydantic import Field

from sites.domain.enrolment import EnrolmentRow
from sites.domain.milestones import KINDS, USUAL, DependencyRow, Key, KindRow, Level
from sites.domain.plan_content import Content, PlannedMilestone
from sites.domain.study_plan import ApproveBaseline, DraftPlan
from sites.handlers import planning as handlers
from sites.queries import planning as queries
from sites.queries.enrolment import enrolment_in
from sites.store import MILESTONE_TRACKS, STUDY_PLANS

Managing = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class PlanRequest(StepRequest):
    """A plan's content."""

    content: Content


class PlanMilestoneRequest(StepRequest):
    """A milestone and the day it is planned for now."""

    milestone: PlannedMilestone


class RecordMilestoneRequest(StepRequest):
    """When a country, or a site of it, reached a milestone; without a date it did not, whatever was noted."""

    kind: str = Field(pattern=r"^[a-z][a-z_0-9]*$", max_length=100)
    country: CountryCode
    site_id: Identifier | None = None
    actual: BusinessTime | None = None

    @property
    def key(self) -> Key:
        """The milestone."""
        level: Level = "country" if self.site_id is None else "site"
        return Key(level=level, kind=self.kind, country=self.country, site_id=self.site_id)


@dataclass(frozen=True)
class MilestoneFilter:
    """Which milestones a list is to have; what is not named asks for nothing."""

    level: Level | None = None
    country: Given = None
    site_id: Given = None
    kind: Given = None
    at_risk: bool | None = None


class Vocabulary(Request):
    """The milestones that there are, and what usually waits for what."""

    kinds: tuple[KindRow, ...]
    dependencies: tuple[DependencyRow, ...]


def router(database: Database) -> APIRouter:
    """The routes of planning."""
    routes = APIRouter(prefix="/v1", tags=["planning"])
    _add_reads(routes, database)
    _add_lists(routes, database)

    @routes.post("/studies/{study_id}/plan", status_code=201)
    async def draft_plan(study_id: str, body: PlanRequest, at: Managing) -> JSONResponse:
        """Draft the study's plan, or write its draft anew."""
        command = handlers.draft_plan(DraftPlan, study_id, body.content, body.occurred_at)
        return await at.carry_out(STUDY_PLANS, study_id, command, reason=body.reason, created=True)

    @routes.post("/studies/{study_id}/plan/approve-baseline")
    async def approve_baseline(study_id: str, body: StepRequest, at: Managing) -> JSONResponse:
        """Freeze the plan as the baseline; refused with everything that is missing or contradictory."""
        command = ApproveBaseline(occurred_at=body.occurred_at)
        return await at.carry_on(STUDY_PLANS, study_id, command, reason=body.reason)

    @routes.post("/studies/{study_id}/plan/replan")
    async def replan_study(study_id: str, body: PlanRequest, at: Managing) -> JSONResponse:
        """Begin a new version of an approved plan; the baseline holds until the new version is approved."""
        command = handlers.replan_study(study_id, body.content, body.occurred_at)
        return await at.carry_out(STUDY_PLANS, study_id, command, reason=body.reason)

    @routes.post("/studies/{study_id}/plan/milestones")
    async def plan_milestone(study_id: str, body: PlanMilestoneRequest, at: Managing) -> JSONResponse:
        """Plan a milestone for another day; the event tells which others become at risk by it."""
        command = handlers.plan_milestone(study_id, body.milestone, body.occurred_at)
        return await at.carry_out(STUDY_PLANS, study_id, command, reason=body.reason)

    @routes.post("/studies/{study_id}/milestones/record")
    async def record_milestone(study_id: str, body: RecordMilestoneRequest, at: Managing) -> JSONResponse:
        """Say by hand when a country or a site reached a milestone; this stands, whatever events tell."""
        track_id = handlers.track_id(study_id, body.country, body.site_id)
        command = handlers.record_milestone(study_id, body.key, body.actual, body.occurred_at)
        return await at.carry_out(MILESTONE_TRACKS, track_id, command, reason=body.reason)

    return routes


def _add_reads(routes: APIRouter, database: Database) -> None:
    @routes.get("/milestone-kinds")
    async def read_milestone_kinds(_: Caller) -> Vocabulary:  # pyright: ignore[reportUnusedFunction]
        """The milestones of studies, countries and sites, and what usually waits for what."""
        return Vocabulary(kinds=tuple(KINDS.values()), dependencies=USUAL)

    @routes.get("/studies/{study_id}/plan")
    async def read_plan(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, response: Response
    ) -> dict[str, Any]:
        """A study's plan; its milestones and its enrolment are lists of their own. Its version as ETag."""
        return await reading.answered(database, caller.scope, STUDY_PLANS, study_id, response)

    @routes.get("/studies/{study_id}/plan/baselines")
    async def list_baselines(study_id: str, caller: Caller) -> list[queries.Baseline]:  # pyright: ignore[reportUnusedFunction]
        """Every version of the plan that was approved, with the day of each milestone in it."""
        return await queries.baselines_of(database, caller.scope, study_id)


def _add_lists(routes: APIRouter, database: Database) -> None:
    @routes.get("/studies/{study_id}/milestones")
    async def list_milestones(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, wanted: Paging, asked: Annotated[MilestoneFilter, Depends()]
    ) -> Page[queries.MilestoneRow]:
        """Milestones of the study, its countries and its sites: baseline, planned, expected as of today, actual."""
        return await queries.milestones_of(database, caller.scope, study_id, asdict(asked), wanted)

    @routes.get("/studies/{study_id}/milestones/roll-up")
    async def roll_up_milestones(study_id: str, caller: Caller) -> list[queries.RollUp]:  # pyright: ignore[reportUnusedFunction]
        """First and last day of sites' milestones, by country and for the study; sites not selected left out."""
        return await queries.roll_up_of(database, caller.scope, study_id)

    @routes.get("/studies/{study_id}/enrolment")
    async def list_enrolment(  # pyright: ignore[reportUnusedFunction]
        study_id: str, caller: Caller, wanted: Paging, country: Given = None
    ) -> Page[EnrolmentRow]:
        """Subjects by country and month: planned and actual all told, and forecast at the pace of late."""
        return await enrolment_in(database, caller.scope, study_id, country, wanted)
