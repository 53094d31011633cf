"""Reads about what was agreed with the sponsor."""

from datetime import date

from chassis.http.reading import one
from chassis.mongo import Database
from chassis.scope import Scope
from contracts.obligations import OBLIGATIONS

from sites.domain.agreement import Agreement
from sites.domain.obligations import Responsibility, responsibilities
from sites.handlers.agreements import transfers_of
from sites.store import AGREEMENTS, STUDIES


async def responsibilities_of(database: Database, scope: Scope, study_id: str, on: date) -> list[Responsibility]:
    """Who holds which obligation of a study on a day. Raises the 404 problem, also for another sponsor's study."""
    await one(database, scope, STUDIES, study_id)
    found = await database.collection(AGREEMENTS.collection).find(scope, {"study": study_id})
    known = [Agreement.model_validate(document["state"]) for document in found]
    return responsibilities(OBLIGATIONS, transfers_of(known), on)
