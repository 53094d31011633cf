"""The pages: portfolio, timeline, study."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from chassis import clock
from chassis.http.auth import Caller
from chassis.mongo import Database
from chassis.problems import not_found
from chassis.scope import Scope
from fastapi import APIRouter, Request, Response

from reporting import queries
from reporting.portal.amendments import amendments_of
from reporting.portal.asking import SITES_ON_A_PAGE, STUDIES_ON_A_PAGE, Cursor, Filters, page_of
from reporting.portal.choices import choices, labels_of
from reporting.portal.errors import page_route
from reporting.portal.freshness import freshness_of
from reporting.portal.latest import entries_of, headlines
from reporting.portal.panels import panels_of
from reporting.portal.recent import Recent
from reporting.portal.rendering import Renderer
from reporting.portal.wording import slip
from reporting.queries.answers import Study, Totals
from reporting.queries.filters import StudyFilter

TABLE_KINDS: Final = ("first_submitted", "study_start", "primary_completion", "study_completion", "results_posted")


def router(database: Database, renderer: Renderer, pinned: Sequence[Any]) -> APIRouter:
    """The routes of the pages."""
    routes = APIRouter(include_in_schema=False, route_class=page_route(renderer), dependencies=pinned)
    offered = Recent(partial(choices, database))
    sums = Recent(partial(_sums, database))

    @routes.get("/")
    async def show_portfolio(request: Request, caller: Caller, asked: Filters, cursor: Cursor = None) -> Response:
        """All studies, filtered, a page at a time."""
        page, choices_offered, totals, freshness = await asyncio.gather(
            queries.studies_page(database, caller.scope, asked.studies, page_of(STUDIES_ON_A_PAGE, cursor)),
            offered.of(caller.scope),
            sums.of((caller.scope, asked.studies)),
            freshness_of(database),
        )
        values = {
            "asked": asked.form(),
            "choices": choices_offered,
            "totals": _totals(totals),
            "studies": page.items,
            "next": asked.address("/", cursor=page.next) if page.next else None,
            "first": asked.address("/") if cursor else None,
            "freshness": freshness,
        }
        return renderer.page(request, "portfolio.html", values, caller=caller)

    @routes.get("/timeline")
    async def show_timeline(request: Request, caller: Caller, asked: Filters, cursor: Cursor = None) -> Response:
        """All studies on one time axis, or the same dates as a table."""
        values = {
            "asked": asked.form(),
            "choices": await offered.of(caller.scope),
            "chart_view": asked.address("/timeline", view=None),
            "table_view": asked.address("/timeline", view="table"),
            "freshness": await freshness_of(database),
        }
        if asked.view == "table":
            values |= await _dates_table(database, caller.scope, asked, cursor)
        else:
            latest = await headlines(database, caller.scope)
            labels = await labels_of(database, caller.scope, [one.first for one in latest])
            values |= {"table": False, "latest": latest, "labels": labels}
        return renderer.page(request, "timeline.html", values, caller=caller)

    @routes.get("/studies/{study_id}")
    async def show_study(
        request: Request, caller: Caller, study_id: str, cursor: Cursor = None, amendments: Cursor = None
    ) -> Response:
        """One study with its milestones, countries, amendments, sites and latest entries."""
        study = await queries.study(database, caller.scope, study_id)
        here = f"/studies/{study_id}"
        sites = await queries.sites_page(database, caller.scope, study_id, page_of(SITES_ON_A_PAGE, cursor))
        values = {
            "study": study,
            "counts": _counts(study),
            "milestones": _milestones(study),
            "dates": [[one.kind, one.planned, one.actual] for one in study.milestones],
            "today": clock.now().date().isoformat(),
            "boards": await panels_of(database, caller.scope, study_id),
            "amendments": await amendments_of(database, caller.scope, study_id, amendments),
            "countries": await queries.countries(database, caller.scope, study_id),
            "sites": sites.items,
            "next": f"{here}?cursor={sites.next}" if sites.next else None,
            "first": here if cursor else None,
            "freshness": await freshness_of(database),
            "latest": await entries_of(database, caller.scope, study_id),
        }
        return renderer.page(request, "study.html", values, caller=caller)

    @routes.get("/portal/{path:path}")
    def show_nothing(path: str) -> Response:
        """No such page: told as a page."""
        raise not_found("page", path)

    return routes


async def _dates_table(database: Database, scope: Scope, asked: Filters, cursor: str | None) -> dict[str, Any]:
    wanted = page_of(STUDIES_ON_A_PAGE, cursor)
    page = await queries.studies_page(database, scope, asked.studies, wanted)
    return {
        "table": True,
        "kinds": TABLE_KINDS,
        "studies": page.items,
        "next": asked.address("/timeline", cursor=page.next) if page.next else None,
        "first": asked.address("/timeline") if cursor else None,
    }


async def _sums(database: Database, asked: tuple[Scope, StudyFilter]) -> Totals:
    scope, studies = asked
    return await queries.totals(database, scope, studies)


def _totals(totals: Totals) -> list[tuple[str, int]]:
    return [
        ("Studies", totals.studies),
        ("Sponsors", totals.sponsors),
        ("Sites", totals.sites),
        ("Active sites", totals.active_sites),
        ("Subjects", totals.subjects),
        ("Enrolled", totals.enrolled),
    ]


def _counts(study: Study) -> list[tuple[str, int, int | None]]:
    counts = study.counts
    return [
        ("Countries", counts.countries, None),
        ("Active sites", counts.active_sites, counts.sites),
        ("Enrolled", counts.enrolled, study.planned_enrolment),
        ("Subjects", counts.subjects, None),
        ("Subject visits", counts.subject_visits, None),
        ("Important deviations", counts.important_deviations, counts.protocol_deviations),
        ("Serious adverse events", counts.serious_adverse_events, counts.adverse_events),
    ]


def _milestones(study: Study) -> list[dict[str, Any]]:
    today = clock.now().date()
    return [
        {
            "kind": one.kind,
            "planned": one.planned,
            "actual": one.actual,
            "slip": slip(one.planned, one.actual, today),
        }
        for one in study.milestones
    ]
