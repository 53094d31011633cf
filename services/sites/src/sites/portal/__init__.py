"""Pages for people at sites: the form of a feasibility questionnaire, behind a link that needs no account."""

from chassis.mongo import Database
from fastapi import APIRouter

from sites.portal import feasibility
from sites.portal.rendering import Renderer


def router(database: Database) -> APIRouter:
    """Every page, and the files they load."""
    renderer = Renderer()
    pages = APIRouter(include_in_schema=False)
    for part in (feasibility.router(database, renderer), renderer.router()):
        pages.routes.extend(part.routes)
    return pages
