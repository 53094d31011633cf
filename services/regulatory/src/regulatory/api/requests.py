"""What clients send."""

from typing import Annotated

from chassis.http.fields import Code, CountryCode, Given, Identifier, Name, StepRequest, Text, condition_of
from fastapi import Depends
from kernel import BusinessTime
from pydantic import Field

from regulatory.domain.submission import Body, Status


class PrepareSubmissionRequest(StepRequest):
    """A submission to begin: for a whole country, or for one site in it."""

    study_id: Identifier
    body: Body
    country: CountryCode
    site_id: Identifier | None = None


class ApprovalRequest(StepRequest):
    """The body's agreement. What is missing is refused by the rules, all at once."""

    reference: Code | None = None
    covers: tuple[Name, ...] = Field((), max_length=100)
    conditions: tuple[Text, ...] = Field((), max_length=100)
    expires_on: BusinessTime | None = None


class RejectionRequest(StepRequest):
    """The body's refusal."""

    reference: Code | None = None


def submissions_wanted(
    study_id: Given = None,
    site_id: Given = None,
    country: Given = None,
    body: Body | None = None,
    status: Status | None = None,
) -> dict[str, str]:
    """FastAPI dependency: the condition on stored submissions that a list's filters ask for."""
    about = {"country": country, "body": body, "status": status, "site_id": site_id}
    return condition_of({"study": study_id, **{f"state.{field}": value for field, value in about.items()}})


SubmissionsWanted = Annotated[dict[str, str], Depends(submissions_wanted)]
