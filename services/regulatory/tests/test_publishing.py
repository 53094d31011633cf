"""Every event of a submission is told to the world in the words of the contract; the texts of conditions are not."""

from datetime import date
from functools import reduce
from typing import Any

from contracts import PublicEvent
from contracts import regulatory as public
from contracts.regulatory import submissions as contract
from regulatory.domain import submission_events as private
from regulatory.domain.calendar import decided
from regulatory.domain.submission_state import evolve
from regulatory.publishing.submissions import PLAIN_EVENTS, QUESTIONS, publish_submission

AT = {"occurred_at": "2022-03-01"}
ABOUT: dict[str, Any] = {
    "study_id": "s1",
    "submission_id": "sub-1",
    "body": "ethics_committee",
    "country": "DE",
    "site_id": "site-7",
    "kind": "initial",
    "parts": ("I",),
}
PREPARED = private.SubmissionPrepared.model_validate({**AT, **ABOUT, "sponsor_id": "acme-1"})
DOCUMENT = {"tmf_unique_id": "032", "document_id": "doc-1", "version": "2.0"}
AGREED = {"reference": "EC-1", "covers": ("Protocol 2.0",), "expires_on": "2024-06"}
FIRST = (private.SubmissionPlanned, private.SubmissionPrepared)


def made(event: type[private.SubmissionEvent], **more: Any) -> private.SubmissionEvent:
    return event.model_validate({**AT, **more})


def published(*events: private.SubmissionEvent) -> PublicEvent:
    """What the last of the events is published as."""
    state = reduce(evolve, events, None)
    assert state is not None
    return publish_submission(state, events[-1])


def approved(*conditions: str) -> private.SubmissionEvent:
    return made(private.SubmissionApproved, **AGREED, conditions=conditions, documents=(DOCUMENT,))


def told(event: type[PublicEvent], **more: Any) -> PublicEvent:
    return event.model_validate({**ABOUT, **more})


def test_a_submission_that_is_begun_or_foreseen_is_told() -> None:
    assert published(PREPARED) == told(public.SubmissionPrepared)
    planned = private.SubmissionPlanned.model_validate(dict(PREPARED))
    assert published(planned) == told(public.SubmissionPlanned)


def test_every_plain_step_is_told_under_its_name() -> None:
    for event, expected in PLAIN_EVENTS.items():
        if event not in FIRST:
            assert published(PREPARED, made(event)) == told(expected)


def test_questions_are_told_with_their_round_and_their_limit() -> None:
    limit = private.AnswerLimit(due=decided("2022-03-01", date(2022, 3, 13), "Europe/Berlin"), by_body=True)
    for event, expected in QUESTIONS.items():
        due = {"due_on": "2022-03-13", "due_by_body": True}
        assert published(PREPARED, made(event, part="I", limit=limit)) == told(expected, part="I", rounds=1, **due)
        assert published(PREPARED, made(event)) == told(expected, rounds=1)


def test_more_time_for_an_answer_is_told_with_its_round_and_its_new_limit() -> None:
    limit = private.AnswerLimit(due=decided("2022-03-01", date(2022, 3, 20), "Europe/Berlin"), by_body=True)
    facts = {"round": 1, "phase": "assessment", "had_lapsed": False}
    asked, longer = made(private.SubmissionQuestionsReceived), made(private.AnswerLimitExtended, **facts, limit=limit)
    expected = told(public.SubmissionAnswerLimitExtended, **facts, rounds=1, due_on="2022-03-20")
    assert published(PREPARED, asked, longer) == expected


def test_an_approval_is_told_with_what_it_covers() -> None:
    expected = {**AGREED, "with_conditions": False, "documents": (DOCUMENT,)}
    assert published(PREPARED, approved()) == told(public.SubmissionApproved, **expected)
    tacit = private.SubmissionTacitlyApproved.model_validate(dict(approved()))
    assert published(PREPARED, tacit) == told(public.SubmissionApproved, **expected, tacit=True)


def test_that_there_are_conditions_is_told_but_not_which() -> None:
    event = published(PREPARED, approved("Report every death within a day."))
    expected = {**AGREED, "with_conditions": True, "conditions": 1, "documents": (DOCUMENT,)}
    assert event == told(public.SubmissionApproved, **expected)
    assert "death" not in event.model_dump_json()


def test_what_comes_after_an_approval_is_told() -> None:
    granted = (PREPARED, approved("One.", "Two."))
    renewed = {"reference": "EC-2", "expires_on": "2026"}
    covers = AGREED["covers"]
    for event, expected in (
        (
            made(private.ApprovalRenewed, **renewed),
            told(public.SubmissionRenewed, **renewed, renewals=1, covers=covers),
        ),
        (made(private.ApprovalReinstated), told(public.SubmissionReinstated, expires_on="2024-06", covers=covers)),
        (
            made(private.ConditionFulfilled, number=1),
            told(public.SubmissionConditionFulfilled, number=1, open_conditions=1),
        ),
        (
            made(private.ModificationImplemented, site_id="site-7", urgent_safety_measure=True),
            told(public.SubmissionModificationImplemented, implemented_at_site_id="site-7", urgent_safety_measure=True),
        ),
    ):
        assert published(*granted, event) == expected


def test_other_steps_are_told_with_their_facts() -> None:
    for event, expected in (
        (
            made(private.SubmissionDocumentsNamed, documents=(DOCUMENT,)),
            told(public.SubmissionDocumentsNamed, documents=(DOCUMENT,)),
        ),
        (
            made(private.SubmissionPartConcluded, part="I", conclusion="acceptable", completed_on="2022-03-01"),
            told(public.SubmissionPartConcluded, part="I", conclusion="acceptable", completed_on="2022-03-01"),
        ),
        (made(private.SubmissionRejected, reference="EC-2"), told(public.SubmissionRejected, reference="EC-2")),
        (
            made(private.SubmissionLapsed, cause="answer_late", round=1),
            told(public.SubmissionLapsed, cause="answer_late", round=1),
        ),
    ):
        assert published(PREPARED, event) == expected


def test_every_event_of_the_contract_is_told_by_some_event() -> None:
    others = {
        public.SubmissionAnswerLimitExtended,
        public.SubmissionApproved,
        public.SubmissionRejected,
        public.SubmissionDocumentsNamed,
        public.SubmissionPartConcluded,
        public.SubmissionLapsed,
        public.SubmissionRenewed,
        public.SubmissionReinstated,
        public.SubmissionConditionFulfilled,
        public.SubmissionModificationImplemented,
    }
    assert {*PLAIN_EVENTS.values(), *QUESTIONS.values(), *others} == set(contract.EVENTS)
