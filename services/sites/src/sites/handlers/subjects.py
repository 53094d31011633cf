"""Commands for subjects, and for how many of them there may be."""

from collections.abc import Iterable

from chassis.commands import Builder, Unit
from chassis.mongo import Document
from chassis.problems import not_found
from kernel import BusinessTime, Reason, Refused

from sites.domain.consent_forms import Form, FormChange, Forms
from sites.domain.enrolment_limits import Limit, LimitEnrolment, Taken
from sites.domain.leaving import LeavingReason
from sites.domain.study_site import StudySite
from sites.domain.subject import TAKING_PART, Subject
from sites.domain.subject_messages import (
    AdoptSubject,
    AdvanceSubject,
    ConsentSubject,
    ReconsentSubject,
    RequireReconsent,
    RescreenSubject,
    Setting,
    Step,
    StepName,
    TransferSubject,
)
from sites.store import CONSENT_FORM_CHANGES, ENROLMENT_LIMITS, STUDIES, STUDY_SITES, SUBJECTS


def consent_subject(
    subject_id: str, site_id: str, subject_key: str, form: Form | None, at: BusinessTime | None
) -> Builder[ConsentSubject]:
    """Note a subject's consent at a site that is there, knowing how things stand at it."""

    async def build(unit: Unit) -> ConsentSubject:
        site = await unit.require(STUDY_SITES, site_id)
        command = await _consent(unit, site, subject_id, subject_key, at)
        setting = await _setting(unit, site)
        return ConsentSubject.model_validate({**dict(command), "form": form, "setting": setting})

    return build


def adopt_subject(subject_id: str, site_id: str, subject_key: str, steps: tuple[Step, ...]) -> Builder[AdoptSubject]:
    """Take a subject over at a site that is there."""

    async def build(unit: Unit) -> AdoptSubject:
        site = await unit.require(STUDY_SITES, site_id)
        consent = await _consent(unit, site, subject_id, subject_key, steps[0].on)
        return AdoptSubject(**dict(consent), steps=steps)

    return build


def advance_subject(
    subject_id: str, step: StepName, at: BusinessTime, reason_code: LeavingReason | None = None
) -> Builder[AdvanceSubject]:
    """Take a subject's next step, knowing how things stand at its site."""

    async def build(unit: Unit) -> AdvanceSubject:
        subject = await unit.require(SUBJECTS, subject_id)
        setting = await _setting_of(unit, subject, enrols=step == "enrolled")
        return AdvanceSubject(occurred_at=at, step=step, setting=setting, reason_code=reason_code)

    return build


def reconsent_subject(subject_id: str, form: Form, at: BusinessTime) -> Builder[ReconsentSubject]:
    """Note a consent anew, knowing which forms are in effect at the subject's site."""

    async def build(unit: Unit) -> ReconsentSubject:
        subject = await unit.require(SUBJECTS, subject_id)
        return ReconsentSubject(occurred_at=at, form=form, setting=await _setting_of(unit, subject))

    return build


def require_reconsent(subject_id: str, at: BusinessTime | None) -> Builder[RequireReconsent]:
    """Look whether another version has replaced the one that a subject consented to."""

    async def build(unit: Unit) -> RequireReconsent:
        subject = await unit.require(SUBJECTS, subject_id)
        return RequireReconsent(occurred_at=at, setting=await _setting_of(unit, subject))

    return build


def rescreen_subject(subject_id: str, form: Form | None, at: BusinessTime) -> Builder[RescreenSubject]:
    """Begin another attempt, knowing how things stand at the subject's site."""

    async def build(unit: Unit) -> RescreenSubject:
        subject = await unit.require(SUBJECTS, subject_id)
        return RescreenSubject(occurred_at=at, form=form, setting=await _setting_of(unit, subject))

    return build


def transfer_subject(subject_id: str, site_id: str, at: BusinessTime) -> Builder[TransferSubject]:
    """Go on at another site of the same study, knowing how things stand there."""

    async def build(unit: Unit) -> TransferSubject:
        subject = await unit.require(SUBJECTS, subject_id)
        site = await unit.require(STUDY_SITES, site_id)
        if site.study_id != subject.study_id:
            raise not_found(STUDY_SITES.name, site_id)
        setting = await _setting(unit, site, enrols=subject.status in TAKING_PART, leaving=subject)
        return TransferSubject(occurred_at=at, site_id=site_id, country=site.country, setting=setting)

    return build


def limit_enrolment(
    study_id: str, country: str | None, site_id: str | None, subjects: int | None, at: BusinessTime
) -> Builder[LimitEnrolment]:
    """Limit a study that is there, or a country or a site of it."""

    async def build(unit: Unit) -> LimitEnrolment:
        study = await unit.require(STUDIES, study_id)
        site = await unit.require(STUDY_SITES, site_id) if site_id is not None else None
        if site is not None and site.study_id != study_id:
            raise not_found(STUDY_SITES.name, site.site_id)
        return LimitEnrolment(
            occurred_at=at,
            study_id=study_id,
            sponsor_id=study.sponsor.id,
            country=site.country if site is not None else country,
            site_id=site_id,
            subjects=subjects,
        )

    return build


def rows_at(rows: Iterable[Document], site: StudySite) -> list[Document]:
    """The rows that concern a site: its own, its country's, and those of the whole study."""
    return [row for row in rows if row["country"] in {None, site.country} and row["site_id"] in {None, site.site_id}]


def forms_at(rows: Iterable[Document], site: StudySite) -> Forms:
    """What a study's rows say of the consent forms at a site of it."""
    known = sorted(rows, key=lambda row: row["nth"])
    here = [
        FormChange.model_validate({name: row[name] for name in FormChange.model_fields}) for row in rows_at(known, site)
    ]
    return Forms(are_known=bool(known), changes=tuple(here))


async def _consent(
    unit: Unit, site: StudySite, subject_id: str, subject_key: str, at: BusinessTime | None
) -> ConsentSubject:
    await _require_free_key(unit, site.study_id, subject_key, subject_id)
    return ConsentSubject(
        occurred_at=at,
        subject_id=subject_id,
        study_id=site.study_id,
        sponsor_id=site.sponsor_id,
        site_id=site.site_id,
        country=site.country,
        subject_key=subject_key,
    )


async def _setting_of(unit: Unit, subject: Subject, *, enrols: bool = False) -> Setting:
    return await _setting(unit, await unit.require(STUDY_SITES, subject.site_id), enrols=enrols)


async def _setting(unit: Unit, site: StudySite, *, enrols: bool = False, leaving: Subject | None = None) -> Setting:
    study = await unit.require(STUDIES, site.study_id)
    return Setting(
        site_status=site.status,
        study_status=study.status,
        forms=forms_at(await unit.read(CONSENT_FORM_CHANGES, {"study": site.study_id}), site),
        taken=await _taken_at(unit, site, leaving) if enrols else (),
    )


async def _taken_at(unit: Unit, site: StudySite, leaving: Subject | None) -> tuple[Taken, ...]:
    limits = await unit.find(ENROLMENT_LIMITS, site.study_id)
    concerned = limits.of(site.country, site.site_id) if limits is not None else ()
    # Who moves within a country or the study takes up no more of its room than before.
    new = [one for one in concerned if leaving is None or not one.concerns(leaving.country, leaving.site_id)]
    if new:
        await unit.in_turn(f"enrolment/{site.study_id}")
    return tuple([Taken(limit=one, enrolled=await _enrolled_under(unit, site.study_id, one)) for one in new])


async def _enrolled_under(unit: Unit, study_id: str, limit: Limit) -> int:
    place = {"state.country": limit.country, "state.site_id": limit.site_id}
    condition = {"study": study_id, "state.steps.step": "enrolled"}
    condition |= {path: value for path, value in place.items() if value is not None}

    def counts(subject: Subject) -> bool:
        here = subject.study_id == study_id and limit.concerns(subject.country, subject.site_id)
        return here and any(taken.step == "enrolled" for taken in subject.steps)

    return await unit.count(SUBJECTS, condition, counts)


async def _require_free_key(unit: Unit, study_id: str, subject_key: str, subject_id: str) -> None:
    # A rival that comes first meets the unique index; the command is then decided again, and this is found.
    holders = await unit.read(SUBJECTS.collection, {"study": study_id, "state.subject_key": subject_key})
    if any(holder["_id"] != subject_id for holder in holders):
        detail = f"Another subject of this study has the key {subject_key}."
        raise Refused(Reason(code="subject_key_taken", field="subject_key", detail=detail))
