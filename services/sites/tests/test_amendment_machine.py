"""Whatever happens in whatever order, and in whatever order it is told, an amendment agrees with a day-by-day model."""

from datetime import date, timedelta
from functools import reduce
from typing import Any

from amended import AMENDED, approved, facts, forms, on_log, submission, takes_part, trained
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sites.domain.amendment_facts import CoveringSubmission, Facts, Member, Trained
from sites.domain.participants import Participant
from sites.domain.site_amendment import SiteAmendment, decide, evolve
from test_site_amendment import assess

EFFECT, A_DAY = date(2026, 3, 20), timedelta(days=1)
PEOPLE = ("nurse", "pharmacist")
FORMS: dict[str, Any] = forms(("1.0", "2026-01-01"), ("2.0", "2026-03-20"))


class Amended(RuleBasedStateMachine):
    """Days go forward; people join and leave the log and are trained, a body decides, subjects consent and leave.

    Everything is entered on its day. The model keeps one set of those in the way a day, and no span.
    """

    def __init__(self) -> None:
        super().__init__()
        self.day = date(2026, 3, 1)
        self.log: dict[str, tuple[date, date | None]] = {}
        self.trained_on: dict[str, date] = {}
        self.asked = self.granted = self.lost = None
        self.subjects: dict[str, tuple[date, date | None, date | None]] = {}
        self.state: SiteAmendment | None = None

    @rule(days=st.integers(1, 6))
    def days_pass(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(person=st.sampled_from(PEOPLE))
    def somebody_joins_the_log(self, person: str) -> None:
        self.log.setdefault(person, (self.day, None))

    @rule(person=st.sampled_from(PEOPLE))
    def somebody_leaves_the_log(self, person: str) -> None:
        if person in self.log and self.log[person][1] is None:
            self.log[person] = (self.log[person][0], self.day + A_DAY)

    @rule(person=st.sampled_from(PEOPLE))
    def somebody_is_trained(self, person: str) -> None:
        self.trained_on.setdefault(person, self.day)

    @rule(person=st.sampled_from(PEOPLE))
    def a_training_proves_to_be_an_error(self, person: str) -> None:
        self.trained_on.pop(person, None)

    @rule()
    def a_body_is_asked(self) -> None:
        self.asked = self.asked or self.day

    @rule()
    def it_agrees_or_takes_that_back(self) -> None:
        if self.asked and self.granted is None:
            self.granted = self.day
        elif self.granted and self.lost is None:
            self.lost = self.day

    @rule(subject=st.sampled_from("ab"))
    def a_subject_consents_consents_anew_or_leaves(self, subject: str) -> None:
        begun, anew, left = self.subjects.get(subject, (self.day, None, None))
        if subject in self.subjects and left is None and anew is None and self.day >= EFFECT:
            anew = self.day
        elif subject in self.subjects:
            left = left or self.day
        self.subjects[subject] = (begun, anew, left)

    @property
    def facts(self) -> Facts:
        return facts(
            *AMENDED,
            log=tuple(self._member(*one) for one in self.log.items()),
            trained=tuple(self._trained(*one) for one in self.trained_on.items()),
            submissions=self._submissions(),
            participants=tuple(self._participant(*one) for one in self.subjects.items()),
            **FORMS,
        )

    def _member(self, person: str, days: tuple[date, date | None]) -> Member:
        return on_log(person, days[0].isoformat(), days[1].isoformat() if days[1] else None)

    def _trained(self, person: str, on: date) -> Trained:
        return trained(person, on.isoformat())

    def _submissions(self) -> tuple[CoveringSubmission, ...]:
        if self.asked is None:
            return ()
        if self.granted is None:
            return (submission("ethics_committee"),)
        until = self.lost.isoformat() if self.lost else None
        return (approved("ethics_committee", self.granted.isoformat(), until),)

    def _participant(self, key: str, told: tuple[date, date | None, date | None]) -> Participant:
        begun, anew, left = told
        first = ("1.0" if begun < EFFECT else "2.0", begun.isoformat())
        consents = [first, *([("2.0", anew.isoformat())] if anew else [])]
        one = takes_part(key, *consents, until=left.isoformat() if left and left > begun else None)
        return one if left is None or left > begun else one.model_copy(update={"here": ()})

    def in_the_way(self, day: date) -> set[str]:
        found = {"effect"} if day < EFFECT else set[str]()
        here = {who for who, (since, until) in self.log.items() if since <= day and (until is None or day < until)}
        if not here or any(self.trained_on.get(who, date.max) > day for who in here):
            found.add("training")
        agreed = self.granted and self.granted <= day and (self.lost is None or day < self.lost)
        if self.asked and not agreed:
            found.add("ethics")
        for begun, anew, left in self.subjects.values():
            there = begun <= day and (left is None or day < left)
            if there and begun < EFFECT <= day and (anew is None or day < anew):
                found.add("reconsent")
        return found

    @invariant()
    def agrees_with_the_model(self) -> None:
        command = assess(self.facts, today=self.day)
        self.state = reduce(evolve, decide(self.state, command), self.state)
        assert self.state is not None
        assert decide(self.state, command) == []
        days = [EFFECT + timedelta(days=one) for one in range((self.day - EFFECT).days + 1)]
        expected = next((day for day in days if not self.in_the_way(day)), None)
        assert self.state.implemented_on == expected
        assert self.state.status == ("implemented" if expected else "open")
        if expected is None:
            names = {"protocol_in_effect": "effect", "ethics_approval": "ethics"}
            still_open = {names.get(one.step, one.step) for one in self.state.steps if one.status == "open"}
            assert still_open - {"consent_form"} == self.in_the_way(self.day)


def test_an_amendment_agrees_with_the_model() -> None:
    run_state_machine_as_test(Amended, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))


KNOWN: dict[str, Any] = {
    "log-nurse": ("log", on_log("nurse")),
    "log-student": ("log", on_log("student", "2026-04-03")),
    "training-nurse": ("trained", trained("nurse", "2026-04-01")),
    "training-student": ("trained", trained("student", "2026-04-10")),
    "authority": ("submissions", approved("competent_authority", "2026-03-15")),
    "ethics": ("submissions", approved("ethics_committee", "2026-04-06")),
    "subject": ("participants", takes_part("a", ("1.0", "2026-02-01"), ("2.0", "2026-04-08"))),
    "first": ("changes", AMENDED[0]),
    "approved": ("changes", AMENDED[1]),
    "effective": ("changes", AMENDED[2]),
}


def known_of(names: list[str]) -> Facts:
    told: dict[str, list[Any]] = {"log": [], "trained": [], "submissions": [], "participants": [], "changes": []}
    for name in sorted(names):
        kind, value = KNOWN[name]
        told[kind].append(value)
    changes = told.pop("changes")
    lists = {name: tuple(values) for name, values in told.items()}
    return facts(*changes, **lists, **FORMS) if changes else facts(amendment=None, **lists, **FORMS)


@given(order=st.permutations(sorted(KNOWN)), again=st.sampled_from(sorted(KNOWN)))
@settings(max_examples=60, deadline=None)
def test_in_whatever_order_it_is_told_the_same_comes_out(order: list[str], again: str) -> None:
    state: SiteAmendment | None = None
    for told in range(1, len(order) + 1):
        for _ in range(2 if order[told - 1] == again else 1):
            state = reduce(evolve, decide(state, assess(known_of(order[:told]))), state)
    at_once = reduce(evolve, decide(None, assess(known_of(order))), None)
    assert state is not None
    assert at_once is not None
    assert {**dict(state), "steps": set(state.steps), "rested_on": ()} == {
        **dict(at_once),
        "steps": set(at_once.steps),
        "rested_on": (),
    }
    assert (at_once.status, at_once.implemented_on) == ("implemented", date(2026, 4, 10))
