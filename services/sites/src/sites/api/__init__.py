"""HTTP in: parse, hand over, answer."""

from chassis.mongo import Database
from fastapi import APIRouter

from sites.api import (
    adoptions,
    agreements,
    checklists,
    delegations,
    organisations,
    people,
    planning,
    shipments,
    site_contracts,
    site_teams,
    studies,
    study_sites,
    subjects,
    trainings,
)


def routers(database: Database) -> list[APIRouter]:
    """Every router of the service."""
    return [
        studies.router(database),
        agreements.router(database),
        planning.router(database),
        study_sites.router(database),
        checklists.router(database),
        site_contracts.router(database),
        shipments.router(database),
        trainings.router(database),
        delegations.router(database),
        subjects.router(database),
        organisations.router(database),
        people.router(database),
        site_teams.router(database),
        adoptions.router(),
    ]
