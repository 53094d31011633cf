"""The portal: server-rendered pages over the read model, quick where scripts run and whole where they do not."""

from collections.abc import Sequence
from typing import Any

from chassis.mongo import Database
from fastapi import APIRouter

from reporting.portal import boards, data, pages, sign_in, tmf
from reporting.portal.rendering import Renderer
from reporting.portal.setup import PortalSettings

__all__ = ["PortalSettings", "router"]


def router(database: Database, settings: PortalSettings, pinned: Sequence[Any]) -> APIRouter:
    """Every route of the portal, on one router. Those that read the database depend on `pinned`."""
    renderer = Renderer(settings.portal_vendor_dir)
    portal = APIRouter(include_in_schema=False)
    parts = (
        renderer.assets.router(),
        data.router(database, pinned),
        sign_in.router(settings, renderer),
        boards.router(database, renderer, pinned),
        tmf.router(database, renderer, pinned),
        pages.router(database, renderer, pinned),
    )
    for part in parts:
        portal.routes.extend(part.routes)
    return portal
