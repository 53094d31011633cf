"""Routes by which the history of submissions enters: batches, real dates, no gates, provenance `migrated`."""

from typing import Annotated, Any

from chassis.commands import Builder
from chassis.http.adoption import Adopter, Adoption, AdoptionReport, adopt
from chassis.http.desk import Desk, desk
from chassis.http.roles import Role
from contracts import derived_id
from fastapi import APIRouter, Depends

from regulatory.api.requests import SubmissionRecord
from regulatory.handlers import submissions
from regulatory.store import SUBMISSIONS

Adopting = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


def submission_command(submission_id: str, record: SubmissionRecord) -> Builder[Any]:
    """Adopt the submission with its dated steps."""
    facts = {"body": record.body, "country": record.country, "kind": record.kind, "parts": record.parts}
    return submissions.adopt_submission(submission_id, record.study_id, record.site_id, facts, record.steps)


def submission_id_of(source: str, record: SubmissionRecord) -> str:
    """The same submission again for the same key in the same study."""
    return derived_id("submission", record.study_id, source, record.key)


SUBMISSION_ADOPTER = Adopter(SubmissionRecord, SUBMISSIONS, submission_id_of, submission_command)


def router() -> APIRouter:
    """The adopt routes."""
    routes = APIRouter(prefix="/v1/adoptions", tags=["adoptions"])

    @routes.post("/submissions")
    async def adopt_submissions(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt submissions with their dated steps."""
        return await adopt(at, body, SUBMISSION_ADOPTER)

    return routes
