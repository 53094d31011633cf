"""What is known of an amendment at a site, read within a transaction, and the commands that rest on it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, TypeVar

from chassis import clock
from chassis.commands import Builder, Unit
from chassis.journal import event_id
from chassis.mongo import Document
from contracts import derived_id
from kernel import BusinessTime

from sites.domain.amendment_facts import CoveringSubmission, Facts, Member, Stated, Trained
from sites.domain.amendment_requirements import StateAmendmentRequirements
from sites.domain.delegation import Delegation
from sites.domain.participants import FormTaken, Participant, Told, participant
from sites.domain.protocol_versions import OpenSite, ProtocolChange, ProtocolVersion, amendments_at, versions_of
from sites.domain.site_amendment_messages import AmendmentCommandBase, AssessAmendment
from sites.domain.spans import Span, day_after, first_day
from sites.domain.staffing import PROTOCOL
from sites.domain.study_site import ENDED, OPENED, StudySite
from sites.domain.subject import Subject
from sites.domain.training import Training
from sites.handlers.subjects import forms_at, rows_at
from sites.store import (
    AMENDMENT_REQUIREMENTS,
    CONSENT_FORM_CHANGES,
    CONSENTS_GIVEN,
    COVERING_SUBMISSIONS,
    DELEGATIONS,
    PROTOCOL_CHANGES,
    SITE_AMENDMENTS,
    STUDIES,
    STUDY_SITES,
    SUBJECTS,
    TRAININGS,
)

C = TypeVar("C", bound=AmendmentCommandBase)


def amendment_id(site_id: str, version: ProtocolVersion) -> str:
    """The id of a version of the protocol at a site."""
    return derived_id("site-amendment", site_id, version.document_id, version.version)


def requirements_id(study_id: str, version: ProtocolVersion) -> str:
    """The id of what a version asks of a study's sites."""
    return derived_id("amendment-requirements", study_id, version.document_id, version.version)


def assess_amendment(site_id: str, version: ProtocolVersion) -> Builder[AssessAmendment]:
    """Judge a version at a site today."""

    async def build(unit: Unit) -> AssessAmendment:
        about = await _about(unit, site_id, version)
        return AssessAmendment.model_validate({**about, "occurred_at": None})

    return build


def assess_known_amendment(key: str) -> Builder[AssessAmendment]:
    """Judge a version at a site today, by the id of both."""
    return change_amendment(AssessAmendment, key, {}, None)


def change_amendment(command: type[C], key: str, asked: Mapping[str, Any], at: BusinessTime | None) -> Builder[C]:
    """Change something in an amendment at a site, and judge every step after it."""

    async def build(unit: Unit) -> C:
        known = await unit.require(SITE_AMENDMENTS, key)
        version = ProtocolVersion(document_id=known.document_id, version=known.version)
        about = await _about(unit, known.site_id, version)
        return command.model_validate({**asked, **about, "occurred_at": at})

    return build


def state_requirements(
    study_id: str, version: ProtocolVersion, stated: Stated, reason: str, at: BusinessTime
) -> Builder[StateAmendmentRequirements]:
    """Say what a version of a study that is there asks of its sites."""

    async def build(unit: Unit) -> StateAmendmentRequirements:
        study = await unit.require(STUDIES, study_id)
        known = versions_of(protocol_changes(await unit.read(PROTOCOL_CHANGES, {"study": study_id})))
        return StateAmendmentRequirements(
            occurred_at=at,
            requirements_id=requirements_id(study_id, version),
            study_id=study_id,
            sponsor_id=study.sponsor.id,
            **version.model_dump(),
            stated=stated,
            reason=reason,
            is_known=version in known,
        )

    return build


def protocol_changes(rows: Iterable[Document]) -> list[ProtocolChange]:
    """The rows about a study's protocols as values."""
    names = ProtocolChange.model_fields.keys() - {"event_id"}
    return [
        ProtocolChange.model_validate({"event_id": row["_id"], **{name: row[name] for name in names}}) for row in rows
    ]


def open_site(site: StudySite) -> OpenSite:
    """When a site was open; one that was closed on a day of which nothing is known is taken for never open."""
    was_open = site.activated_on is not None or site.status in {*OPENED, "closed_to_enrolment"}
    since, until = first_day(site.activated_on), closed_on(site)
    span = Span(since=since, until=until) if was_open and since < until else None
    return OpenSite(site_id=site.site_id, country=site.country, open=span)


def closed_on(site: StudySite) -> date:
    """The day on which a site's part ended; the latest there is while it goes on."""
    return first_day(site.ended_on) if site.status in ENDED else date.max


async def _about(unit: Unit, site_id: str, version: ProtocolVersion) -> dict[str, Any]:
    site = await unit.require(STUDY_SITES, site_id)
    owned = site.model_dump(include={"site_id", "study_id", "sponsor_id", "country"})
    named = {"amendment_id": amendment_id(site_id, version), **version.model_dump()}
    return {**owned, **named, "today": clock.now().date(), "facts": await _facts(unit, site, version)}


async def _facts(unit: Unit, site: StudySite, version: ProtocolVersion) -> Facts:
    of_study = {"study": site.study_id}
    changes = protocol_changes(await unit.read(PROTOCOL_CHANGES, of_study))
    found = [one for one in amendments_at(open_site(site), changes) if one.version == version]
    if not found:
        return Facts(site_id=site.site_id, country=site.country, amendment=None)
    requirements = await unit.find(AMENDMENT_REQUIREMENTS, requirements_id(site.study_id, version))
    forms = await unit.read(CONSENT_FORM_CHANGES, of_study)
    return Facts(
        site_id=site.site_id,
        country=site.country,
        amendment=found[0],
        closed_on=closed_on(site),
        submissions=_submissions(await unit.read(COVERING_SUBMISSIONS, of_study)),
        stated=requirements.stated if requirements is not None else Stated(),
        log=await _log(unit, site),
        trained=await _trained(unit, site, version),
        forms=forms_at(forms, site),
        forms_taken=forms_taken(forms, site),
        participants=await _participants(unit, site),
    )


def _submissions(rows: Iterable[Document]) -> tuple[CoveringSubmission, ...]:
    names = CoveringSubmission.model_fields.keys() - {"submission_id"}
    ordered = sorted(rows, key=lambda row: row["_id"])
    told = ({"submission_id": row["_id"], **{name: row[name] for name in names if name in row}} for row in ordered)
    return tuple(CoveringSubmission.model_validate(one) for one in told)


async def _log(unit: Unit, site: StudySite) -> tuple[Member, ...]:
    found = await unit.read(DELEGATIONS.collection, {"study": site.study_id, "state.site_id": site.site_id})
    entries = [Delegation.model_validate(one["state"]) for one in found]
    spans = [(one, first_day(one.starts_on), day_after(one.ends_on)) for one in entries]
    return tuple(
        Member(person_id=one.person_id, span=Span(since=since, until=until))
        for one, since, until in spans
        if since < until
    )


async def _trained(unit: Unit, site: StudySite, version: ProtocolVersion) -> tuple[Trained, ...]:
    found = await unit.read(TRAININGS.collection, {"study": site.study_id, "state.site_id": site.site_id})
    trainings = [(one["_id"], Training.model_validate(one["state"])) for one in found]
    return tuple(
        Trained(
            person_id=one.person_id,
            span=Span(since=first_day(one.completed_on), until=day_after(one.expires_on)),
            event_id=event_id(f"{TRAININGS.name}/{key}", 1),
        )
        for key, one in trainings
        if not one.voided and one.topic == PROTOCOL and one.document_version == version
    )


def forms_taken(rows: Iterable[Document], site: StudySite) -> tuple[FormTaken, ...]:
    """The versions of consent forms that took effect at a site, each once, in the order of their days."""
    taken: dict[tuple[str, str], FormTaken] = {}
    for row in sorted(rows_at(rows, site), key=lambda row: (first_day(row["since"]), row["nth"])):
        document_id, version = row["document_id"], row["version"]
        if version is not None and (document_id, version) not in taken:
            about = {"document_id": document_id, "version": version, "event_id": row["_id"]}
            taken[document_id, version] = FormTaken.model_validate({**about, "day": first_day(row["since"])})
    return tuple(taken.values())


async def _participants(unit: Unit, site: StudySite) -> tuple[Participant, ...]:
    here = {"$or": [{"state.site_id": site.site_id}, {"state.sites_before": site.site_id}]}
    found = await unit.read(SUBJECTS.collection, {"study": site.study_id, **here})
    keys = sorted(one["_id"] for one in found)
    given = await unit.read(CONSENTS_GIVEN, {"subject_id": {"$in": keys}}) if keys else []
    told: dict[str, dict[tuple[str, str, BusinessTime | None], str]] = {}
    for row in given:
        told.setdefault(row["subject_id"], {})[row["document_id"], row["version"], row["on"]] = row["_id"]
    none: Told = {}
    return tuple(
        participant(Subject.model_validate(one["state"]), site.site_id, told.get(one["_id"], none)) for one in found
    )
