"""A submission goes from preparation to a decision that says what it covers; a refusal names all that is missing."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import Refused
from regulatory.domain.submission import (
    EVENT_OF,
    FOLLOWS,
    AnswerQuestions,
    ApproveSubmission,
    PrepareSubmission,
    ReceiveQuestions,
    RejectSubmission,
    Status,
    StepName,
    Submission,
    SubmissionApproved,
    SubmissionCommand,
    SubmissionEvent,
    SubmissionPrepared,
    SubmissionRejected,
    Submit,
    WithdrawSubmission,
    decide,
    evolve,
)

FACTS = {
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
AGREED = {"reference": "EC-1", "covers": ("Protocol 2.0",), "conditions": ("Report yearly.",), "expires_on": "2024"}
DAY = {"occurred_at": "2022-03-01"}
APPROVE = ApproveSubmission.model_validate({**AGREED, **DAY})
APPROVED = SubmissionApproved.model_validate({**AGREED, **DAY})
COMMANDS: dict[StepName, SubmissionCommand] = {
    "submitted": Submit.model_validate(DAY),
    "questions_received": ReceiveQuestions.model_validate(DAY),
    "questions_answered": AnswerQuestions.model_validate(DAY),
    "approved": APPROVE,
    "rejected": RejectSubmission.model_validate({**DAY, "reference": "EC-2"}),
    "withdrawn": WithdrawSubmission.model_validate(DAY),
}
WAYS: dict[StepName, tuple[StepName, ...]] = {
    "prepared": (),
    "submitted": ("submitted",),
    "questions_received": ("submitted", "questions_received"),
    "questions_answered": ("submitted", "questions_received", "questions_answered"),
    "approved": ("submitted", "approved"),
    "rejected": ("submitted", "rejected"),
    "withdrawn": ("withdrawn",),
}
STATUS_AT: dict[StepName, Status] = {
    "prepared": "prepared",
    "submitted": "submitted",
    "questions_received": "questions",
    "questions_answered": "submitted",
    "approved": "approved",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
}


def event(step: StepName) -> SubmissionEvent:
    return PREPARED if step == "prepared" else EVENT_OF[step].model_validate(dict(COMMANDS[step]))


def after(*steps: StepName) -> Submission:
    return reduce(evolve, [event(step) for step in steps], evolve(None, PREPARED))


def codes(submission: Submission, command: SubmissionCommand) -> list[str]:
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


@pytest.mark.parametrize("step", FOLLOWS)
@pytest.mark.parametrize("last", WAYS)
def test_each_step_follows_the_steps_it_may_and_no_others(last: StepName, step: StepName) -> None:
    submission = after(*WAYS[last])
    if last in FOLLOWS[step]:
        assert decide(submission, COMMANDS[step]) == [event(step)]
    elif last == step:
        assert decide(submission, COMMANDS[step]) == []
    else:
        assert "wrong_status" in codes(submission, COMMANDS[step])


@pytest.mark.parametrize("last", WAYS)
def test_a_submission_stands_where_its_last_step_led(last: StepName) -> None:
    assert after(*WAYS[last]).status == STATUS_AT[last]


def test_a_body_may_ask_again_after_an_answer() -> None:
    asked_again = after("submitted", "questions_received", "questions_answered", "questions_received")
    assert asked_again.status == "questions"


def test_an_approval_keeps_what_makes_it_one() -> None:
    assert decide(after("submitted"), APPROVE) == [APPROVED]
    assert after("submitted", "approved").model_dump(include=set(AGREED)) == AGREED


def test_a_refused_approval_names_everything_that_is_missing() -> None:
    command = ApproveSubmission(occurred_at=None)
    assert codes(after(), command) == ["wrong_status", "occurred_at_missing", "reference_missing", "covers_missing"]


def test_an_approval_cannot_expire_before_its_decision() -> None:
    assert codes(after("submitted"), APPROVE.model_copy(update={"expires_on": "2022-02"})) == [
        "expires_before_decision"
    ]


def test_an_approval_may_expire_in_the_month_of_its_decision_or_never() -> None:
    assert decide(after("submitted"), APPROVE.model_copy(update={"expires_on": "2022-03"}))
    assert decide(after("submitted"), APPROVE.model_copy(update={"expires_on": None}))


def test_an_approval_with_other_facts_is_another_decision_and_refused() -> None:
    assert codes(after("submitted", "approved"), APPROVE.model_copy(update={"reference": "EC-9"})) == ["wrong_status"]


def test_a_refusal_without_a_reference_is_taken() -> None:
    command = RejectSubmission.model_validate(DAY)
    assert decide(after("submitted"), command) == [SubmissionRejected(occurred_at="2022-03-01", reference=None)]


def test_a_step_cannot_lie_before_the_one_it_follows() -> None:
    assert codes(after(), Submit(occurred_at="2021-12")) == ["before_last_step"]


def test_a_step_in_the_same_month_is_not_too_early() -> None:
    assert decide(after(), Submit(occurred_at="2022-01"))


def test_an_approval_can_be_given_up_and_stays_known() -> None:
    withdrawn = after("submitted", "approved", "withdrawn")
    assert (withdrawn.status, withdrawn.reference) == ("withdrawn", "EC-1")


@pytest.mark.parametrize("command", COMMANDS.values())
def test_a_submission_that_is_not_known_takes_no_step(command: SubmissionCommand) -> None:
    with pytest.raises(Refused, match="not known"):
        decide(None, command)


def test_every_kind_of_event_is_the_event_of_a_step() -> None:
    assert set(EVENT_OF) == {"prepared", *FOLLOWS}


@given(st.lists(st.sampled_from(sorted(COMMANDS)), max_size=12))
def test_a_command_repeated_at_once_changes_nothing(steps: list[StepName]) -> None:
    submission = after()
    for step in steps:
        try:
            submission = reduce(evolve, decide(submission, COMMANDS[step]), submission)
        except Refused:
            continue
        assert decide(submission, COMMANDS[step]) == []
