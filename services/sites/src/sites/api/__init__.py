"""HTTP in: parse, hand over, answer."""

from chassis.mongo import Database
from fastapi import APIRouter

from sites.api import (
    adoptions,
    agreements,
    amendments,
    checklists,
    delegations,
    feasibility,
    organisations,
    people,
    planning,
    questionnaires,
    shipments,
    site_contracts,
    site_teams,
    studies,
    study_sites,
    subjects,
    trainings,
)


def routers(database: Database, forms_url: str | None = None) -> list[APIRouter]:
    """Every router of the service's interface; `forms_url` is where people at sites reach it."""
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
        amendments.router(database),
        organisations.router(database),
        people.router(database),
        site_teams.router(database),
        questionnaires.router(database),
        feasibility.router(database, forms_url),
        adoptions.router(),
    ]
