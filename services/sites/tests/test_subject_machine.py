"""Whatever is asked of a subject in whatever order, it agrees with a small model that knows days and versions."""

from datetime import date, timedelta
from functools import reduce

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from kernel import Refused
from sites.domain.consent_forms import Form, FormChange, Forms
from sites.domain.leaving import REASONS
from sites.domain.subject import Subject, decide, evolve
from sites.domain.subject_messages import (
    AdvanceSubject,
    ConsentSubject,
    ReconsentSubject,
    RequireReconsent,
    RescreenSubject,
    Setting,
    StepName,
    SubjectCommand,
    TransferSubject,
)

FIRST = date(2022, 1, 1)
FOLLOWS: dict[str, str] = {
    "consented": "screened screen_failed withdrawn died",
    "screened": "screen_failed enrolled withdrawn died",
    "enrolled": "randomised treatment_started follow_up completed withdrawn lost_to_follow_up died",
    "randomised": "treatment_started follow_up completed withdrawn lost_to_follow_up died",
    "treatment_started": "treatment_ended withdrawn lost_to_follow_up died",
    "treatment_ended": "follow_up completed withdrawn lost_to_follow_up died",
    "follow_up": "completed withdrawn lost_to_follow_up died",
}
LEFT = {"screen_failed", "completed", "withdrawn", "lost_to_follow_up", "died"}
ALL_STEPS = sorted({step for steps in FOLLOWS.values() for step in steps.split()})


class TakingPart(RuleBasedStateMachine):
    """One subject, one form whose versions are numbered, two sites; days go forward."""

    def __init__(self) -> None:
        super().__init__()
        self.day, self.version, self.agreed = FIRST, 1, 1
        self.since: list[tuple[int, date]] = [(1, FIRST)]
        self.at, self.open = "a", {"a": True, "b": True}
        self.subject: Subject | None = None
        self.status, self.attempts, self.taken = "consented", 1, {"consented"}

    @property
    def setting(self) -> Setting:
        return self.setting_at(self.at)

    def setting_at(self, site: str) -> Setting:
        changes = tuple(
            FormChange(document_id="icf", version=str(version), country=None, site_id=None, since=on.isoformat())
            for version, on in self.since
        )
        status = "active" if self.open[site] else "on_hold"
        forms = Forms(are_known=True, changes=changes)
        return Setting(site_status=status, study_status="recruiting", forms=forms)

    @property
    def form(self) -> Form:
        return Form(document_id="icf", version=str(self.version))

    def carried_out(self, command: SubjectCommand) -> bool:
        try:
            events = decide(self.subject, command)
        except Refused:
            return False
        self.subject = reduce(evolve, events, self.subject)
        return bool(events)

    @initialize()
    def consents(self) -> None:
        about = {"subject_id": "u", "study_id": "s", "sponsor_id": "x", "subject_key": "1", "country": "DE"}
        told = {**about, "site_id": "a", "occurred_at": self.today, "form": self.form, "setting": self.setting}
        assert self.carried_out(ConsentSubject.model_validate(told))

    @property
    def today(self) -> str:
        return self.day.isoformat()

    @rule(days=st.integers(1, 5))
    def days_pass(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(site=st.sampled_from(["a", "b"]))
    def a_site_is_put_on_hold_or_opened(self, site: str) -> None:
        self.open[site] = not self.open[site]

    @rule()
    def a_version_takes_effect(self) -> None:
        self.day += timedelta(days=1)
        self.version += 1
        self.since.append((self.version, self.day))
        self.carried_out(RequireReconsent(occurred_at=self.today, setting=self.setting))

    @rule(step=st.sampled_from(ALL_STEPS))
    def takes_a_step(self, step: StepName) -> None:
        may = step in FOLLOWS.get(self.status, "").split() and step not in self.taken
        if step in {"screened", "enrolled", "randomised", "treatment_started"}:
            may = may and self.agreed == self.version
        if step in {"screened", "enrolled"}:
            may = may and self.open[self.at]
        why = "other" if step in REASONS else None
        command = AdvanceSubject(occurred_at=self.today, step=step, setting=self.setting, reason_code=why)
        assert self.carried_out(command) == may
        if may:
            self.status = step
            self.taken.add(step)

    @rule()
    def consents_anew(self) -> None:
        assert self.subject is not None
        same = self.subject.consent.form == self.form and self.subject.consent.on == self.today
        may = self.status not in LEFT and not same
        assert self.carried_out(ReconsentSubject(occurred_at=self.today, form=self.form, setting=self.setting)) == may
        self.agreed = self.version if may else self.agreed

    @rule()
    def is_screened_again(self) -> None:
        may = self.status == "screen_failed" and self.open[self.at]
        command = RescreenSubject(occurred_at=self.today, form=self.form, setting=self.setting)
        assert self.carried_out(command) == may
        if may:
            self.status, self.agreed, self.taken = "consented", self.version, {"consented"}
            self.attempts += 1

    @rule(site=st.sampled_from(["a", "b"]))
    def moves(self, site: str) -> None:
        may = site != self.at and self.status not in LEFT and self.open[site]
        command = TransferSubject(occurred_at=self.today, site_id=site, country="DE", setting=self.setting_at(site))
        assert self.carried_out(command) == may
        self.at = site if may else self.at

    @invariant()
    def agrees_with_the_model(self) -> None:
        if self.subject is None:
            return
        assert (self.subject.status, self.subject.site_id) == (self.status, self.at)
        assert self.subject.attempt == self.attempts
        assert self.subject.subject_key == "1"
        if self.status not in LEFT:
            assert self.subject.reconsent_required == (self.agreed != self.version)


def test_a_subject_agrees_with_the_model() -> None:
    run_state_machine_as_test(TakingPart, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))
