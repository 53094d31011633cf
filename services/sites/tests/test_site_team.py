"""A site's team: one principal investigator at a time, everybody with their dates, nobody forgotten."""

from functools import reduce
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused
from sites.domain.site_team import (
    AssignStaff,
    ChangePrincipalInvestigator,
    CredentialExpired,
    EndStaff,
    Expiry,
    FacilityLinked,
    LinkFacility,
    NoteExpiries,
    PrincipalInvestigatorChanged,
    Role,
    SiteTeam,
    SiteTeamCommand,
    StaffAssigned,
    StaffEnded,
    StaffVoided,
    VoidStaff,
    decide,
    evolve,
)

SITE: dict[str, Any] = {"site_id": "site-7", "study_id": "s1", "sponsor_id": "acme-1", "country": "DE"}
MARCH: dict[str, Any] = {"occurred_at": "2026-03-01"}
APRIL: dict[str, Any] = {"occurred_at": "2026-04-01"}
LEAD = {"assignment_id": "a1", "person_id": "p1", "role": "principal_investigator"}
LEADS = StaffAssigned.model_validate({**SITE, **MARCH, **LEAD})
NURSES = StaffAssigned.model_validate(
    {**SITE, **MARCH, "assignment_id": "a2", "person_id": "p2", "role": "study_nurse"}
)
EXPIRY = Expiry(person_id="p1", kind="gcp_certificate", course=None, expired_on="2026-05")


def team(*events: Any) -> SiteTeam | None:
    return reduce(evolve, events, None)


def assign(assignment: str, person: str, role: str, **more: Any) -> AssignStaff:
    about = {"assignment_id": assignment, "person_id": person, "role": role, "person_merged": None}
    return AssignStaff.model_validate({**SITE, **APRIL, **about, **more})


def change(person: str, **more: Any) -> ChangePrincipalInvestigator:
    about = {"assignment_id": "a9", "person_id": person, "person_merged": None}
    return ChangePrincipalInvestigator.model_validate({**APRIL, **about, **more})


def codes(state: SiteTeam | None, command: SiteTeamCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(state, command)
    return [reason.code for reason in refused.value.reasons]


def test_a_site_is_at_one_facility_and_may_move() -> None:
    command = LinkFacility.model_validate({**SITE, **MARCH, "facility_id": "f1", "facility_merged": None})
    linked = FacilityLinked.model_validate({**SITE, **MARCH, "facility_id": "f1"})
    assert decide(None, command) == [linked]
    assert decide(team(linked), command) == []
    elsewhere = command.model_copy(update={"facility_id": "f2"})
    assert decide(team(linked), elsewhere) == [linked.model_copy(update={"facility_id": "f2"})]
    assert codes(None, command.model_copy(update={"facility_merged": "f3"})) == ["record_merged"]


def test_somebody_joins_once() -> None:
    command = AssignStaff.model_validate({**SITE, **MARCH, **LEAD, "person_merged": None})
    assert decide(None, command) == [LEADS]
    assert decide(team(LEADS), command) == []
    assert codes(team(LEADS), assign("a9", "p1", "principal_investigator")) == ["already_assigned"]


def test_one_person_may_have_two_roles_and_two_people_the_same() -> None:
    assert decide(team(LEADS), assign("a3", "p1", "rater"))
    assert decide(team(LEADS, NURSES), assign("a3", "p3", "study_nurse"))


def test_a_second_leader_is_refused_with_everything_else_that_is_wrong() -> None:
    command = assign("a3", "p3", "principal_investigator", person_merged="p4", occurred_at=None)
    assert codes(team(LEADS), command) == ["occurred_at_missing", "record_merged", "principal_investigator_present"]


def test_whoever_leaves_stays_on_record() -> None:
    ended = StaffEnded(**APRIL, assignment_id="a2", person_id="p2", role="study_nurse")
    assert decide(team(LEADS, NURSES), EndStaff(**APRIL, assignment_id="a2")) == [ended]
    left = team(LEADS, NURSES, ended)
    assert left is not None
    assert [one.until for one in left.members] == [None, "2026-04-01"]
    assert decide(left, EndStaff(**APRIL, assignment_id="a2")) == []


def test_nobody_leaves_before_they_joined_or_without_having_joined() -> None:
    assert codes(team(NURSES), EndStaff(occurred_at="2026-02-28", assignment_id="a2")) == ["before_since"]
    assert codes(team(NURSES), EndStaff(**APRIL, assignment_id="a8")) == ["assignment_unknown"]
    assert codes(None, EndStaff(**APRIL, assignment_id="a8")) == ["assignment_unknown"]


def test_an_assignment_made_in_error_is_taken_back() -> None:
    voided = StaffVoided(**APRIL, assignment_id="a2", person_id="p2", role="study_nurse")
    command = VoidStaff(**APRIL, assignment_id="a2")
    assert decide(team(LEADS, NURSES), command) == [voided]
    assert decide(team(LEADS, NURSES, voided), command) == []


def test_the_lead_changes_hands_on_a_day() -> None:
    changed = PrincipalInvestigatorChanged(
        **APRIL, assignment_id="a9", person_id="p2", previous_assignment_id="a1", previous_person_id="p1"
    )
    assert decide(team(LEADS, NURSES), change("p2")) == [changed]
    after = team(LEADS, NURSES, changed)
    assert after is not None
    assert after.principal_investigator is not None
    assert (after.principal_investigator.person_id, after.members[0].until) == ("p2", "2026-04-01")
    assert decide(after, change("p2")) == []


def test_a_lead_that_nobody_has_cannot_change_hands() -> None:
    assert codes(team(NURSES), change("p2")) == ["no_principal_investigator"]
    too_early = change("p2", occurred_at="2026-02-01", person_merged="p8")
    assert codes(team(LEADS), too_early) == ["record_merged", "before_since"]


def test_an_expired_credential_is_told_once_for_each_role_of_who_is_there() -> None:
    rates = StaffAssigned.model_validate({**SITE, **MARCH, "assignment_id": "a3", "person_id": "p1", "role": "rater"})
    note = NoteExpiries(occurred_at=None, expiries=(EXPIRY,))
    told = decide(team(LEADS, rates), note)
    assert told == [
        CredentialExpired(occurred_at="2026-05", expiry=EXPIRY, role="principal_investigator"),
        CredentialExpired(occurred_at="2026-05", expiry=EXPIRY, role="rater"),
    ]
    assert decide(team(LEADS, rates, *told), note) == []
    ended = StaffEnded(**APRIL, assignment_id="a1", person_id="p1", role="principal_investigator")
    assert decide(team(LEADS, ended), note) == []
    assert decide(None, note) == []


PEOPLE = st.sampled_from(["p1", "p2", "p3"])
ROLES = st.sampled_from(get_args(Role)[:3])


class Teams(RuleBasedStateMachine):
    """The real decider beside a model that knows only who has which role now."""

    def __init__(self) -> None:
        super().__init__()
        self.team: SiteTeam | None = None
        self.now: dict[str, tuple[str, str]] = {}
        self.ever = 0
        self.count = 0

    def carry_out(self, command: SiteTeamCommand) -> bool:
        try:
            events = decide(self.team, command)
        except Refused:
            return False
        self.team = reduce(evolve, events, self.team)
        return bool(events)

    def new(self) -> str:
        self.count += 1
        return f"a{self.count}"

    @property
    def leaders(self) -> list[str]:
        return [key for key, (_, role) in self.now.items() if role == "principal_investigator"]

    @rule(person=PEOPLE, role=ROLES)
    def join(self, person: str, role: str) -> None:
        key = self.new()
        allowed = (person, role) not in self.now.values() and not (role == "principal_investigator" and self.leaders)
        assert self.carry_out(assign(key, person, role)) == allowed
        if allowed:
            self.now[key] = (person, role)
            self.ever += 1

    @rule(data=st.data(), void=st.booleans())
    def leave(self, data: st.DataObject, *, void: bool) -> None:
        if self.now:
            key = data.draw(st.sampled_from(sorted(self.now)))
            del self.now[key]
            self.ever -= void
            assert self.carry_out((VoidStaff if void else EndStaff)(**APRIL, assignment_id=key))

    @rule(person=PEOPLE)
    def hand_over(self, person: str) -> None:
        key = self.new()
        allowed = bool(self.leaders) and self.now[self.leaders[0]][0] != person
        assert self.carry_out(change(person, assignment_id=key)) == allowed
        if allowed:
            del self.now[self.leaders[0]]
            self.now[key] = (person, "principal_investigator")
            self.ever += 1

    @invariant()
    def the_team_is_what_the_model_says(self) -> None:
        members = self.team.members if self.team else ()
        assert {one.assignment_id: (one.person_id, one.role) for one in members if one.until is None} == self.now
        assert len(members) == self.ever
        assert len(self.leaders) <= 1


TestTeams = Teams.TestCase
TestTeams.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
