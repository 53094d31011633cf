"""The gate of one site, put together from what this service keeps: rules, evidence, delegations, trainings, waivers.

Pure, so that what is so now and what was so on a past date are judged by the same function.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from kernel import BusinessTime, is_before

from sites.domain.activation import Gate, Proof
from sites.domain.checklist_rules import CORE, CORE_VERSION
from sites.domain.delegation import Delegation
from sites.domain.evidence import Evidence
from sites.domain.site_checklist import SiteChecklist, with_own
from sites.domain.site_team import SiteTeam
from sites.domain.staffing import Delegated, Qualification, Staff
from sites.domain.study_checklist import StudyChecklist
from sites.domain.study_site import OPENED, StudySite
from sites.domain.training import Training

ITEM_OF_CREDENTIAL: Final = {
    "gcp_certificate": "investigator_gcp_certificate",
    "curriculum_vitae": "investigator_curriculum_vitae",
}
KEEPS_ITS_VERSION: Final = frozenset({*OPENED, "closed_to_enrolment", "closed", "archived", "terminated"})
Known = tuple[str, Delegation | Training]
"""An aggregate with the id of the event that made it."""


@dataclass(frozen=True)
class Concern:
    """The sites that an event concerns: one, those of a country, or all of a study.

    `opens`: the site's checklist begins with it, so it is judged also where there is none yet.
    """

    study_id: str
    country: str | None = None
    site_id: str | None = None
    opens: bool = False


NOBODY: Final = Staff()


@dataclass(frozen=True)
class Kept:
    """What this service keeps that concerns the gate of a site."""

    study: StudyChecklist | None = None
    own: SiteChecklist | None = None
    evidence: tuple[Evidence, ...] = ()
    staff: Staff = NOBODY
    team: SiteTeam | None = None


def gate_of(site: StudySite, kept: Kept, at: BusinessTime) -> Gate:
    """The gate of a site with all that is known; `at` is the date that will be judged, and on which somebody leads."""
    version = site.checklist_version if site.status in KEEPS_ITS_VERSION else None
    common = {
        "country": site.country,
        "principal_investigator": leader_on(kept.team, at),
        "proofs": tuple(proof_of(one) for one in kept.evidence),
        "staff": kept.staff,
    }
    gate = with_own(Gate.model_validate({**_rules(kept.study, version), **common}), kept.own)
    return gate.model_copy(update={"proofs": tuple(_as_the_team_knows(one, kept.team) for one in gate.proofs)})


def leader_on(team: SiteTeam | None, at: BusinessTime) -> str | None:
    """Who leads the site on a date; on the day of a change, who comes."""
    members = team.members if team is not None else ()
    leading = [one for one in members if one.role == "principal_investigator" and not is_before(at, one.since)]
    there = [one.person_id for one in leading if one.until is None or not is_before(one.until, at)]
    return there[-1] if there else None


def _as_the_team_knows(proof: Proof, team: SiteTeam | None) -> Proof:
    """Evidence recorded without an end has one where the person's credential is known to have expired after it."""
    if team is None or proof.expires_on is not None:
        return proof
    for one in team.expiries:
        newer = proof.since is not None and is_before(one.expired_on, proof.since)
        if (proof.person_id, proof.kind) == (one.person_id, ITEM_OF_CREDENTIAL.get(one.kind)) and not newer:
            return proof.model_copy(update={"expires_on": one.expired_on})
    return proof


def _rules(study: StudyChecklist | None, kept: str | None) -> dict[str, object]:
    if study is None or kept == CORE_VERSION:
        return {"version": CORE_VERSION, "rules": CORE}
    version = study.version(kept)
    facts = version.facts
    named = {"protocol": facts.protocol_version, "consent_form": facts.consent_form_version}
    return {
        "version": version.label,
        "rules": version.rules,
        "flags": facts.flags,
        "versions": {name: value for name, value in named.items() if value is not None},
    }


def proof_of(evidence: Evidence) -> Proof:
    """Evidence as a judgement takes it."""
    told = evidence.model_dump(include={"kind", "event_id", "since", "expires_on", "covers", "ended_on"})
    # Evidence that was given up before its end was kept is known by its own event only.
    ended_by = None if evidence.in_force else evidence.ended_by or evidence.event_id
    return Proof.model_validate({**told, "ended_by": ended_by})


def staff_of(known: Iterable[Known]) -> Staff:
    """The delegation log and the qualifications; records made in error are none."""
    delegated: list[Delegated] = []
    qualified: list[Qualification] = []
    for event_id, one in known:
        if isinstance(one, Delegation):
            delegated.append(_delegated(event_id, one))
        elif not one.voided:
            qualified.append(qualification_of(event_id, one))
    return Staff(delegated=tuple(delegated), qualified=tuple(qualified))


def qualification_of(event_id: str, training: Training) -> Qualification:
    """A training as a delegation or a judgement takes it."""
    told = training.model_dump(include={"person_id", "topic", "expires_on"})
    return Qualification(**told, event_id=event_id, since=training.completed_on or LONG_AGO)


def _delegated(event_id: str, delegation: Delegation) -> Delegated:
    told = delegation.model_dump(include={"person_id", "role", "tasks", "ends_on", "credentials"})
    signed = tuple(one.person_id for one in delegation.authorisations)
    return Delegated(**told, event_id=event_id, starts_on=delegation.starts_on or LONG_AGO, authorised_by=signed)


LONG_AGO: Final = "1900"
"""Where a source reported no date, it counts as before anything."""
