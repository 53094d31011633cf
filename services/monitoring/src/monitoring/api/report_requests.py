"""What clients send about visit reports."""

from typing import Annotated

from chassis.http.fields import Code, Request, StepRequest, Text, condition_of
from fastapi import Depends
from kernel import Sha256
from pydantic import Field

from monitoring.api.requests import Where
from monitoring.domain.monitoring_visit import VisitType
from monitoring.domain.visit_report import Status
from monitoring.domain.visit_report_content import Content, Observation, Outcome

OBSERVATIONS_MAX = 100


class ObservationRequest(Request):
    """What was found on a topic (`GET /v1/visit-report-topics`)."""

    topic: Code
    outcome: Outcome
    comment: Text | None = None
    action: Text | None = None


class ContentRequest(Request):
    """What the report says; a draft may still lack much of it."""

    summary: Text | None = None
    observations: tuple[ObservationRequest, ...] = Field(default=(), max_length=OBSERVATIONS_MAX)
    conclusion: Text | None = None

    @property
    def given(self) -> Content:
        """The content."""
        observations = tuple(Observation.model_validate(dict(one)) for one in self.observations)
        return Content(summary=self.summary, observations=observations, conclusion=self.conclusion)


class ReportRequest(StepRequest):
    """A report, or its draft anew."""

    content: ContentRequest


class SubmitReportRequest(StepRequest):
    """Who reviews and who approves the report, by their subject at the issuer."""

    reviewer: Code
    approver: Code


class ReportSignatureRequest(StepRequest):
    """Which version the signer has read: its number, and the hash that was shown with it."""

    version: Code = Field(max_length=32)
    sha256: Sha256


def reports_wanted(where: Where, visit_type: VisitType | None = None, status: Status | None = None) -> dict[str, str]:
    """FastAPI dependency: the condition on stored visit reports that a list's filters ask for."""
    return where | condition_of({"state.visit_type": visit_type, "state.status": status})


ReportsWanted = Annotated[dict[str, str], Depends(reports_wanted)]
