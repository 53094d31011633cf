"""What clients send about submissions."""

from datetime import date
from typing import Annotated

from chassis.http.fields import Code, CountryCode, Given, Identifier, Name, Request, StepRequest, Text, condition_of
from fastapi import Depends
from kernel import BusinessTime
from pydantic import Field

from regulatory.domain.submission_commands import AdoptedStep
from regulatory.domain.submission_steps import Body, Conclusion, DocumentVersion, Kind, Part, Stage, Status

Documents = Annotated[tuple[DocumentVersion, ...], Field(max_length=200)]
Notified = Annotated[
    tuple[Code, ...],
    Field(max_length=10, description="What a notification tells of, by the anchors of the clock rules that it meets"),
]


class PrepareSubmissionRequest(StepRequest):
    """A submission to begin: for a whole country, or for one site in it.

    Name its kind: without one no document is required of it and no clock runs for it.
    """

    study_id: Identifier
    body: Body
    country: CountryCode
    site_id: Identifier | None = None
    kind: Kind | None = None
    parts: tuple[Part, ...] = Field((), max_length=2)
    notifies: Notified = ()
    documents: Documents = ()


class PlanSubmissionRequest(StepRequest):
    """A submission that is foreseen."""

    study_id: Identifier
    body: Body
    country: CountryCode
    site_id: Identifier | None = None
    kind: Kind
    parts: tuple[Part, ...] = Field((), max_length=2)
    notifies: Notified = ()


class DocumentsRequest(StepRequest):
    """The document versions to be submitted, all of them."""

    documents: Documents


class QuestionsRequest(StepRequest):
    """The body's questions; `due_on` only where it has set the limit itself."""

    part: Part | None = None
    due_on: date | None = Field(None, ge=date(1950, 1, 1), lt=date(2200, 1, 1))


class ConclusionRequest(StepRequest):
    """The body's conclusion on one part of the dossier."""

    part: Part
    conclusion: Conclusion


class ApprovalRequest(StepRequest):
    """The body's agreement. What is missing is refused by the rules, all at once."""

    reference: Code | None = None
    covers: tuple[Name, ...] = Field((), max_length=100)
    documents: Documents = ()
    conditions: tuple[Text, ...] = Field((), max_length=100)
    expires_on: BusinessTime | None = None


class RenewalRequest(StepRequest):
    """The body's renewal of its approval."""

    reference: Code | None = None
    expires_on: BusinessTime | None = None


class RejectionRequest(StepRequest):
    """The body's refusal."""

    reference: Code | None = None


class ConditionRequest(StepRequest):
    """One condition of the approval, by its number from 1."""

    number: int = Field(ge=1, le=100)


class ImplementationRequest(StepRequest):
    """A modification that is carried out, at a site or everywhere."""

    site_id: Identifier | None = None
    urgent_safety_measure: bool = False


class SubmissionRecord(Request):
    """A submission with its dated steps as its source has them; `key` is distinct in the study."""

    study_id: Identifier
    key: Code
    body: Body
    country: CountryCode
    site_id: Identifier | None = None
    kind: Kind | None = None
    parts: tuple[Part, ...] = Field((), max_length=2)
    steps: tuple[AdoptedStep, ...] = Field(min_length=1, max_length=200)


def submissions_wanted(  # noqa: PLR0913, PLR0917 - a filter each
    study_id: Given = None,
    site_id: Given = None,
    country: Given = None,
    body: Body | None = None,
    status: Status | None = None,
    kind: Kind | None = None,
    stage: Stage | None = None,
) -> dict[str, str]:
    """FastAPI dependency: the condition on stored submissions that a list's filters ask for."""
    about = {"country": country, "body": body, "status": status, "site_id": site_id, "kind": kind, "stage": stage}
    return condition_of({"study": study_id, **{f"state.{field}": value for field, value in about.items()}})


SubmissionsWanted = Annotated[dict[str, str], Depends(submissions_wanted)]
