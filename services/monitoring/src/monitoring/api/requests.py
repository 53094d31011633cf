"""What clients send."""

from typing import Annotated

from chassis.http.fields import Code, Given, Identifier, Name, Request, StepRequest, condition_of
from fastapi import Depends
from kernel import BusinessTime
from pydantic import StrictBool

from monitoring.domain.adverse_event import Severity
from monitoring.domain.monitoring_visit import Status, VisitType
from monitoring.domain.protocol_deviation import Category


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
    return condition_of({"study": study_id, "state.site_id": site_id})


Where = Annotated[dict[str, str], Depends(wanted_where)]


def visits_wanted(where: Where, visit_type: VisitType | None = None, status: Status | None = None) -> dict[str, str]:
    """FastAPI dependency: the condition on stored monitoring visits that a list's filters ask for."""
    return where | condition_of({"state.visit_type": visit_type, "state.status": status})


VisitsWanted = Annotated[dict[str, str], Depends(visits_wanted)]
