"""A candidate site is asked, answers through its link or by telling, once, and no window overwrites another."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from feasibility_example import ASKED, WHOLE
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused
from sites.domain.feasibility import (
    AnswersReopened,
    AnswersReturned,
    AnswersSaved,
    AnswersScored,
    Assessment,
    FeasibilityCommand,
    LinkRenewed,
    LinkRevoked,
    QuestionnaireSent,
    QuestionnaireWithdrawn,
    RenewLink,
    ReopenAnswers,
    ReturnAnswers,
    RevokeLink,
    SaveAnswers,
    SendQuestionnaire,
    WithdrawQuestionnaire,
    decide,
    evolve,
)
from sites.domain.feasibility_answers import Answer, Given, Respondent, values_of
from sites.domain.feasibility_links import Access, Link

AT: dict[str, Any] = {"occurred_at": "2026-03-01"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = Link(secret_hash="h1", expires_at=NOON + timedelta(days=30), offers_all=False)
NEW_LINK = LINK.model_copy(update={"secret_hash": "h2"})
ABOUT: dict[str, Any] = {
    "assessment_id": "f1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "site_id": "site-7",
    "country": "DE",
    "questionnaire_id": "q1",
    "questionnaire_number": 1,
    "title": "Feasibility",
    "definition": ASKED,
}
FACTS: dict[str, Any] = {"questionnaire_is_published": True, "questionnaire_study_id": None, "site_is_candidate": True}
SEND = SendQuestionnaire(**AT, **ABOUT, **FACTS, link=LINK)
SENT = QuestionnaireSent(**AT, **ABOUT, link=LINK)
WHO = Respondent(name="Maria Keller", role="Study coordinator")
THROUGH = Access(secret_hash="h1", at=NOON)


def after(*events: Any) -> Assessment:
    state = reduce(evolve, (SENT, *events), None)
    assert state is not None
    return state


def save(based_on: int = 0, access: Access = THROUGH, **answers: Any) -> SaveAnswers:
    return SaveAnswers(**AT, access=access, based_on=based_on, given=Given(raw=answers))


def hand_in(based_on: int | None = None, access: Access | None = None, **answers: Any) -> ReturnAnswers:
    return ReturnAnswers(**AT, access=access, based_on=based_on, given=Given(raw=answers), respondent=WHO)


def saved(**answers: str) -> AnswersSaved:
    told = tuple(Answer(question=code, value=value) for code, value in answers.items())
    return AnswersSaved(**AT, answers=told, emptied=())


def returned() -> Assessment:
    return reduce(evolve, decide(after(), hand_in(**WHOLE)), after())


def codes(state: Assessment | None, command: FeasibilityCommand) -> list[tuple[str, str | None]]:
    with pytest.raises(Refused) as refused:
        decide(state, command)
    return [(reason.code, reason.field) for reason in refused.value.reasons]


def test_a_candidate_is_asked_once() -> None:
    assert decide(None, SEND) == [SENT]
    assert decide(after(), SEND) == []
    assert decide(returned(), SEND) == []


def test_only_candidates_are_asked_and_only_what_is_published_for_their_study() -> None:
    facts = {"questionnaire_is_published": False, "questionnaire_study_id": "s2", "site_is_candidate": False}
    told = [code for code, _ in codes(None, SEND.model_copy(update=facts))]
    assert told == ["site_is_no_candidate", "questionnaire_not_published", "questionnaire_of_other_study"]
    assert codes(None, WithdrawQuestionnaire(**AT)) == [("assessment_unknown", None)]


def test_a_draft_keeps_what_changed_and_leaves_what_is_no_answer() -> None:
    command = save(pharmacy="yes", patients="many", staff=" ")
    assert decide(after(), command) == [saved(pharmacy="yes")]
    state = after(saved(pharmacy="yes", staff="One nurse"))
    assert (state.draft, state.saved_at) == (1, "2026-03-01")
    assert decide(state, save(1, pharmacy="yes")) == []
    emptied = AnswersSaved(**AT, answers=(), emptied=("staff",))
    assert decide(state, save(1, staff="")) == [emptied]
    assert values_of(evolve(state, emptied).answers) == {"pharmacy": "yes"}


def test_a_window_that_is_behind_overwrites_nothing() -> None:
    state = after(saved(pharmacy="yes"))
    assert codes(state, save(0, pharmacy="no")) == [("changed_elsewhere", "based_on")]
    assert decide(state, save(0, pharmacy="yes")) == []
    assert ("changed_elsewhere", "based_on") in codes(state, hand_in(0, THROUGH, pharmacy="no", patients="3"))


def test_a_question_that_is_not_asked_has_no_answer() -> None:
    assert codes(after(), save(shoe_size="43")) == [("question_unknown", "shoe_size")]
    assert codes(after(), hand_in(shoe_size="43")) == [("question_unknown", "shoe_size")]


@pytest.mark.parametrize(
    ("state", "access"),
    [
        (after(), Access(secret_hash="other", at=NOON)),
        (after(), Access(secret_hash="h1", at=LINK.expires_at)),
        (after(LinkRevoked(**AT)), THROUGH),
        (after(LinkRenewed(**AT, link=NEW_LINK)), THROUGH),
    ],
)
def test_a_link_that_is_not_the_one_or_not_in_time_opens_nothing(state: Assessment, access: Access) -> None:
    assert codes(state, save(access=access, pharmacy="yes")) == [("link_closed", None)]
    assert codes(state, hand_in(0, access, **WHOLE)) == [("link_closed", None)]


def test_answers_are_returned_and_scored_once() -> None:
    events = decide(after(), hand_in(0, THROUGH, **WHOLE))
    assert [type(event) for event in events] == [AnswersReturned, AnswersScored]
    state = returned()
    assert state.score is not None
    assert (state.status, state.score.percent, state.respondent) == ("returned", 68.3, WHO)
    assert decide(state, hand_in(0, THROUGH, **WHOLE)) == []
    assert decide(state, hand_in(pharmacy="no")) == []
    assert codes(state, save(pharmacy="no")) == [("wrong_status", "status")]


def test_answers_that_came_on_paper_are_dated_back_and_marked_as_entered_on_the_sites_behalf() -> None:
    command = hand_in(**WHOLE).model_copy(update={"occurred_at": "2026-03"})
    state = reduce(evolve, decide(after(), command), after())
    assert (state.returned_on, state.entered_on_behalf) == ("2026-03", True)
    through = reduce(evolve, decide(after(), hand_in(0, THROUGH, **WHOLE)), after())
    assert through.entered_on_behalf is False


def test_no_answer_came_before_the_question() -> None:
    command = hand_in(**WHOLE).model_copy(update={"occurred_at": "2026-02-27"})
    assert codes(after(), command) == [("answered_before_asked", "occurred_at")]


def test_a_refused_return_names_every_question_that_lacks_its_answer() -> None:
    assert codes(after(), hand_in(patients="lots")) == [
        ("answer_not_valid", "patients"),
        ("answer_missing", "pharmacy"),
    ]


def test_what_is_not_asked_is_not_returned() -> None:
    [answered, _] = decide(after(), hand_in(pharmacy="no", storage=["fridge"], patients="3"))
    assert isinstance(answered, AnswersReturned)
    assert [one.question for one in answered.answers] == ["pharmacy", "patients"]


def test_an_answer_is_marked_as_taken_over_only_if_it_was_offered_as_it_is() -> None:
    offered = {"staff": "Two nurses", "pharmacy": "no"}
    given = Given(raw={"staff": "Two nurses", "pharmacy": "yes"}, reused=frozenset(offered), offered=offered)
    [kept] = decide(after(), SaveAnswers(**AT, access=THROUGH, based_on=0, given=given))
    assert isinstance(kept, AnswersSaved)
    assert {one.question: one.reused for one in kept.answers} == {"pharmacy": False, "staff": True}
    state = after(kept)
    assert decide(state, save(1, staff="Two nurses")) == []
    [changed] = decide(state, save(1, staff="Three nurses"))
    assert isinstance(changed, AnswersSaved)
    assert [one.reused for one in changed.answers] == [False]


def test_a_returned_questionnaire_is_opened_again_for_correction() -> None:
    reopen = ReopenAnswers(**AT, link=NEW_LINK)
    assert codes(after(), reopen) == [("wrong_status", "status")]
    assert decide(returned(), reopen) == [AnswersReopened(**AT, link=NEW_LINK)]
    state = evolve(returned(), AnswersReopened(**AT, link=NEW_LINK))
    assert (state.status, state.score, state.returned_on) == ("sent", None, None)
    through = Access(secret_hash="h2", at=NOON)
    events = decide(state, hand_in(0, through, patients="30"))
    assert [type(event) for event in events] == [AnswersReturned, AnswersScored]


def test_a_site_is_asked_no_more_and_may_be_asked_again() -> None:
    withdrawn = QuestionnaireWithdrawn(**AT)
    assert decide(after(), WithdrawQuestionnaire(**AT)) == [withdrawn]
    assert decide(after(withdrawn), WithdrawQuestionnaire(**AT)) == []
    assert codes(returned(), WithdrawQuestionnaire(**AT)) == [("wrong_status", "status")]
    assert codes(after(withdrawn), RenewLink(**AT, link=NEW_LINK)) == [("wrong_status", "status")]
    assert codes(after(withdrawn), hand_in(**WHOLE)) == [("wrong_status", "status")]
    state = evolve(after(saved(pharmacy="yes"), withdrawn), SENT.model_copy(update={"link": NEW_LINK}))
    assert (state.status, state.link, values_of(state.answers)) == ("sent", NEW_LINK, {"pharmacy": "yes"})


def test_a_link_is_revoked_once() -> None:
    assert decide(after(), RevokeLink(**AT)) == [LinkRevoked(**AT)]
    assert decide(after(LinkRevoked(**AT)), RevokeLink(**AT)) == []
    assert decide(after(LinkRevoked(**AT)), RenewLink(**AT, link=NEW_LINK)) == [LinkRenewed(**AT, link=NEW_LINK)]


VALUES = {"pharmacy": ["yes", "no", ""], "patients": ["0", "12", "x", ""], "rivals": ["none", ""]}


class Feasibility(RuleBasedStateMachine):
    """The real decider beside a model: which link opens, what each window has seen, and the answers as a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.state: Assessment | None = None
        self.status: str | None = None
        self.links = 0
        self.open_link: int | None = None
        self.answers: dict[str, str] = {}
        self.draft = 0
        self.windows = [0, 0]

    def carry_out(self, command: FeasibilityCommand) -> list[Any] | None:
        try:
            events = decide(self.state, command)
        except Refused:
            return None
        self.state = reduce(evolve, events, self.state)
        return events

    def new_link(self) -> Link:
        self.links += 1
        return LINK.model_copy(update={"secret_hash": f"l{self.links}"})

    @rule()
    def send(self) -> None:
        events = self.carry_out(SEND.model_copy(update={"link": self.new_link()}))
        assert bool(events) == (self.status in {None, "withdrawn"})
        if events:
            self.status, self.open_link = "sent", self.links

    @rule(what=st.sampled_from(["renew", "reopen", "revoke", "withdraw"]))
    def steer(self, what: str) -> None:
        link = self.new_link()
        commands: dict[str, FeasibilityCommand] = {
            "renew": RenewLink(**AT, link=link),
            "reopen": ReopenAnswers(**AT, link=link),
            "revoke": RevokeLink(**AT),
            "withdraw": WithdrawQuestionnaire(**AT),
        }
        events = self.carry_out(commands[what])
        allowed = {"renew": {"sent"}, "reopen": {"returned"}, "revoke": {"sent", "returned", "withdrawn"}}
        assert (events is not None) == (self.status in allowed.get(what, {"sent", "withdrawn"}))
        if events and what in {"renew", "reopen"}:
            self.status, self.open_link = "sent", self.links
        elif events:
            self.open_link = None if what == "revoke" else self.open_link
            self.status = "withdrawn" if what == "withdraw" else self.status

    @rule(data=st.data(), window=st.integers(0, 1), question=st.sampled_from(sorted(VALUES)), old=st.booleans())
    def type(self, data: st.DataObject, window: int, question: str, *, old: bool) -> None:
        raw = data.draw(st.sampled_from(VALUES[question]))
        link = self.links if not old else max(1, self.links - 1)
        access = Access(secret_hash=f"l{link}", at=NOON)
        events = self.carry_out(save(self.windows[window], access, **{question: raw}))
        opens = self.status == "sent" and link == self.open_link
        changes = raw != "x" and raw != self.answers.get(question, "")
        assert (events is not None) == (opens and (not changes or self.windows[window] == self.draft))
        if events:
            self.answers |= {question: raw}
            self.answers = {code: value for code, value in self.answers.items() if value}
            self.draft += 1
            self.windows[window] = self.draft

    @rule(window=st.integers(0, 1))
    def reload(self, window: int) -> None:
        self.windows[window] = self.draft

    @rule()
    def hand_in(self) -> None:
        events = self.carry_out(hand_in())
        complete = {"pharmacy", "patients"} <= self.answers.keys()
        assert (events is not None) == (self.status == "returned" or (self.status == "sent" and complete))
        if events:
            self.status = "returned"

    @invariant()
    def the_state_is_what_the_model_says(self) -> None:
        if self.state is not None:
            assert (self.state.status, self.state.draft) == (self.status, self.draft)
            assert values_of(self.state.answers) == self.answers
            assert (self.state.score is not None) == (self.status == "returned")


TestFeasibilityMachine = Feasibility.TestCase
TestFeasibilityMachine.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
