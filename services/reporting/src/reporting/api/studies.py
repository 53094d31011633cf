"""Routes of studies, their sites and their countries."""

from typing import Annotated

from chassis.http.auth import Caller
from chassis.http.paging import Page, Paging
from fastapi import APIRouter, Query

from reporting import queries
from reporting.generations import Generations
from reporting.queries.amendments import AmendmentCountry
from reporting.queries.answers import Country, Site, Study
from reporting.queries.filters import StudyFilter


def router(generations: Generations) -> APIRouter:
    """The routes of studies."""
    routes = APIRouter(prefix="/v1/studies", tags=["studies"], dependencies=generations.pinned)
    database = generations.serving

    @routes.get("")
    async def list_studies(caller: Caller, wanted: Paging, asked: Annotated[StudyFilter, Query()]) -> Page[Study]:
        """Studies within the caller's scope."""
        return await queries.studies_page(database, caller.scope, asked, wanted)

    @routes.get("/{study_id}")
    async def read_study(study_id: str, caller: Caller) -> Study:
        """One study."""
        return await queries.study(database, caller.scope, study_id)

    @routes.get("/{study_id}/sites")
    async def list_sites(study_id: str, caller: Caller, wanted: Paging) -> Page[Site]:
        """The study's sites."""
        return await queries.sites_page(database, caller.scope, study_id, wanted)

    @routes.get("/{study_id}/countries")
    async def list_countries(study_id: str, caller: Caller) -> Page[Country]:
        """The study's countries, all on one page."""
        return Page(items=await queries.countries(database, caller.scope, study_id), next=None)

    @routes.get("/{study_id}/amendments")
    async def list_amendments(study_id: str, caller: Caller, wanted: Paging) -> Page[AmendmentCountry]:
        """How the protocol's further versions reach the sites, by version and country, the latest first."""
        return await queries.amendments_page(database, caller.scope, study_id, wanted)

    return routes
