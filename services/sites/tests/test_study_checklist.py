"""A study's checklist goes from version to version, and every version keeps its rules."""

from functools import reduce
from typing import Any

import pytest
from kernel import Refused
from sites.domain.checklist_rules import RULES, StudyFacts
from sites.domain.evidence import Evidence
from sites.domain.green_light import Kept, gate_of, leader_on
from sites.domain.site_checklist import SiteChecklist
from sites.domain.site_team import Expiry, Member, SiteTeam
from sites.domain.study_checklist import SetUpStudyChecklist, StudyChecklist, decide, evolve
from sites.domain.study_site import StudySite

ABOUT: dict[str, Any] = {"checklist_id": "c1", "study_id": "s1", "sponsor_id": "acme-1", "occurred_at": "2026-01"}
SITE: dict[str, Any] = {"site_id": "site-7", "study_id": "s1", "sponsor_id": "acme-1", "country": "DE"}
DAY = "2026-03-15"


def set_up(**facts: Any) -> SetUpStudyChecklist:
    return SetUpStudyChecklist.model_validate({**ABOUT, "facts": StudyFacts(**facts)})


def after(*commands: SetUpStudyChecklist) -> StudyChecklist:
    state: StudyChecklist | None = None
    for command in commands:
        state = reduce(evolve, decide(state, command), state)
    assert state is not None
    return state


def site(**more: Any) -> StudySite:
    return StudySite.model_validate({**SITE, "name": None, "city": None, "number": None, **more})


def test_the_same_facts_make_no_other_version_and_other_facts_do() -> None:
    assert decide(after(set_up()), set_up()) == []
    checklist = after(set_up(), set_up(ind=True))
    assert [one.label for one in checklist.versions] == ["study/1", "study/2"]
    assert checklist.version("study/1").facts == StudyFacts()
    assert checklist.version(None).facts.ind


def test_a_study_under_an_ind_has_a_product() -> None:
    with pytest.raises(Refused, match="investigational product"):
        decide(None, set_up(product="none", ind=True))


def test_a_site_takes_the_present_version_until_it_is_opened_and_keeps_it_then() -> None:
    kept = Kept(study=after(set_up(), set_up(ind=True)))
    assert gate_of(site(status="start_up"), kept, DAY).version == "study/2"
    assert gate_of(site(status="active", checklist_version="study/1"), kept, DAY).version == "study/1"
    assert gate_of(site(status="on_hold", checklist_version="core"), kept, DAY).version == "core"


def test_a_study_without_a_checklist_of_its_own_needs_the_core() -> None:
    gate = gate_of(site(status="start_up"), Kept(), DAY)
    assert (gate.version, [rule.code for rule in gate.rules]) == ("core", [rule.code for rule in RULES if rule.core])


def member(person: str, since: str, until: str | None = None) -> Member:
    about = {"assignment_id": person, "role": "principal_investigator"}
    return Member.model_validate({**about, "person_id": person, "since": since, "until": until})


def test_on_the_day_of_a_change_leads_who_comes_and_before_it_who_goes() -> None:
    team = SiteTeam.model_validate(
        {**SITE, "members": (member("p1", "2026-01-01", "2026-03-01"), member("p2", "2026-03-01"))}
    )
    assert [leader_on(team, day) for day in ("2025-12-31", "2026-02-28", "2026-03-01", "2026-04-01")] == [
        None,
        "p1",
        "p2",
        "p2",
    ]
    assert leader_on(None, DAY) is None


@pytest.mark.parametrize(
    ("since", "person", "ends"),
    [("2026-01-01", "p1", "2026-02-01"), ("2026-02-02", "p1", None), ("2026-01-01", "p2", None)],
)
def test_a_certificate_without_an_end_ends_when_the_team_learns_that_it_expired(
    since: str, person: str, ends: str | None
) -> None:
    about = {"person_id": "p1", "kind": "gcp_certificate", "course": None, "expired_on": "2026-02-01"}
    team = SiteTeam.model_validate({**SITE, "expiries": (Expiry.model_validate(about),)})
    shown = {"kind": "investigator_gcp_certificate", "event_id": "ev-1", "since": since, "person_id": person}
    own = SiteChecklist.model_validate(
        {**SITE, "checklist_id": "c", "checklist_version": "study/1", "recorded": (shown,)}
    )
    gate = gate_of(site(), Kept(study=after(set_up()), own=own, team=team), DAY)
    assert [one.expires_on for one in gate.proofs] == [ends]


def test_evidence_given_up_before_its_end_was_kept_counts_no_more_either() -> None:
    facts = {**SITE, "source_id": "x", "event_id": "e1", "since": None, "expires_on": None, "kind": "insurance"}
    [given_up] = gate_of(site(), Kept(evidence=(Evidence.model_validate({**facts, "in_force": False}),)), DAY).proofs
    assert given_up.ended_by == "e1"
    assert given_up.was_given_up(DAY, hindsight=False)
