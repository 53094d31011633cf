"""HTTP in: parse, hand over, answer."""

from chassis.mongo import Database
from fastapi import APIRouter

from sites.api import adoptions, agreements, organisations, people, site_teams, studies, study_sites, subjects


def routers(database: Database) -> list[APIRouter]:
    """Every router of the service."""
    return [
        studies.router(database),
        agreements.router(database),
        study_sites.router(database),
        subjects.router(database),
        organisations.router(database),
        people.router(database),
        site_teams.router(database),
        adoptions.router(),
    ]
