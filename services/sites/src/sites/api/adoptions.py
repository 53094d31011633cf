"""Routes by which history enters: batches, real dates, no gates, provenance `migrated`."""

from typing import Annotated, Any

from chassis.commands import Builder, given
from chassis.http.adoption import Adopter, Adoption, AdoptionReport, adopt
from chassis.http.desk import Desk, desk
from chassis.http.fields import Code, CountryCode, Identifier, Name, Request
from chassis.http.roles import Role
from contracts import derived_id, sponsor_id
from fastapi import APIRouter, Depends
from kernel import BusinessTime, DateOnly
from pydantic import Field

from sites.api.requests import SponsorName, StudyParticulars
from sites.api.studies import particulars_of
from sites.domain.study import AdoptStudy, Milestone, Sponsor, Status
from sites.domain.study_site_messages import Status as SiteStatus
from sites.domain.subject_messages import Step
from sites.handlers import study_sites, subjects
from sites.store import STUDIES, STUDY_SITES, SUBJECTS

Adopting = Annotated[Desk, Depends(desk(Role.OPERATIONS, Role.ADMIN))]


class StudyRecord(StudyParticulars):
    """A study as its source has it on `as_of`."""

    key: Code
    sponsor: SponsorName
    status: Status
    milestones: tuple[Milestone, ...] = Field((), max_length=50)
    as_of: BusinessTime | None = None


class SiteRecord(Request):
    """A study site as its source has it on `as_of`; `key` is distinct in the study."""

    study_id: Identifier
    key: Code
    number: Code | None = None
    name: Name | None = None
    city: Name | None = None
    country: CountryCode
    status: SiteStatus
    activated_on: DateOnly | None = None
    as_of: BusinessTime | None = None


class SubjectRecord(Request):
    """A subject with the steps it took; `key` is its pseudonym in the study."""

    study_id: Identifier
    site_id: Identifier
    key: Code
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20)


def study_command(study_id: str, record: StudyRecord) -> Builder[Any]:
    """Adopt the study under its sponsor."""
    command = AdoptStudy(
        occurred_at=record.as_of,
        study_id=study_id,
        sponsor=Sponsor(id=sponsor_id(record.sponsor.name), name=record.sponsor.name),
        particulars=particulars_of(record),
        status=record.status,
        milestones=record.milestones,
    )
    return given(command)


def site_command(site_id: str, record: SiteRecord) -> Builder[Any]:
    """Adopt the site into its study."""
    place = record.model_dump(include={"name", "city", "country", "number"})
    return study_sites.adopt_site(site_id, record.study_id, record.as_of, place, record.status, record.activated_on)


def subject_command(subject_id: str, record: SubjectRecord) -> Builder[Any]:
    """Adopt the subject at its site."""
    return subjects.adopt_subject(subject_id, record.site_id, record.key, record.steps)


def study_id_of(source: str, record: StudyRecord) -> str:
    """The same study again for the same key of the same source."""
    return derived_id("study", source, record.key)


def site_id_of(source: str, record: SiteRecord) -> str:
    """The same site again for the same key in the same study."""
    return derived_id("study-site", record.study_id, source, record.key)


def subject_id_of(source: str, record: SubjectRecord) -> str:
    """The same subject again for the same key in the same study."""
    return derived_id("subject", record.study_id, source, record.key)


STUDY_ADOPTER = Adopter(StudyRecord, STUDIES, study_id_of, study_command)
SITE_ADOPTER = Adopter(SiteRecord, STUDY_SITES, site_id_of, site_command)
SUBJECT_ADOPTER = Adopter(SubjectRecord, SUBJECTS, subject_id_of, subject_command)


def router() -> APIRouter:
    """The adopt routes."""
    routes = APIRouter(prefix="/v1/adoptions", tags=["adoptions"])

    @routes.post("/studies")
    async def adopt_studies(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt studies."""
        return await adopt(at, body, STUDY_ADOPTER)

    @routes.post("/sites")
    async def adopt_sites(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt study sites."""
        return await adopt(at, body, SITE_ADOPTER)

    @routes.post("/subjects")
    async def adopt_subjects(body: Adoption, at: Adopting) -> AdoptionReport:
        """Adopt subjects."""
        return await adopt(at, body, SUBJECT_ADOPTER)

    return routes
