"""Commands for subjects."""

from chassis.commands import Builder, Unit
from kernel import BusinessTime, Reason, Refused

from sites.domain.subject import AdoptSubject, AdvanceSubject, ConsentSubject, Step, StepName
from sites.store import STUDY_SITES, SUBJECTS


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
