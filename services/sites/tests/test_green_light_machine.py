"""The green light against a small model of its own: what is there, until when, and what follows for the site."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from green_lights import SITE
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kernel import Refused, Signature
from sites.domain import site_checklist, study_site
from sites.domain.activation import Gate, Proof, judged
from sites.domain.checklist_rules import RULES
from sites.domain.site_checklist_messages import (
    AssessChecklist,
    ChecklistItemJudged,
    EndChecklistWaiver,
    RecordChecklistEvidence,
    SiteChecklistCommand,
    WaiveChecklistItem,
    WithdrawChecklistEvidence,
)
from sites.domain.study_site_messages import (
    ActivateSite,
    BeginStartUp,
    FollowChecklist,
    IdentifySite,
    PauseEnrolment,
    ResumeEnrolment,
    SelectSite,
    SitePrerequisiteLost,
    StudySiteCommand,
)

TOLD, HELD, WAIVABLE = "ethics_approval", "insurance", "initiation_report"
ITEMS = (TOLD, HELD, WAIVABLE)
THREE = tuple(one for one in RULES if one.code in ITEMS)
FIRST_DAY = date(2026, 1, 1)
DAYS = st.integers(1, 20)


@dataclass
class Held:
    """Evidence in the model: its id, and the last day on which it holds."""

    key: str
    last_day: int | None
    given_up: bool = False

    def holds(self, day: int) -> bool:
        return not self.given_up and (self.last_day is None or day <= self.last_day)


class GreenLight(RuleBasedStateMachine):
    """Everything that can happen to three items and their site, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.day, self.count = 0, 0
        self.held: dict[str, list[Held]] = {code: [] for code in ITEMS}
        self.waived_from: int | None = None
        # The model of the site.
        self.status = "start_up"
        self.had: set[str] = set()
        self.lost: set[str] = set()
        self.losses_told = 0
        self.checklist: site_checklist.SiteChecklist | None = None
        self.site: study_site.StudySite | None = None
        place = {**SITE, "occurred_at": self.today}
        for command in (
            IdentifySite.model_validate(place),
            SelectSite(occurred_at=self.today),
            BeginStartUp(occurred_at=self.today),
        ):
            self.at_site(command)
        self.settle()

    # The world as the deciders see it

    @property
    def today(self) -> str:
        return (FIRST_DAY + timedelta(days=self.day)).isoformat()

    @property
    def now(self) -> str:
        return f"{self.today}T12:00:00Z"

    def gate(self) -> Gate:
        told = tuple(
            Proof(
                kind=TOLD,
                event_id=one.key,
                expires_on=self.day_text(one.last_day),
                ended_by="end" if one.given_up else None,
            )
            for one in self.held[TOLD]
        )
        return Gate(version="study/1", rules=THREE, country="DE", proofs=told)

    def day_text(self, day: int | None) -> str | None:
        return None if day is None else (FIRST_DAY + timedelta(days=day)).isoformat()

    def about(self) -> dict[str, Any]:
        return {**SITE, "checklist_id": "c", "now": self.now, "gate": self.gate(), "occurred_at": self.today}

    def at_checklist(self, command: SiteChecklistCommand) -> None:
        for event in site_checklist.decide(self.checklist, command):
            self.checklist = site_checklist.evolve(self.checklist, event)
            if isinstance(event, ChecklistItemJudged):
                assert event.item.satisfied == self.satisfied(event.item.code)
        assert site_checklist.decide(self.checklist, command) == []

    def at_site(self, command: StudySiteCommand) -> None:
        for event in study_site.decide(self.site, command):
            self.site = study_site.evolve(self.site, event)
            self.losses_told += isinstance(event, SitePrerequisiteLost)

    def settle(self) -> None:
        """What the policies and the ticker do after anything has happened."""
        self.at_checklist(AssessChecklist.model_validate({**self.about(), "occurred_at": self.now}))
        gate = site_checklist.with_own(self.gate(), self.checklist)
        follow = FollowChecklist(occurred_at=self.now, items=judged(gate, self.now))
        before = self.losses_told
        self.at_site(follow)
        expected = self.model_follows()
        assert self.losses_told - before == expected
        assert study_site.decide(self.site, follow) == []

    # The model

    def satisfied(self, code: str) -> bool:
        return any(one.holds(self.day) for one in self.held[code]) or (code == WAIVABLE and self.waived)

    @property
    def waived(self) -> bool:
        return self.waived_from is not None and self.waived_from <= self.day

    def missing(self) -> set[str]:
        return {code for code in ITEMS if not self.satisfied(code)}

    def model_follows(self) -> int:
        """How many losses are to be told."""
        missing = self.missing()
        if self.status == "start_up":
            self.status = "start_up" if missing else "ready_for_activation"
            self.lost = self.lost if missing else set()
            return 0
        if self.status == "ready_for_activation":
            self.status = "start_up" if missing else self.status
            self.lost |= missing
            return len(missing)
        new = (missing & self.had) - self.lost
        self.lost = (self.lost | new) & missing
        if new and self.status == "active":
            self.status = "on_hold"
        return len(new)

    def new_key(self) -> str:
        self.count += 1
        return f"evidence-{self.count}"

    # What may happen

    @initialize(opened=st.booleans(), days=st.none() | DAYS)
    def the_site_may_be_open_already(self, opened: bool, days: int | None) -> None:  # noqa: FBT001
        """Without it, few runs would get as far as losing anything."""
        if opened:
            self.an_approval_comes(days)
            self.evidence_is_recorded(HELD, None)
            self.evidence_is_recorded(WAIVABLE, None)
            self.somebody_activates()

    @rule(days=DAYS)
    def time_passes(self, days: int) -> None:
        self.day += days
        self.settle()

    @rule(days=st.none() | DAYS)
    def an_approval_comes(self, days: int | None) -> None:
        last = None if days is None else self.day + days
        self.held[TOLD].append(Held(self.new_key(), last))
        self.settle()

    @precondition(lambda self: any(not one.given_up for one in self.held[TOLD]))
    @rule(data=st.data())
    def an_approval_is_given_up(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from([one for one in self.held[TOLD] if not one.given_up])).given_up = True
        self.settle()

    @rule(code=st.sampled_from([HELD, WAIVABLE]), days=st.none() | DAYS)
    def evidence_is_recorded(self, code: str, days: int | None) -> None:
        one = Held(self.new_key(), None if days is None else self.day + days)
        self.held[code].append(one)
        asked = {"code": code, "evidence_id": one.key, "document": "D", "recorded_by": "u1"}
        until = {"expires_on": self.day_text(one.last_day)}
        self.at_checklist(RecordChecklistEvidence.model_validate({**self.about(), **asked, **until}))
        self.settle()

    @precondition(lambda self: any(not one.given_up for one in self.held[HELD]))
    @rule(data=st.data())
    def evidence_is_taken_back(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from([one for one in self.held[HELD] if not one.given_up]))
        one.given_up = True
        self.at_checklist(WithdrawChecklistEvidence.model_validate({**self.about(), "evidence_id": one.key}))
        self.settle()

    @rule(code=st.sampled_from(ITEMS), days=st.integers(-3, 3))
    def somebody_waives(self, code: str, days: int) -> None:
        content = site_checklist.waiver_content(SITE["site_id"], "study/1", code, "urgent")
        who = {"signer_id": "q", "printed_name": "Q", "meaning": "approval", "binds": content}
        signed = Signature.model_validate({**who, "signed_at": self.now, "authenticated_at": self.now})
        asked = {"code": code, "reason": "urgent", "signature": signed}
        since = {"occurred_at": self.day_text(self.day + days)}
        command = WaiveChecklistItem.model_validate({**self.about(), **asked, **since})
        if code == WAIVABLE and (self.waived_from is not None or not self.satisfied(code)):
            self.waived_from = self.day + days if self.waived_from is None else self.waived_from
            self.at_checklist(command)
        else:
            with pytest.raises(Refused):
                site_checklist.decide(self.checklist, command)
        self.settle()

    @rule()
    def a_waiver_ends(self) -> None:
        command = EndChecklistWaiver.model_validate({**self.about(), "code": WAIVABLE})
        if self.waived_from is not None and self.day < self.waived_from:
            with pytest.raises(Refused):
                site_checklist.decide(self.checklist, command)
        else:
            self.waived_from = None
            self.at_checklist(command)
        self.settle()

    @rule()
    def somebody_activates(self) -> None:
        gate = site_checklist.with_own(self.gate(), self.checklist)
        command = ActivateSite(occurred_at=self.today, gate=gate)
        if self.status == "active":
            assert study_site.decide(self.site, command) == []
        elif self.status == "ready_for_activation":
            self.at_site(command)
            self.status, self.had = "active", set[str](ITEMS)
            self.lost = set()
        else:
            with pytest.raises(Refused) as refused:
                study_site.decide(self.site, command)
            named = {reason.field for reason in refused.value.reasons} - {"status"}
            assert named == self.missing()
        self.settle()

    @precondition(lambda self: self.status == "active")
    @rule()
    def somebody_pauses(self) -> None:
        self.at_site(PauseEnrolment(occurred_at=self.today, because="supply"))
        self.status = "on_hold"
        self.settle()

    @precondition(lambda self: self.status == "on_hold")
    @rule()
    def somebody_resumes(self) -> None:
        command = ResumeEnrolment(occurred_at=self.today)
        if self.lost:
            with pytest.raises(Refused) as refused:
                study_site.decide(self.site, command)
            assert {reason.field for reason in refused.value.reasons} == self.lost
        else:
            self.at_site(command)
            self.status = "active"
        self.settle()

    # What always holds

    @invariant()
    def the_site_stands_where_the_model_has_it(self) -> None:
        assert self.site is not None
        assert (self.site.status, set(self.site.lost)) == (self.status, self.lost)

    @invariant()
    def the_checklist_is_complete_exactly_when_nothing_is_missing(self) -> None:
        assert self.checklist is not None
        assert self.checklist.complete == (not self.missing())

    @invariant()
    def an_open_site_lacks_nothing_that_it_had(self) -> None:
        assert self.status != "active" or not (self.missing() & self.had)


GreenLight.TestCase.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
TestGreenLight = GreenLight.TestCase
