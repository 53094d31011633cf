"""Routes by which history enters: batches, real dates, no gates, provenance `migrated`."""

from functools import partial
from typing import Annotated

from chassis.commands import Builder
from chassis.http.adoption import Adopter, Adoption, AdoptionReport, adopt
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, Identifier, Name, Request
from chassis.http.roles import Role
from contracts import derived_id
from fastapi import APIRouter, Depends
from kernel import DateOnly

from monitoring import handlers
from monitoring.api.requests import AdverseEventFacts, ProtocolDeviationFacts
from monitoring.domain.adverse_event import RecordAdverseEvent
from monitoring.domain.protocol_deviation import RecordProtocolDeviation
from monitoring.domain.subject_visit import AdoptSubjectVisit, Status
from monitoring.store import ADVERSE_EVENTS, PROTOCOL_DEVIATIONS, SUBJECT_VISITS

Adopting = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class HistoryRecord(Request):
    """What every record has: its study, its key (distinct in the study), and its date as its source has it."""

    study_id: Identifier
    key: Code
    on: DateOnly | None = None

    def facts(self) -> dict[str, object]:
        """What the record tells besides where it belongs, in the words of commands."""
        return {**self.model_dump(exclude={*HistoryRecord.model_fields, "site_id"}), "occurred_at": self.on}


class SubjectVisitRecord(HistoryRecord):
    """A subject's visit with its outcome; `on` is when it took place, was missed, or is expected."""

    site_id: Identifier
    subject_key: Code
    visit_name: Name
    outcome: Status


class ProtocolDeviationRecord(HistoryRecord, ProtocolDeviationFacts):
    """A protocol deviation; without a site where the source names none."""


class AdverseEventRecord(HistoryRecord, AdverseEventFacts):
    """An adverse event of a subject."""

    site_id: Identifier


def subject_visit_command(visit_id: str, record: SubjectVisitRecord) -> Builder[AdoptSubjectVisit]:
    """Adopt the visit at its site. An expectation has no date of its own: `on` is the expected one."""
    expected = record.outcome == "expected"
    dates = {"occurred_at": None if expected else record.on, "expected_on": record.on if expected else None}
    facts = {**record.facts(), **dates, "subject_visit_id": visit_id}
    return handlers.in_study(AdoptSubjectVisit, record.study_id, record.site_id, facts)


def deviation_command(deviation_id: str, record: ProtocolDeviationRecord) -> Builder[RecordProtocolDeviation]:
    """Adopt the deviation into its study."""
    facts = {**record.facts(), "deviation_id": deviation_id}
    return handlers.in_study(RecordProtocolDeviation, record.study_id, record.site_id, facts)


def adverse_event_command(adverse_event_id: str, record: AdverseEventRecord) -> Builder[RecordAdverseEvent]:
    """Adopt the adverse event at its site."""
    facts = {**record.facts(), "adverse_event_id": adverse_event_id}
    return handlers.in_study(RecordAdverseEvent, record.study_id, record.site_id, facts)


def id_of(kind: str, source: str, record: HistoryRecord) -> str:
    """The same aggregate of this kind again for the same key in the same study."""
    return derived_id(kind, record.study_id, source, record.key)


SUBJECT_VISIT_ADOPTER = Adopter(
    SubjectVisitRecord, SUBJECT_VISITS, partial(id_of, SUBJECT_VISITS.name), subject_visit_command
)
DEVIATION_ADOPTER = Adopter(
    ProtocolDeviationRecord, PROTOCOL_DEVIATIONS, partial(id_of, PROTOCOL_DEVIATIONS.name), deviation_command
)
ADVERSE_EVENT_ADOPTER = Adopter(
    AdverseEventRecord, ADVERSE_EVENTS, partial(id_of, ADVERSE_EVENTS.name), adverse_event_command
)


def router() -> APIRouter:
    """The adopt routes."""
    routes = APIRouter(prefix="/v1/adoptions", tags=["adoptions"])

    @routes.post("/subject-visits")
    async def adopt_subject_visits(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt subjects' visits."""
        return await adopt(at, body, SUBJECT_VISIT_ADOPTER)

    @routes.post("/protocol-deviations")
    async def adopt_protocol_deviations(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt protocol deviations."""
        return await adopt(at, body, DEVIATION_ADOPTER)

    @routes.post("/adverse-events")
    async def adopt_adverse_events(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt adverse events."""
        return await adopt(at, body, ADVERSE_EVENT_ADOPTER)

    return routes
