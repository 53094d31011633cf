"""Routes of the boards: what stands where, and what is due."""

from typing import Annotated

from chassis.http.auth import Caller
from chassis.http.paging import Page, Paging
from fastapi import APIRouter, Query

from reporting import queries
from reporting.generations import Generations
from reporting.queries.cycle_times import CycleTime, CycleTimeFilter
from reporting.queries.obligations import Obligation, ObligationFilter
from reporting.queries.start_up import StartUpFilter, StartUpSite
from reporting.queries.submission_board import BoardSubmission, SubmissionFilter
from reporting.queries.tmf import TmfFigures, TmfFilter


def router(generations: Generations) -> APIRouter:
    """The routes of the boards."""
    routes = APIRouter(prefix="/v1", tags=["boards"], dependencies=generations.pinned)
    database = generations.serving

    @routes.get("/start-up")
    async def list_start_up_sites(
        caller: Caller, wanted: Paging, asked: Annotated[StartUpFilter, Query()]
    ) -> Page[StartUpSite]:
        """Sites on their way to the green light, with their checklists and what blocks them."""
        return await queries.start_up_page(database, caller.scope, asked, wanted)

    @routes.get("/submission-board")
    async def list_submission_board(
        caller: Caller, wanted: Paging, asked: Annotated[SubmissionFilter, Query()]
    ) -> Page[BoardSubmission]:
        """Submissions with the periods that run for them: overdue first, then by what is due."""
        return await queries.submission_board_page(database, caller.scope, asked, wanted)

    @routes.get("/obligations")
    async def list_obligations(
        caller: Caller, wanted: Paging, asked: Annotated[ObligationFilter, Query()]
    ) -> Page[Obligation]:
        """Periods that run for no submission but for obligations of trials: overdue first, then by what is due."""
        return await queries.obligations_page(database, caller.scope, asked, wanted)

    @routes.get("/cycle-times")
    async def list_cycle_times(caller: Caller, asked: Annotated[CycleTimeFilter, Query()]) -> Page[CycleTime]:
        """How many days lie between standard milestones, all on one page: median, shortest and longest."""
        return Page(items=await queries.cycle_times(database, caller.scope, asked), next=None)

    @routes.get("/tmf-completeness")
    async def list_tmf_completeness(
        caller: Caller, wanted: Paging, asked: Annotated[TmfFilter, Query()]
    ) -> Page[TmfFigures]:
        """How complete trial master files are, of what is due: by study, or in parts of one study."""
        return await queries.tmf_page(database, caller.scope, asked, wanted)

    return routes
