"""Requests become commands, completed with facts from this service's own records. Under ten lines each.

Each function gives a builder, which the chassis runs inside the command's transaction: what it reads is what the
decision rests on.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.commands import Unit
from chassis.mongo import Document
from kernel import BusinessTime, Reason, Refused

from sites.domain.activation import Proof
from sites.domain.study_site import ActivateSite, AdoptSite, IdentifySite, Status
from sites.domain.subject import AdoptSubject, AdvanceSubject, ConsentSubject, Step, StepName
from sites.store import EVIDENCE, STUDIES, STUDY_SITES, SUBJECTS

C = TypeVar("C")
Builder = Callable[[Unit], Awaitable[C]]


def identify_site(
    site_id: str, study_id: str, at: BusinessTime | None, place: dict[str, str | None]
) -> Builder[IdentifySite]:
    """Note a place for a study that is there."""

    async def build(unit: Unit) -> IdentifySite:
        study = await unit.require(STUDIES, study_id)
        about = {"site_id": site_id, "study_id": study_id, "sponsor_id": study.sponsor.id, "occurred_at": at}
        return IdentifySite.model_validate(about | place)

    return build


def adopt_site(
    site_id: str,
    study_id: str,
    at: BusinessTime | None,
    place: dict[str, str | None],
    status: Status,
    activated_on: BusinessTime | None,
) -> Builder[AdoptSite]:
    """Take a site over for a study that is there."""

    async def build(unit: Unit) -> AdoptSite:
        found = await identify_site(site_id, study_id, at, place)(unit)
        return AdoptSite(**dict(found), status=status, activated_on=activated_on)

    return build


def activate_site(site_id: str, at: BusinessTime) -> Builder[ActivateSite]:
    """Activate on the evidence in force for the site or its country."""

    async def build(unit: Unit) -> ActivateSite:
        site = await unit.require(STUDY_SITES, site_id)
        found = await unit.read(EVIDENCE.collection, evidence_for(site.study_id, site_id, site.country))
        return ActivateSite(occurred_at=at, proofs=proofs(found))

    return build


def consent_subject(
    subject_id: str, site_id: str, subject_key: str, at: BusinessTime | None
) -> Builder[ConsentSubject]:
    """Note a subject's consent at a site that is there."""

    async def build(unit: Unit) -> ConsentSubject:
        site = await unit.require(STUDY_SITES, site_id)
        await _require_free_key(unit, site.study_id, subject_key, subject_id)
        return ConsentSubject(
            occurred_at=at,
            subject_id=subject_id,
            study_id=site.study_id,
            sponsor_id=site.sponsor_id,
            site_id=site_id,
            country=site.country,
            subject_key=subject_key,
        )

    return build


def adopt_subject(subject_id: str, site_id: str, subject_key: str, steps: tuple[Step, ...]) -> Builder[AdoptSubject]:
    """Take a subject over at a site that is there."""

    async def build(unit: Unit) -> AdoptSubject:
        consent = await consent_subject(subject_id, site_id, subject_key, steps[0].on)(unit)
        return AdoptSubject(**dict(consent), steps=steps)

    return build


def advance_subject(subject_id: str, step: StepName, at: BusinessTime) -> Builder[AdvanceSubject]:
    """Take a subject's next step, knowing whether its site is open."""

    async def build(unit: Unit) -> AdvanceSubject:
        subject = await unit.require(SUBJECTS, subject_id)
        site = await unit.require(STUDY_SITES, subject.site_id)
        return AdvanceSubject(occurred_at=at, step=step, site_is_active=site.status == "active")

    return build


async def _require_free_key(unit: Unit, study_id: str, subject_key: str, subject_id: str) -> None:
    # A rival that comes first meets the unique index; the command is then decided again, and this is found.
    holders = await unit.read(SUBJECTS.collection, {"study": study_id, "state.subject_key": subject_key})
    if any(holder["_id"] != subject_id for holder in holders):
        detail = f"Another subject of this study has the key {subject_key}."
        raise Refused(Reason(code="subject_key_taken", field="subject_key", detail=detail))


def evidence_for(study_id: str, site_id: str, country: str) -> dict[str, object]:
    """Which evidence concerns a site: its own, and its country's."""
    of_country = {"state.country": country, "state.site_id": None}
    return {"study": study_id, "state.in_force": True, "$or": [{"state.site_id": site_id}, of_country]}


def proofs(found: list[Document]) -> tuple[Proof, ...]:
    """The evidence as a decision takes it."""
    told = (document["state"] for document in found)
    return tuple(Proof.model_validate({name: one[name] for name in Proof.model_fields}) for one in told)
