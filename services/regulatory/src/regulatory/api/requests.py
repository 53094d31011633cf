"""What clients send. Unknown fields are refused; texts are bounded."""

from typing import Annotated

from fastapi import Depends, Query
from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from regulatory.domain.submission import Body, Status

Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00]*$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
Given = Annotated[str | None, Query(max_length=100)]


class Request(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepRequest(Request):
    """A step that happened: when, and why where a reason is due."""

    occurred_at: BusinessTime
    reason: Text | None = None


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
    asked = {"study": study_id, **{f"state.{field}": value for field, value in about.items()}}
    return {field: value for field, value in asked.items() if value is not None}


SubmissionsWanted = Annotated[dict[str, str], Depends(submissions_wanted)]
