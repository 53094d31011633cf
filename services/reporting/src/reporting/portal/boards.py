"""The boards as pages: what stands where in every study, and what is due."""

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Any, Final, get_args

from chassis.http.auth import Caller
from chassis.mongo import Database
from chassis.scope import Scope
from contracts.regulatory import Body
from fastapi import APIRouter, Depends, Request, Response

from reporting import queries
from reporting.portal.asking import ROWS_ON_A_BOARD, Cursor, address_of, filter_of, page_of
from reporting.portal.choices import BoardChoices, Choice, board_choices, named_studies
from reporting.portal.errors import page_route
from reporting.portal.freshness import freshness_of
from reporting.portal.matrix import columns_of, groups_of
from reporting.portal.obligations import obligations_of
from reporting.portal.recent import Recent
from reporting.portal.rendering import Renderer
from reporting.portal.wording import words
from reporting.queries.cycle_times import CycleTime, CycleTimeFilter
from reporting.queries.start_up import StartUpFilter, StartUpTotals
from reporting.queries.submission_board import SubmissionFilter, SubmissionTotals
from reporting.store import SITES, START_UP, SUBMISSION_BOARD

SHOWN: Final[list[tuple[str, str, None]]] = [("open", "Open", None), ("closed", "Decided", None)]
STARTING: Final[list[tuple[str, str, None]]] = [
    ("starting", "In start-up", None),
    ("lost", "Open, prerequisite lost", None),
]
ORDERS: Final[list[tuple[str, str, None]]] = [("study", "Study", None), ("country", "Country", None)]
DUE: Final[list[tuple[str, str, None]]] = [("overdue", "Overdue", None), ("soon", "Within 7 days", None)]


def router(database: Database, renderer: Renderer, pinned: Sequence[Any]) -> APIRouter:
    """The routes of the boards' pages."""
    routes = APIRouter(include_in_schema=False, route_class=page_route(renderer), dependencies=pinned)
    offered = Recent(partial(board_choices, database))
    sums = Recent(partial(_submission_sums, database))
    start_up_sums = Recent(partial(_start_up_sums, database))
    cycle_sums = Recent(partial(_cycle_sums, database))

    @routes.get("/start-up")
    async def show_start_up(
        request: Request,
        caller: Caller,
        asked: Annotated[StartUpFilter, Depends(filter_of(StartUpFilter))],
        cursor: Cursor = None,
    ) -> Response:
        """Sites by the items of their checklists."""
        taken = CycleTimeFilter.model_validate(asked.model_dump(include={"study", "sponsor", "country"}))
        page, choices, totals, cycles, freshness = await asyncio.gather(
            queries.start_up_page(database, caller.scope, asked, page_of(ROWS_ON_A_BOARD, cursor)),
            offered.of((caller.scope, START_UP)),
            start_up_sums.of((caller.scope, asked)),
            cycle_sums.of((caller.scope, taken)),
            freshness_of(database),
        )
        labels = await named_studies(database, caller.scope, {one.study_id for one in page.items})
        values = {
            "fields": _start_up_fields(asked, choices, totals),
            "totals": _start_up_totals(totals),
            "columns": columns_of(page.items),
            "groups": groups_of(page.items, asked.order),
            "cycles": cycles,
            "by": asked.order,
            "count": len(page.items),
            "labels": labels,
            "filtered": bool(asked.model_fields_set - {"order"}),
            "next": address_of("/start-up", asked, cursor=page.next) if page.next else None,
            "first": address_of("/start-up", asked) if cursor else None,
            "freshness": freshness,
        }
        return renderer.page(request, "start_up.html", values, caller=caller)

    @routes.get("/submissions")
    async def show_submissions(
        request: Request,
        caller: Caller,
        asked: Annotated[SubmissionFilter, Depends(filter_of(SubmissionFilter))],
        cursor: Cursor = None,
        obligations: Cursor = None,
    ) -> Response:
        """Submissions by what is due, overdue first; and the obligations of the trials themselves."""
        page, obliged, choices, totals, freshness = await asyncio.gather(
            queries.submission_board_page(database, caller.scope, asked, page_of(ROWS_ON_A_BOARD, cursor)),
            obligations_of(database, caller.scope, asked, obligations),
            offered.of((caller.scope, SUBMISSION_BOARD)),
            sums.of((caller.scope, asked)),
            freshness_of(database),
        )
        labels, names = await asyncio.gather(
            named_studies(database, caller.scope, {one.study_id for one in page.items}),
            named_sites(database, caller.scope, {one.site_id for one in page.items if one.site_id}),
        )
        values = {
            "fields": _submission_fields(asked, choices, totals),
            "totals": _submission_totals(totals),
            "submissions": page.items,
            "obligations": obliged,
            "labels": labels,
            "names": names,
            "filtered": bool(asked.model_fields_set),
            "next": address_of("/submissions", asked, cursor=page.next) if page.next else None,
            "first": address_of("/submissions", asked) if cursor else None,
            "freshness": freshness,
        }
        return renderer.page(request, "submissions.html", values, caller=caller)

    return routes


async def named_sites(database: Database, scope: Scope, sites: Iterable[str]) -> dict[str, str]:
    """What to call these sites, as far as the scope holds them: number and name."""
    condition = {"_id": {"$in": sorted(sites)}}
    found = await database.collection(SITES).find(scope, condition, fields=["number", "name"])
    return {one["_id"]: " ".join(filter(None, (one["number"], one["name"]))) or "Site" for one in found}


def field(
    name: str, label: str, everything: str | None, choices: Sequence[Choice | tuple[str, str, None]], chosen: str | None
) -> dict[str, Any]:
    """One choice of a board's filter form; `everything` is what no choice is called, None where one must be made."""
    return {"name": name, "label": label, "any": everything, "choices": choices, "chosen": chosen}


def common_fields(asked: Any, choices: BoardChoices) -> list[dict[str, Any]]:
    """The choices that every board offers."""
    return [
        field("study", "Study", "All studies", choices.studies, asked.study),
        field("sponsor", "Sponsor", "All sponsors", choices.sponsors, asked.sponsor),
        field("country", "Country", "All countries", choices.countries, asked.country),
    ]


async def _start_up_sums(database: Database, asked: tuple[Scope, StartUpFilter]) -> StartUpTotals:
    return await queries.start_up_totals(database, *asked)


async def _cycle_sums(database: Database, asked: tuple[Scope, CycleTimeFilter]) -> list[CycleTime]:
    return await queries.cycle_times(database, *asked)


def _start_up_fields(asked: StartUpFilter, choices: BoardChoices, totals: StartUpTotals) -> list[dict[str, Any]]:
    blocked = dict(totals.blocked_by)
    if asked.blocked_by is not None:
        blocked.setdefault(asked.blocked_by, 0)
    missing = sorted(((code, words(code), count) for code, count in blocked.items()), key=lambda one: (-one[2], one[1]))
    return [
        *common_fields(asked, choices),
        field("blocked_by", "Blocked by", "Whatever is missing", missing, asked.blocked_by),
        field("show", "Show", None, STARTING, asked.show),
        field("order", "Group by", None, ORDERS, asked.order),
    ]


def _start_up_totals(totals: StartUpTotals) -> list[tuple[str, int | str]]:
    most = max(totals.blocked_by.items(), key=lambda one: (one[1], one[0]), default=None)
    return [
        ("Sites in start-up", totals.starting),
        ("Ready for the green light", totals.ready),
        ("Open, prerequisite lost", totals.lost),
        ("Missing most often", f"{words(most[0])} ({most[1]})" if most else "Nothing"),
    ]


async def _submission_sums(database: Database, asked: tuple[Scope, SubmissionFilter]) -> SubmissionTotals:
    return await queries.submission_totals(database, *asked)


def _submission_fields(
    asked: SubmissionFilter, choices: BoardChoices, totals: SubmissionTotals
) -> list[dict[str, Any]]:
    bodies = [(code, words(code), None) for code in get_args(Body)]
    stages = sorted(((code, words(code), count) for code, count in totals.stages.items()), key=lambda one: one[1])
    return [
        *common_fields(asked, choices),
        field("body", "Body", "All bodies", bodies, asked.body),
        field("stage", "Stage", "Any stage", stages, asked.stage),
        field("due", "Due", "Whenever due", DUE, asked.due),
        field("show", "Show", None, SHOWN, asked.show),
    ]


def _submission_totals(totals: SubmissionTotals) -> list[tuple[str, int]]:
    asked = sum(totals.stages.get(stage, 0) for stage in ("rfi_received", "validation_rfi"))
    return [
        ("Open", totals.open),
        ("Overdue", totals.overdue),
        ("Due within 7 days", totals.soon),
        ("Questions to answer", asked),
        ("Without a date", totals.undated),
    ]
