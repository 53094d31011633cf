"""HTTP in: parse, hand over, answer."""

from chassis.mongo import Database
from fastapi import APIRouter

from regulatory.api import clocks, submissions


def routers(database: Database) -> list[APIRouter]:
    """Every router of the service."""
    return [submissions.router(database), clocks.router(database), clocks.rules_router()]
