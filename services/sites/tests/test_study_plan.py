"""A plan is drafted, frozen as the baseline by approval, moved and replanned; no baseline is ever lost."""

from datetime import date, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from kernel import Refused
from sites.domain.milestones import Dependency, Key
from sites.domain.plan_content import Content, CountryTarget, EnrolmentTarget, PlannedMilestone
from sites.domain.study_plan import (
    ApproveBaseline,
    BaselineApproved,
    DraftPlan,
    ForecastChanged,
    ForecastPlan,
    MilestonePlanned,
    MilestonesAtRisk,
    PlanDrafted,
    PlanMilestone,
    PlanReplanned,
    Reached,
    ReplanStudy,
    StudyPlan,
    StudyPlanCommand,
    StudyPlanEvent,
    decide,
    evolve,
)

AT = "2026-01-01"
DAY = date(2026, 3, 1)
SITES = {"s1": "DE", "s2": "FR"}
VISIT = Key(level="site", kind="initiation_visit", country="DE", site_id="s1")
ACTIVATED = Key(level="site", kind="site_activated", country="DE", site_id="s1")
FIRST = Key(level="country", kind="first_site_activated", country="DE")
GERMANY = CountryTarget(country="DE", sites=1, subjects=20)
APPROVE = ApproveBaseline(occurred_at=AT)


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def planned(key: Key, days: int) -> PlannedMilestone:
    return PlannedMilestone(key=key, planned=on(days))


def content(*milestones: PlannedMilestone, **more: Any) -> Content:
    told = milestones or (planned(VISIT, 0), planned(ACTIVATED, 10), planned(FIRST, 10))
    return Content.model_validate({"countries": (GERMANY,), "milestones": told, **more})


def draft(what: Content | None = None, command: type[DraftPlan] = DraftPlan) -> DraftPlan:
    return command(occurred_at=AT, study_id="s", sponsor_id="acme-1", content=what or content(), sites=SITES)


def move(key: Key, days: int, *reached: Reached) -> PlanMilestone:
    return PlanMilestone(occurred_at=AT, milestone=planned(key, days), reached=reached, sites=SITES)


def after(*commands: StudyPlanCommand) -> StudyPlan:
    state: StudyPlan | None = None
    for command in commands:
        state = reduce(evolve, decide(state, command), state)
    assert state is not None
    return state


def refused(plan: StudyPlan | None, command: StudyPlanCommand) -> list[str]:
    with pytest.raises(Refused) as told:
        decide(plan, command)
    return [reason.code for reason in told.value.reasons]


def test_a_plan_is_drafted_and_its_draft_written_anew() -> None:
    [drafted] = decide(None, draft())
    assert isinstance(drafted, PlanDrafted)
    assert drafted.version == 1
    assert decide(after(draft()), draft()) == []
    other = content(planned(VISIT, 5))
    assert after(draft(), draft(other)).planned == {VISIT: on(5)}


def test_a_draft_names_all_that_makes_no_sense_in_it() -> None:
    wrong = content(
        planned(Key(level="site", kind="coffee_brewed", country="DE", site_id="s1"), 0),
        planned(Key(level="site", kind="site_activated", country="DE"), 0),
        planned(Key(level="country", kind="first_site_activated", country="US"), 0),
        planned(Key(level="site", kind="site_activated", country="DE", site_id="s2"), 0),
        countries=(GERMANY, GERMANY),
        enrolment=(
            EnrolmentTarget(country="DE", month="2026-05", cumulative=9),
            EnrolmentTarget(country="DE", month="2026-06", cumulative=8),
            EnrolmentTarget(country="US", month="2026-06", cumulative=8),
        ),
        dependencies=(
            Dependency(predecessor=VISIT.kind_of, successor=ACTIVATED.kind_of, lag_days=1),
            Dependency(predecessor=ACTIVATED.kind_of, successor=VISIT.kind_of, lag_days=1),
        ),
    )
    assert refused(None, draft(wrong)) == [
        "told_twice",
        "circle",
        "country_unknown",
        "kind_unknown",
        "place_wrong",
        "country_unknown",
        "site_unknown",
        "falling",
    ]


def test_approval_freezes_the_baseline_once() -> None:
    plan = after(draft())
    [approved] = decide(plan, APPROVE)
    assert isinstance(approved, BaselineApproved)
    assert (approved.version, len(approved.milestones)) == (1, 3)
    plan = evolve(plan, approved)
    assert (plan.status, plan.baseline_version) == ("approved", 1)
    assert all(one.baseline == one.planned for one in plan.milestones)
    assert decide(plan, APPROVE) == []


def test_a_plan_that_contradicts_itself_becomes_no_baseline() -> None:
    short = (EnrolmentTarget(country="DE", month="2026-05", cumulative=9),)
    early = content(planned(VISIT, 0), planned(ACTIVATED, 1), enrolment=short)
    assert refused(after(draft(early)), APPROVE) == ["target_missed", "planned_too_early"]
    assert refused(after(draft(Content())), APPROVE) == ["no_countries", "no_milestones"]


def test_what_is_approved_is_replanned_and_not_drafted_anew() -> None:
    plan = after(draft(), APPROVE)
    other = content(planned(VISIT, 5), planned(ACTIVATED, 10))
    assert refused(plan, draft(other)) == ["plan_approved"]
    assert decide(plan, draft()) == []
    [replanned] = decide(plan, draft(other, ReplanStudy))
    assert isinstance(replanned, PlanReplanned)
    plan = evolve(plan, replanned)
    assert (plan.version, plan.status, plan.baseline_version) == (2, "draft", 1)
    assert {one.key: one.baseline for one in plan.milestones} == {VISIT: on(0), ACTIVATED: on(10)}
    plan = reduce(evolve, decide(plan, APPROVE), plan)
    assert (plan.baseline_version, plan.milestones[0].baseline) == (2, on(5))


def test_a_draft_is_not_replanned() -> None:
    assert refused(after(draft()), draft(content(planned(VISIT, 5)), ReplanStudy)) == ["plan_in_draft"]
    assert decide(after(draft()), draft(command=ReplanStudy)) == []


def test_nothing_follows_for_a_study_without_a_plan() -> None:
    assert refused(None, APPROVE) == ["plan_unknown"]
    assert decide(None, ForecastPlan(occurred_at=None, reached=())) == []


def test_a_milestone_that_moves_tells_which_others_become_at_risk_and_leaves_the_baseline() -> None:
    plan = after(draft(), APPROVE)
    moved, forecast = decide(plan, move(VISIT, 30))
    assert isinstance(moved, MilestonePlanned)
    assert isinstance(forecast, ForecastChanged)
    assert (moved.before, {one.key: one.forecast for one in moved.at_risk}) == (
        on(0),
        {ACTIVATED: on(33), FIRST: on(33)},
    )
    assert {one.key: one.forecast for one in forecast.expected} == {ACTIVATED: on(33), FIRST: on(33)}
    plan = reduce(evolve, [moved, forecast], plan)
    assert {one.key: one.baseline for one in plan.milestones}[VISIT] == on(0)
    assert decide(plan, move(VISIT, 30)) == []


def test_what_was_at_risk_before_does_not_become_so_again() -> None:
    moved, *_ = decide(after(draft(), move(VISIT, 30)), move(VISIT, 40))
    assert isinstance(moved, MilestonePlanned)
    assert moved.at_risk == ()


def test_a_milestone_may_be_planned_later_than_the_others_but_not_once_it_is_reached() -> None:
    late = Key(level="site", kind="site_closed", country="DE", site_id="s1")
    assert decide(after(draft(), APPROVE), move(late, 400))
    assert refused(after(draft()), move(VISIT, 3, Reached(key=VISIT, on=on(1)))) == ["reached"]
    nowhere = Key(level="site", kind="site_closed", country="DE", site_id="s9")
    assert refused(after(draft()), move(nowhere, 3)) == ["site_unknown"]


def test_what_is_reached_late_makes_what_waits_for_it_late_and_says_so_once() -> None:
    plan = after(draft(), APPROVE)
    late = ForecastPlan(occurred_at=AT, reached=(Reached(key=VISIT, on=on(20)),))
    changed, at_risk = decide(plan, late)
    assert isinstance(changed, ForecastChanged)
    assert isinstance(at_risk, MilestonesAtRisk)
    assert {one.key for one in at_risk.at_risk} == {ACTIVATED, FIRST}
    plan = reduce(evolve, [changed, at_risk], plan)
    assert decide(plan, late) == []
    [later] = decide(plan, ForecastPlan(occurred_at=AT, reached=(Reached(key=VISIT, on=on(25)),)))
    assert isinstance(later, ForecastChanged)


class Planning(RuleBasedStateMachine):
    """A plan beside a model that knows the days by name: what is planned, what is the baseline, which version."""

    keys = (VISIT, ACTIVATED, FIRST)

    def __init__(self) -> None:
        super().__init__()
        self.plan: StudyPlan | None = None
        self.planned: dict[Key, date] = {}
        self.baselines: dict[int, dict[Key, date]] = {}
        self.version, self.approved = 1, False
        self.events: list[StudyPlanEvent] = []

    def carry_out(self, command: StudyPlanCommand) -> bool:
        try:
            events = decide(self.plan, command)
        except Refused:
            return False
        self.plan = reduce(evolve, events, self.plan)
        self.events += events
        return True

    @rule(days=st.lists(st.integers(0, 60), min_size=3, max_size=3))
    def drafts(self, days: list[int]) -> None:
        told = dict(zip(self.keys, map(on, days), strict=True))
        what = content(*(PlannedMilestone(key=key, planned=day) for key, day in told.items()))
        assert self.carry_out(draft(what)) == (not self.approved or (self.plan is not None and self.plan.says(what)))
        if not self.approved:
            self.planned = told

    @precondition(lambda self: self.plan is not None)
    @rule()
    def approves(self) -> None:
        tenable = (
            self.planned[ACTIVATED] >= self.planned[VISIT] + timedelta(days=3)
            and self.planned[FIRST] >= self.planned[ACTIVATED]
        )
        assert self.carry_out(APPROVE) == (self.approved or tenable)
        if tenable and not self.approved:
            self.approved = True
            self.baselines[self.version] = dict(self.planned)

    @precondition(lambda self: self.plan is not None)
    @rule(key=st.sampled_from(keys), days=st.integers(0, 60))
    def moves(self, key: Key, days: int) -> None:
        assert self.carry_out(move(key, days))
        self.planned[key] = on(days)

    @precondition(lambda self: self.approved)
    @rule(days=st.integers(0, 60))
    def replans(self, days: int) -> None:
        told = {VISIT: on(days), ACTIVATED: on(days + 3), FIRST: on(days + 3)}
        what = content(*(PlannedMilestone(key=key, planned=day) for key, day in told.items()))
        assert self.carry_out(draft(what, ReplanStudy))
        self.planned, self.version, self.approved = told, self.version + 1, False

    @invariant()
    def agrees_with_the_model(self) -> None:
        if self.plan is None:
            return
        assert self.plan.planned == self.planned
        assert (self.plan.version, self.plan.status) == (self.version, "approved" if self.approved else "draft")
        newest = self.baselines.get(max(self.baselines, default=0), {})
        assert {one.key: one.baseline for one in self.plan.milestones if one.baseline is not None} == newest

    @invariant()
    def every_baseline_stays_readable(self) -> None:
        told = [one for one in self.events if isinstance(one, BaselineApproved)]
        assert {one.version: {day.key: day.planned for day in one.milestones} for one in told} == self.baselines


def test_whatever_is_planned_in_whatever_order_no_baseline_is_lost() -> None:
    run_state_machine_as_test(Planning, settings=settings(max_examples=40, stateful_step_count=12, deadline=None))
