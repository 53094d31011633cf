"""A submission goes from its plan to a decision and beyond; a refusal names all that is missing, whatever the order."""

from datetime import date
from functools import reduce
from typing import Any, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused
from regulatory.domain.calendar import decided
from regulatory.domain.required_documents import REQUIRED_DOCUMENTS, required_documents
from regulatory.domain.submission import decide
from regulatory.domain.submission_commands import (
    AdoptedStep,
    AdoptSubmission,
    AnswerQuestions,
    ApproveSubmission,
    BeginPreparation,
    CompletePreparation,
    ConcludePart,
    ExpireApproval,
    ExtendAnswerLimit,
    FindInvalid,
    FulfilCondition,
    ImplementModification,
    LapseSubmission,
    NameDocuments,
    PrepareSubmission,
    ReceiveQuestions,
    ReinstateApproval,
    RejectSubmission,
    RenewApproval,
    RevokeApproval,
    StartAssessment,
    StartValidation,
    SubmissionCommand,
    Submit,
    SuspendApproval,
    Validate,
    WithdrawSubmission,
)
from regulatory.domain.submission_events import (
    EVENT_OF,
    STEP_OF,
    AnswerLimit,
    SubmissionApproved,
    SubmissionEvent,
    SubmissionLapsed,
    SubmissionPartConcluded,
    SubmissionPrepared,
    SubmissionQuestionsAnswered,
    SubmissionRejected,
)
from regulatory.domain.submission_state import Submission, evolve
from regulatory.domain.submission_steps import (
    FOLLOWS,
    GRANTED,
    STAGE_AFTER,
    STATUS_AT,
    DocumentVersion,
    Stage,
    StepName,
)

FACTS: dict[str, Any] = {
    "occurred_at": "2022-01-10",
    "submission_id": "sub-1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "body": "ethics_committee",
    "country": "DE",
    "site_id": "site-7",
}
PREPARE = PrepareSubmission.model_validate({**FACTS, "site_country": "DE"})
PREPARED = SubmissionPrepared.model_validate(FACTS)
DAY: dict[str, Any] = {"occurred_at": "2022-03-01"}
LIMIT = AnswerLimit(due=decided("2022-03-01", date(2022, 3, 13), "Europe/Berlin"), lapses=True)
LATE = "2022-03-14"
AGREED = {"reference": "EC-1", "covers": ("Protocol 2.0",), "conditions": ("Report yearly.",), "expires_on": "2024"}
APPROVE = ApproveSubmission.model_validate({**AGREED, **DAY})
APPROVED = SubmissionApproved.model_validate({**AGREED, **DAY})
PROTOCOL = DocumentVersion(tmf_unique_id="032", document_id="doc-1", version="2.0")
CONSENT = DocumentVersion(tmf_unique_id="040", document_id="doc-2", version="1.0")
COMMANDS: dict[StepName, SubmissionCommand] = {
    "prepared": BeginPreparation(**DAY),
    "documents_named": NameDocuments(**DAY, documents=(PROTOCOL,)),
    "ready": CompletePreparation(**DAY),
    "submitted": Submit(**DAY),
    "validation_started": StartValidation(**DAY),
    "validation_questions_received": ReceiveQuestions(**DAY, phase="validation", limit=LIMIT),
    "validation_questions_answered": AnswerQuestions(**DAY, phase="validation"),
    "validated": Validate(**DAY),
    "found_invalid": FindInvalid(**DAY),
    "assessment_started": StartAssessment(**DAY),
    "part_concluded": ConcludePart(**DAY, part="I", conclusion="acceptable"),
    "questions_received": ReceiveQuestions(**DAY, part="I", limit=LIMIT),
    "questions_answered": AnswerQuestions(**DAY),
    "approved": APPROVE,
    "tacitly_approved": APPROVE.model_copy(update={"tacit": True, "conditions": ()}),
    "rejected": RejectSubmission(**DAY, reference="EC-2"),
    "withdrawn": WithdrawSubmission(**DAY),
    "lapsed": LapseSubmission(**DAY),
    "expired": ExpireApproval(**DAY),
    "renewed": RenewApproval(**DAY, reference="EC-3", expires_on="2025"),
    "suspended": SuspendApproval(**DAY),
    "reinstated": ReinstateApproval(**DAY),
    "revoked": RevokeApproval(**DAY),
    "condition_fulfilled": FulfilCondition(**DAY, number=1),
    "modification_implemented": ImplementModification(**DAY, site_id="site-7", site_country="DE"),
}
SUBMITTED: tuple[StepName, ...] = ("submitted",)
GRANT: tuple[StepName, ...] = ("submitted", "approved")
WAYS: dict[Stage, tuple[StepName, ...]] = {
    "in_preparation": (),
    "ready": ("ready",),
    "submitted": SUBMITTED,
    "under_validation": ("submitted", "validation_started"),
    "validation_rfi": ("submitted", "validation_questions_received"),
    "valid": ("submitted", "validated"),
    "invalid": ("submitted", "found_invalid"),
    "under_assessment": ("submitted", "validated", "assessment_started"),
    "rfi_received": ("submitted", "questions_received"),
    "rfi_responded": ("submitted", "questions_received", "questions_answered"),
    "approved_with_conditions": GRANT,
    "tacitly_approved": ("submitted", "tacitly_approved"),
    "rejected": ("submitted", "rejected"),
    "withdrawn": ("withdrawn",),
    "lapsed": (*GRANT, "lapsed"),
    "expired": (*GRANT, "expired"),
    "renewed": (*GRANT, "renewed"),
    "suspended": (*GRANT, "suspended"),
    "revoked": (*GRANT, "revoked"),
}
"""A way to each stage but `planned` and `approved`, which have tests of their own."""


def taken(submission: Submission | None, command: SubmissionCommand) -> Submission:
    state = reduce(evolve, decide(submission, command), submission)
    assert state is not None
    return state


def after(*steps: StepName, **about: Any) -> Submission:
    begun = taken(None, PREPARE.model_copy(update=about))
    return reduce(taken, (COMMANDS[step] for step in steps), begun)


def codes(submission: Submission | None, command: SubmissionCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(submission, command)
    return [reason.code for reason in refused.value.reasons]


def test_a_submission_is_prepared_once() -> None:
    assert decide(None, PREPARE) == [PREPARED]
    assert decide(after(), PREPARE) == []


def test_a_submission_for_a_whole_country_names_no_site() -> None:
    whole_country = PREPARE.model_copy(update={"site_id": None, "site_country": None})
    assert decide(None, whole_country) == [PREPARED.model_copy(update={"site_id": None})]


def test_a_submission_for_a_site_goes_to_a_body_of_its_country() -> None:
    with pytest.raises(Refused, match="The site lies in FR: a submission for it cannot go to DE"):
        decide(None, PREPARE.model_copy(update={"site_country": "FR"}))


def test_a_planned_submission_is_begun_later() -> None:
    planned = after(planned=True, kind="initial")
    assert (planned.stage, planned.status) == ("planned", "planned")
    begun = taken(planned, BeginPreparation(**DAY))
    assert (begun.stage, begun.status, begun.kind) == ("in_preparation", "prepared", "initial")
    assert decide(begun, BeginPreparation(**DAY)) == []


@pytest.mark.parametrize("step", [one for one in FOLLOWS if one != "answer_limit_extended"])
@pytest.mark.parametrize("stage", WAYS)
def test_each_step_is_taken_at_the_stages_it_may_and_at_no_others(stage: Stage, step: StepName) -> None:
    submission, command = after(*WAYS[stage], kind="substantial_modification", body="registry"), COMMANDS[step]
    done = (submission.last_step, submission.last_step_on) == (step, command.occurred_at)
    assert submission.stage == stage
    if stage in FOLLOWS[step]:
        expected = {"renewed": True, "condition_fulfilled": bool(submission.conditions)}.get(step, True)
        if expected:
            assert [STEP_OF[type(event)] for event in decide(submission, command)] == [step] or done
        else:
            assert codes(submission, command) == ["condition_unknown"]
    elif done or (step, stage) == ("reinstated", "approved"):
        assert decide(submission, command) == []
    else:
        assert {"wrong_status", "not_approved"} & set(codes(submission, command))


def test_a_step_told_again_with_another_date_is_refused_and_not_taken_as_done() -> None:
    submission = after("submitted", "questions_received")
    other = ReceiveQuestions.model_validate({**dict(COMMANDS["questions_received"]), "occurred_at": "2031-01-01"})
    assert "wrong_status" in codes(submission, other)


def test_every_stage_has_its_status_and_every_step_its_event() -> None:
    assert set(STATUS_AT) == set(get_args(Stage))
    assert set(EVENT_OF) == set(get_args(StepName)) == {"planned", *FOLLOWS}
    assert set(STAGE_AFTER) <= set(EVENT_OF)


def test_an_approval_without_conditions_is_plain() -> None:
    plain = taken(after("submitted"), APPROVE.model_copy(update={"conditions": ()}))
    assert (plain.stage, plain.status) == ("approved", "approved")


def test_a_suspension_that_is_lifted_leaves_what_there_was() -> None:
    suspended = after(*GRANT, "suspended")
    assert taken(suspended, ReinstateApproval(**DAY)).stage == "approved_with_conditions"
    assert taken(after(*GRANT, "renewed", "suspended"), ReinstateApproval(**DAY)).stage == "renewed"


def test_a_body_may_ask_again_and_every_round_has_its_number() -> None:
    asked = after("submitted", "validation_questions_received", "validation_questions_answered", "validated")
    again = reduce(taken, (COMMANDS["questions_received"], COMMANDS["questions_answered"]), asked)
    assert [(one.number, one.phase, one.answered_on) for one in again.rounds] == [
        (1, "validation", "2022-03-01"),
        (2, "assessment", "2022-03-01"),
    ]
    assert taken(again, COMMANDS["questions_received"]).status == "questions"


def test_an_answer_after_its_limit_makes_the_submission_lapse() -> None:
    asked = after("submitted", "questions_received")
    lapsed = SubmissionLapsed(occurred_at="2022-03-13T23:00:00Z", cause="answer_late", round=1)
    late = AnswerQuestions(occurred_at=LATE)
    assert decide(asked, late) == [lapsed]
    assert decide(evolve(asked, lapsed), late) == []


def test_an_answer_on_the_last_day_is_in_time() -> None:
    answer = AnswerQuestions(occurred_at="2022-03-13")
    assert decide(after("submitted", "questions_received"), answer) == [
        SubmissionQuestionsAnswered(occurred_at="2022-03-13")
    ]


def test_a_limit_that_lapses_nothing_may_be_missed() -> None:
    asked = taken(after("submitted"), ReceiveQuestions(**DAY, limit=LIMIT.model_copy(update={"lapses": False})))
    assert decide(asked, AnswerQuestions(occurred_at=LATE)) == [SubmissionQuestionsAnswered(occurred_at=LATE)]


def missed(number: int) -> LapseSubmission:
    return LapseSubmission(occurred_at="2022-03-13T23:00:00Z", cause="answer_limit_missed", round=number)


def test_a_missed_limit_makes_the_submission_lapse_while_its_round_waits_and_only_then() -> None:
    asked = after("submitted", "questions_received")
    assert decide(asked, missed(1)) == [SubmissionLapsed.model_validate(dict(missed(1)))]
    assert decide(asked, missed(2)) == []
    assert decide(after("submitted", "questions_received", "questions_answered"), missed(1)) == []
    assert decide(after("submitted"), missed(1)) == []
    assert decide(taken(asked, missed(1)), missed(1)) == []


def test_an_answer_in_time_that_is_entered_after_the_lapse_brings_the_submission_back() -> None:
    lapsed = taken(after("submitted", "questions_received"), missed(1))
    answered = taken(lapsed, AnswerQuestions(occurred_at="2022-03-10"))
    assert (answered.stage, answered.rounds[0].answered_on) == ("rfi_responded", "2022-03-10")
    assert codes(after(*GRANT, "lapsed"), AnswerQuestions(**DAY)) == ["wrong_status"]


def longer(number: int, day: int, *, said: str = "2022-03-12") -> ExtendAnswerLimit:
    return ExtendAnswerLimit(occurred_at=said, round=number, due_on=date(2022, 3, day))


def test_with_more_time_from_the_body_an_answer_after_the_first_limit_is_in_time() -> None:
    asked = taken(after("submitted", "questions_received"), longer(1, 20))
    limit = asked.rounds[0].limit
    assert limit is not None
    assert (asked.stage, asked.last_step, limit.due.due_on, limit.by_body) == (
        *("rfi_received", "questions_received"),
        *(date(2022, 3, 20), True),
    )
    assert decide(asked, longer(1, 20)) == []
    assert taken(asked, AnswerQuestions(occurred_at=LATE)).stage == "rfi_responded"
    assert taken(asked, AnswerQuestions(occurred_at="2022-03-21")).stage == "lapsed"


@pytest.mark.parametrize(
    ("step", "stage"), [("questions_received", "rfi_received"), ("validation_questions_received", "validation_rfi")]
)
def test_more_time_entered_after_the_lapse_lets_the_answer_be_awaited_again(step: StepName, stage: Stage) -> None:
    lapsed = taken(after("submitted", step), missed(1))
    back = taken(lapsed, longer(1, 20))
    assert (back.stage, back.status, back.last_step) == (stage, "questions", "answer_limit_extended")
    phase = back.rounds[0].phase
    assert taken(back, AnswerQuestions(occurred_at=LATE, phase=phase)).rounds[0].answered_on == LATE
    assert taken(back, missed(1)).stage == "lapsed"


def test_more_time_concerns_only_the_round_that_waits_and_a_later_limit() -> None:
    waits = after("submitted", "questions_received")
    assert decide(waits, longer(2, 20)) == decide(waits, longer(1, 13)) == []
    assert decide(after("submitted", "questions_received", "questions_answered"), longer(1, 20)) == []
    assert decide(after("submitted", "questions_received", "withdrawn"), longer(1, 20)) == []
    assert decide(after("submitted"), longer(1, 20)) == decide(after(*GRANT, "lapsed"), longer(1, 20)) == []


def test_an_approval_keeps_what_makes_it_one() -> None:
    assert decide(after("submitted"), APPROVE) == [APPROVED]
    assert after(*GRANT).model_dump(include=set(AGREED)) == AGREED


def test_a_refused_approval_names_everything_that_is_missing() -> None:
    command = ApproveSubmission(occurred_at=None)
    assert codes(after(), command) == ["wrong_status", "occurred_at_missing", "reference_missing", "covers_missing"]


def test_an_approval_cannot_expire_before_its_decision() -> None:
    expired = APPROVE.model_copy(update={"expires_on": "2022-02"})
    assert codes(after("submitted"), expired) == ["expires_before_decision"]


def test_an_approval_may_expire_in_the_month_of_its_decision_or_never() -> None:
    assert decide(after("submitted"), APPROVE.model_copy(update={"expires_on": "2022-03"}))
    assert decide(after("submitted"), APPROVE.model_copy(update={"expires_on": None}))


def test_an_approval_with_other_facts_is_another_decision_and_refused() -> None:
    assert decide(after(*GRANT), APPROVE) == []
    assert codes(after(*GRANT), APPROVE.model_copy(update={"reference": "EC-9"})) == ["wrong_status"]


def test_an_approval_covers_versions_that_were_submitted() -> None:
    submission = after("documents_named", "submitted")
    assert taken(submission, APPROVE.model_copy(update={"documents": (PROTOCOL,)})).covers_documents == (PROTOCOL,)
    other = APPROVE.model_copy(update={"documents": (CONSENT,), "covers": ()})
    assert codes(submission, other) == ["document_not_submitted"]


def test_silence_is_an_agreement_once_the_bodys_period_is_over_and_not_before() -> None:
    submission, silent = after("submitted"), COMMANDS["tacitly_approved"]
    early = silent.model_copy(update={"body_has_until": date(2022, 3, 2)})
    assert codes(submission, early) == ["period_not_over"]
    assert codes(submission, early.model_copy(update={"reference": None})) == ["reference_missing", "period_not_over"]
    on_last_day = silent.model_copy(update={"body_has_until": date(2022, 3, 1)})
    assert taken(submission, on_last_day).stage == "tacitly_approved"
    assert taken(submission, APPROVE.model_copy(update={"body_has_until": date(2022, 3, 2)})).status == "approved"


def test_a_refusal_without_a_reference_is_taken() -> None:
    command = RejectSubmission.model_validate(DAY)
    assert decide(after("submitted"), command) == [SubmissionRejected(occurred_at="2022-03-01", reference=None)]


def test_a_step_cannot_lie_before_the_one_it_follows() -> None:
    assert codes(after(), Submit(occurred_at="2021-12")) == ["before_last_step"]


def test_a_step_in_the_same_month_is_not_too_early() -> None:
    assert decide(after(), Submit(occurred_at="2022-01"))


def test_an_approval_can_be_given_up_and_stays_known() -> None:
    withdrawn = after(*GRANT, "withdrawn")
    assert (withdrawn.status, withdrawn.reference) == ("withdrawn", "EC-1")


def test_a_renewal_needs_its_reference_and_a_later_end() -> None:
    command = RenewApproval(**DAY, expires_on="2022-02")
    assert codes(after("submitted"), command) == ["wrong_status", "reference_missing", "expires_before_decision"]
    renewed = after(*GRANT, "expired", "renewed")
    assert (renewed.renewals, renewed.expires_on, renewed.reference) == (1, "2025", "EC-3")


def test_an_expiry_by_its_clock_concerns_an_approval_in_force() -> None:
    by_clock = ExpireApproval(**DAY, by_policy=True)
    assert [STEP_OF[type(event)] for event in decide(after(*GRANT), by_clock)] == ["expired"]
    assert decide(after(*GRANT, "withdrawn"), by_clock) == []


def test_conditions_are_fulfilled_one_by_one_and_each_once() -> None:
    granted = after(*GRANT)
    fulfilled = taken(granted, FulfilCondition(**DAY, number=1))
    assert [one.number for one in fulfilled.fulfilled] == [1]
    assert decide(fulfilled, FulfilCondition(**DAY, number=1)) == []
    assert codes(granted, FulfilCondition(**DAY, number=2)) == ["condition_unknown"]


def test_with_the_last_part_the_assessment_is_complete_on_the_latest_date() -> None:
    valid = after("submitted", "validated")
    first = ConcludePart(occurred_at="2022-08-01", part="I", conclusion="acceptable")
    one = taken(valid, first)
    assert decide(one, first) == []
    assert decide(one, ConcludePart(occurred_at="2022-07-18", part="II", conclusion="acceptable")) == [
        SubmissionPartConcluded(occurred_at="2022-07-18", part="II", conclusion="acceptable", completed_on="2022-08-01")
    ]
    only = taken(
        after("submitted", "validated", parts=("II",)), ConcludePart(**DAY, part="II", conclusion="acceptable")
    )
    assert only.steps[-1].completes
    assert codes(only, first) == ["part_unknown"]


def test_a_submission_names_every_document_its_country_requires() -> None:
    initial = after(kind="initial", documents=(PROTOCOL, CONSENT))
    with pytest.raises(Refused) as refused:
        decide(initial, Submit(**DAY, not_approved=(CONSENT,)))
    found = {(reason.code, reason.field) for reason in refused.value.reasons}
    assert found == {
        ("document_missing", "documents.065"),
        ("document_missing", "documents.031"),
        ("document_missing", "documents.041"),
        ("document_not_approved", "documents.040"),
    }
    assert codes(initial, CompletePreparation(**DAY)) == ["document_missing"] * 3


def test_with_every_document_it_goes_to_the_body() -> None:
    wanted = required_documents("DE", "initial", "competent_authority", ())
    documents = tuple(
        DocumentVersion(tmf_unique_id=row.tmf_unique_id, document_id=f"doc-{row.tmf_unique_id}", version="1")
        for row in wanted
    )
    about = {"kind": "initial", "body": "competent_authority", "documents": documents}
    assert after("ready", "submitted", **about).stage == "submitted"


def test_a_document_stands_in_a_dossier_once() -> None:
    twice = (PROTOCOL, PROTOCOL.model_copy(update={"version": "3.0"}))
    assert codes(None, PREPARE.model_copy(update={"documents": twice})) == ["document_twice"]
    assert codes(None, PREPARE.model_copy(update={"parts": ("I", "I")})) == ["part_twice"]
    assert codes(after("submitted"), NameDocuments(**DAY, documents=twice)) == ["wrong_status", "document_twice"]
    assert decide(after("documents_named"), COMMANDS["documents_named"]) == []


@pytest.mark.parametrize(
    ("place", "ids"),
    [
        (("DE", "initial", "competent_authority", ()), "052 032 033 031 040 041 087 036"),
        (("DE", "initial", "competent_authority", ("II",)), "040 041 087 036"),
        (("US", "initial", "ethics_committee", ()), "065 032 031 040"),
        (("JP", "initial", "competent_authority", ()), "052 032 031"),
        (("US", "annual_report", "ethics_committee", ()), "073"),
        (("DE", "results", "registry", ()), ""),
    ],
)
def test_the_most_specific_jurisdiction_says_which_documents(place: Any, ids: str) -> None:
    assert [row.tmf_unique_id for row in required_documents(*place)] == ids.split()
    assert all(row.source for row in REQUIRED_DOCUMENTS)


def test_a_modification_waits_for_its_approval_but_as_an_urgent_safety_measure() -> None:
    carry_out = ImplementModification(**DAY, site_id="site-7", site_country="DE")
    urgent = carry_out.model_copy(update={"urgent_safety_measure": True})
    waiting = after("submitted", kind="substantial_modification", body="registry")
    assert codes(waiting, carry_out) == ["not_approved"]
    assert taken(waiting, urgent).implementations[0].urgent_safety_measure
    approved = taken(waiting, APPROVE)
    assert codes(approved, carry_out.model_copy(update={"occurred_at": "2022-02"})) == ["before_approval"]
    done = taken(approved, carry_out)
    assert decide(done, carry_out) == []
    told_by_site = carry_out.model_copy(update={"by_policy": True})
    assert decide(approved, told_by_site)
    assert decide(waiting, told_by_site) == decide(done, told_by_site) == []
    assert codes(done, carry_out.model_copy(update={"site_id": "site-8", "site_country": "FR"})) == ["country_differs"]


def test_a_small_modification_needs_no_approval_and_an_initial_submission_is_none() -> None:
    carry_out = ImplementModification(**DAY)
    assert decide(after(kind="non_substantial"), carry_out)
    assert codes(after("withdrawn", kind="non_substantial"), carry_out) == ["not_approved"]
    assert codes(after(), carry_out) == ["no_modification"]


def steps(*names: str) -> tuple[AdoptedStep, ...]:
    return tuple(AdoptedStep.model_validate({"step": name, "on": f"2020-0{n}"}) for n, name in enumerate(names, 1))


def adoption(*taken_over: AdoptedStep, **more: Any) -> AdoptSubmission:
    facts = {**FACTS, "site_country": "DE", "occurred_at": None, "steps": taken_over, **more}
    return AdoptSubmission.model_validate(facts)


def test_a_history_is_taken_over_without_any_gate_and_again_changes_nothing() -> None:
    history = steps("submitted", "questions_received", "rejected", "part_concluded")
    adopted = taken(None, adoption(*history, limits=(None, LIMIT, None, None)))
    assert (adopted.stage, adopted.rounds[0].limit, adopted.reference) == ("rejected", LIMIT, "")
    assert decide(adopted, adoption(*history)) == []
    longer = (*history, *steps("planned", "prepared", "ready", "submitted", "withdrawn")[-1:])
    assert taken(adopted, adoption(*longer)).stage == "withdrawn"


def test_a_history_may_begin_with_its_own_preparation_and_tell_every_step() -> None:
    own = adoption(*steps("planned", "prepared", "lapsed", "expired", "renewed"), occurred_at="2020-01", planned=True)
    assert [one.step for one in taken(None, own).steps] == ["planned", "prepared", "lapsed", "expired", "renewed"]


@pytest.mark.parametrize("command", [*COMMANDS.values(), missed(1)])
def test_a_submission_that_is_not_known_takes_no_step(command: SubmissionCommand) -> None:
    assert codes(None, command) == ["submission_unknown"]
    with pytest.raises(Refused, match="not known"):
        evolve(None, APPROVED)


@pytest.mark.parametrize(("status", "stage"), [("prepared", "in_preparation"), ("approved", "approved")])
def test_what_was_stored_before_there_were_stages_can_be_read(status: str, stage: Stage) -> None:
    stored = {**FACTS, "status": status, "last_step": status, "last_step_on": "2022-01-10"}
    del stored["occurred_at"]
    old = Submission.model_validate(stored)
    assert (old.stage, old.granted_as) == (stage, "approved" if status == "approved" else None)


class Life(RuleBasedStateMachine):
    """A submission against a small model of its own: which stage each step leads to, and from where."""

    def __init__(self) -> None:
        super().__init__()
        self.submission = after(kind="substantial_modification", body="registry")
        self.stage: Stage = "in_preparation"
        self.before_suspension: Stage = "approved"
        self.rounds = 0
        self.conditions = 0
        self.awaited: StepName | None = None

    @rule(step=st.sampled_from(sorted(COMMANDS)))
    def take(self, step: StepName) -> None:
        events: list[SubmissionEvent] = []
        try:
            events = decide(self.submission, COMMANDS[step])
        except Refused:
            assert not self._may(step)
            return
        self.submission = reduce(evolve, events, self.submission)
        for event in events:
            assert self._may(STEP_OF[type(event)])
            self._follow(STEP_OF[type(event)])
        assert decide(self.submission, COMMANDS[step]) == [] or step == "part_concluded"

    @invariant()
    def submission_and_model_agree(self) -> None:
        assert self.submission.stage == self.stage
        assert self.submission.status == STATUS_AT[self.stage]
        assert len(self.submission.rounds) == self.rounds
        assert (self.submission.reference is not None) >= (self.stage in GRANTED)

    def _may(self, step: StepName) -> bool:
        enough = step != "condition_fulfilled" or self.conditions > 0
        came_back = self.stage == "lapsed" and step == self.awaited
        return (enough and self.stage in FOLLOWS[step]) or came_back

    def _follow(self, step: StepName) -> None:
        if step == "suspended":
            self.before_suspension = self.stage
        if step.endswith("questions_received"):
            self.rounds += 1
            self.awaited = "questions_answered" if step == "questions_received" else "validation_questions_answered"
        elif step == self.awaited:
            self.awaited = None
        if step in {"approved", "tacitly_approved"}:
            self.conditions = int(step == "approved")
        if step == "approved":
            self.stage = "approved_with_conditions"
        elif step == "reinstated":
            self.stage = self.before_suspension
        else:
            self.stage = STAGE_AFTER.get(step, self.stage)


Life.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_a_submission_agrees_with_its_model = Life.TestCase
