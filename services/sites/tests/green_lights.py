"""What tests of the green light share: a site, its gate, and short words for evidence."""

from functools import reduce
from typing import Any

from sites.domain.activation import Gate, Judged, Proof, Waiver, judged
from sites.domain.checklist_rules import RULES, StudyFacts
from sites.domain.site_checklist import SiteChecklist, evolve
from sites.domain.site_checklist_messages import SiteChecklistEvent
from sites.domain.staffing import Delegated, Qualification, Staff

SITE = {"site_id": "site-7", "study_id": "s1", "sponsor_id": "acme-1", "country": "DE"}
NOW = "2026-03-15T12:00:00Z"
PLAIN = StudyFacts(product="none", laboratory=False, systems=False)
LEADER = "person-1"


def gate(*proofs: Proof, facts: StudyFacts = PLAIN, **more: Any) -> Gate:
    """The gate of a site of a study with these facts."""
    named = {"protocol": facts.protocol_version, "consent_form": facts.consent_form_version}
    about: dict[str, Any] = {
        "version": "study/1",
        "rules": RULES,
        "flags": facts.flags,
        "country": "DE",
        "principal_investigator": LEADER,
        "versions": {name: value for name, value in named.items() if value is not None},
        "proofs": proofs,
    }
    return Gate.model_validate(about | more)


def proof(kind: str, **holds: Any) -> Proof:
    """Evidence for an item, in force unless it says otherwise."""
    return Proof.model_validate({"kind": kind, "event_id": f"event-of-{kind}", **holds})


def waiver(code: str) -> Waiver:
    """A signed waiver."""
    about = {"reason": "urgent", "signer_id": "u1", "printed_name": "Q. Lead", "signed_at": "2026-03-01T00:00:00Z"}
    return Waiver.model_validate({"code": code, **about})


def entry(person: str = "person-2", **more: Any) -> Delegated:
    """An entry of the delegation log that the leader has authorised."""
    about: dict[str, Any] = {"role": "study_nurse", "tasks": ("study_procedures",), "event_id": f"delegation-{person}"}
    return Delegated.model_validate(
        {"person_id": person, "starts_on": "2026-01-01", "authorised_by": (LEADER,), **about, **more}
    )


def trained(topic: str, person: str = "person-2", **more: Any) -> Qualification:
    """A training of somebody on the log."""
    about = {"person_id": person, "topic": topic, "event_id": f"{topic}-{person}", "since": "2026-01-01"}
    return Qualification.model_validate({**about, **more})


FIT = Staff(delegated=(entry(),), qualified=(trained("gcp"), trained("protocol")))


def item(of: Gate, code: str, at: str = NOW) -> Judged:
    """One item as it stands."""
    return next(one for one in judged(of, at) if one.code == code)


def folded(*events: SiteChecklistEvent) -> SiteChecklist:
    """The checklist after these events."""
    state = reduce(evolve, events, None)
    assert state is not None
    return state
