"""The completeness of trial master files as a page: all studies, or one study by zone, by milestone and by site."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from chassis.http.auth import Caller
from chassis.mongo import Database
from chassis.scope import Scope
from fastapi import APIRouter, Depends, Request, Response

from reporting import queries
from reporting.portal.asking import ROWS_ON_A_BOARD, Cursor, address_of, filter_of, page_of
from reporting.portal.boards import common_fields, field, named_sites
from reporting.portal.choices import board_choices, named_studies
from reporting.portal.errors import page_route
from reporting.portal.freshness import freshness_of
from reporting.portal.recent import Recent
from reporting.portal.rendering import Renderer
from reporting.queries.tmf import TmfFigures, TmfFilter
from reporting.store import TMF_COMPLETENESS

ZONES: Final = {
    "01": "Trial management",
    "02": "Central trial documents",
    "03": "Regulatory",
    "04": "IRB/IEC and other approvals",
    "05": "Site management",
    "06": "IP and trial supplies",
    "07": "Safety reporting",
    "08": "Central and local testing",
    "09": "Third parties",
    "10": "Data management",
    "11": "Statistics",
}
"""Zones of the TMF Reference Model 3.3.1."""
MILESTONES: Final = {
    "01": "First country's regulatory approval",
    "02": "Clinical infrastructure ready",
    "03": "Site live",
    "04": "First monitoring visit",
    "05": "Significant study event",
    "06": "Annual IRB/IEC renewal",
    "07": "Last subject, last visit",
    "08": "Database lock",
    "09": "Close-out visit, site closed",
    "10": "Clinical study report approved",
    "11": "Ongoing",
    "12": "TMF closed and locked",
}
"""Milestones of the TMF Reference Model 3.3.1, by which documents belong to a file."""
Table = tuple[str, str, Sequence[TmfFigures]]
"""Title, what its rows are, the rows."""


def router(database: Database, renderer: Renderer, pinned: Sequence[Any]) -> APIRouter:
    """The route of the page."""
    routes = APIRouter(include_in_schema=False, route_class=page_route(renderer), dependencies=pinned)
    offered = Recent(partial(board_choices, database))

    @routes.get("/tmf")
    async def show_tmf_completeness(
        request: Request,
        caller: Caller,
        asked: Annotated[TmfFilter, Depends(filter_of(TmfFilter))],
        cursor: Cursor = None,
    ) -> Response:
        """How complete each study's file is, or one study's file by zone, by milestone and by site."""
        (tables, following), choices, freshness = await asyncio.gather(
            _tables(database, caller.scope, asked, cursor),
            offered.of((caller.scope, TMF_COMPLETENESS)),
            freshness_of(database),
        )
        shown = [one for _, _, items in tables for one in items]
        sites = {one.key for _, by, items in tables if by == "site" for one in items if one.key}
        labels, names = await asyncio.gather(
            named_studies(database, caller.scope, {one.study_id for one in shown} | {asked.study or ""}),
            named_sites(database, caller.scope, sites | {asked.site or ""}),
        )
        values = {
            "fields": [
                *_uncounted(common_fields(asked, choices)),
                field("zone", "Zone", "All zones", _numbered(ZONES), asked.zone),
                field("milestone", "Milestone", "All milestones", _numbered(MILESTONES), asked.milestone),
            ],
            "asked": asked,
            "tables": tables,
            "in_parts": asked.study is not None and bool(shown),
            "whole": f"/tmf?study={asked.study}",
            "link": partial(address_of, "/tmf", asked),
            "zones": ZONES,
            "milestones": MILESTONES,
            "labels": labels,
            "names": names,
            "noun": "places" if asked.study else "studies",
            "filtered": bool(asked.model_fields_set),
            "next": address_of("/tmf", asked, cursor=following) if following else None,
            "first": address_of("/tmf", asked) if cursor else None,
            "freshness": freshness,
        }
        return renderer.page(request, "tmf.html", values, caller=caller)

    return routes


def _numbered(named: Mapping[str, str]) -> list[tuple[str, str, None]]:
    return [(code, f"{code} {name}", None) for code, name in named.items()]


def _uncounted(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fields without counts: of what they would count here, groups of documents, nobody knows."""
    return [{**one, "choices": [(value, text, None) for value, text, _ in one["choices"]]} for one in fields]


async def _tables(
    database: Database, scope: Scope, asked: TmfFilter, cursor: str | None
) -> tuple[list[Table], str | None]:
    """The tables of the page, and the cursor of the last one's next page."""
    if asked.study is None:
        by_study = asked.model_copy(update={"by": "study"})
        page = await queries.tmf_page(database, scope, by_study, page_of(ROWS_ON_A_BOARD, cursor))
        return [("Studies", "study", page.items)], page.next
    by_zone, by_milestone, by_site = (asked.model_copy(update={"by": by}) for by in ("zone", "milestone", "site"))
    zones, milestones, sites = await asyncio.gather(
        queries.tmf_page(database, scope, by_zone, page_of(len(ZONES), None)),
        queries.tmf_page(database, scope, by_milestone, page_of(len(MILESTONES) + 1, None)),
        queries.tmf_page(database, scope, by_site, page_of(ROWS_ON_A_BOARD, cursor)),
    )
    tables: list[Table] = [
        ("By zone", "zone", zones.items),
        ("By milestone", "milestone", milestones.items),
        ("By site", "site", sites.items),
    ]
    return tables, sites.next
