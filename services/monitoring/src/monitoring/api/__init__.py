"""HTTP in: parse, hand over, answer."""

from chassis.mongo import Database
from fastapi import APIRouter

from monitoring.api import adoptions, adverse_events, protocol_deviations, subject_visits, visit_reports, visits


def routers(database: Database) -> list[APIRouter]:
    """Every router of the service."""
    return [
        visits.router(database),
        visit_reports.router(database),
        subject_visits.router(database),
        protocol_deviations.router(database),
        adverse_events.router(database),
        adoptions.router(),
    ]
