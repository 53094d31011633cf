"""What clients send. Unknown fields are refused; texts are bounded."""

from typing import Annotated

from fastapi import Depends, Query
from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, StrictBool, StringConstraints

from monitoring.domain.adverse_event import Severity
from monitoring.domain.monitoring_visit import Status, VisitType
from monitoring.domain.protocol_deviation import Category

Text = Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True, pattern=r"^[^\x00]*$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
Given = Annotated[str | None, Query(max_length=100)]


class Request(BaseModel):
    """A request's body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepRequest(Request):
    """A step that happened: when, and why where a reason is due."""

    occurred_at: BusinessTime
    reason: Text | None = None


class PlanVisitRequest(StepRequest):
    """A monitoring visit to foresee."""

    visit_type: VisitType
    planned_on: BusinessTime


class ScheduleVisitRequest(StepRequest):
    """The date agreed with the site."""

    scheduled_on: BusinessTime


class ExpectSubjectVisitRequest(StepRequest):
    """A visit of the schedule at which a subject is expected; the key is the subject's pseudonym."""

    subject_key: Code
    visit_name: Name
    expected_on: BusinessTime | None = None


class ProtocolDeviationFacts(Request):
    """What a protocol deviation is; without a site it is known of the study only."""

    site_id: Identifier | None = None
    subject_key: Code | None = None
    category: Category
    important: StrictBool


class ProtocolDeviationRequest(ProtocolDeviationFacts, StepRequest):
    """A protocol deviation; `occurred_at` is when it happened."""


class AdverseEventFacts(Request):
    """What an adverse event is; the key is the subject's pseudonym."""

    subject_key: Code
    serious: StrictBool
    severity: Severity | None = None


class AdverseEventRequest(AdverseEventFacts, StepRequest):
    """An adverse event; `occurred_at` is when it began."""


def wanted_where(study_id: Given = None, site_id: Given = None) -> dict[str, str]:
    """FastAPI dependency: the condition on stored records that a list's filters ask for."""
    asked = {"study": study_id, "state.site_id": site_id}
    return {field: value for field, value in asked.items() if value is not None}


Where = Annotated[dict[str, str], Depends(wanted_where)]


def visits_wanted(where: Where, visit_type: VisitType | None = None, status: Status | None = None) -> dict[str, str]:
    """FastAPI dependency: the condition on stored monitoring visits that a list's filters ask for."""
    asked = {"state.visit_type": visit_type, "state.status": status}
    return {**where, **{field: value for field, value in asked.items() if value is not None}}


VisitsWanted = Annotated[dict[str, str], Depends(visits_wanted)]
