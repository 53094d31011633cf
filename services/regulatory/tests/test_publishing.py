"""Every event of a submission is told to the world in the words of the contract; the texts of conditions are not."""

from functools import reduce

from contracts import PublicEvent
from contracts import regulatory as public
from contracts.regulatory import submissions as contract
from regulatory.domain import submission
from regulatory.publishing.submissions import PLAIN_EVENTS, publish_submission

AT = {"occurred_at": "2022-03-01"}
ABOUT = {"study_id": "s1", "submission_id": "sub-1", "body": "ethics_committee", "country": "DE", "site_id": "site-7"}
PREPARED = submission.SubmissionPrepared.model_validate({**AT, **ABOUT, "sponsor_id": "acme-1"})
AGREED = {"reference": "EC-1", "covers": ("Protocol 2.0",), "expires_on": "2024-06"}


def published(*events: submission.SubmissionEvent) -> PublicEvent:
    """What the last of the events is published as."""
    state = reduce(submission.evolve, events, None)
    assert state is not None
    return publish_submission(state, events[-1])


def approved(*conditions: str) -> PublicEvent:
    facts = {**AT, **AGREED, "conditions": conditions}
    return published(PREPARED, submission.SubmissionApproved.model_validate(facts))


def test_a_prepared_submission_is_told() -> None:
    assert published(PREPARED) == public.SubmissionPrepared.model_validate(ABOUT)


def test_every_plain_step_is_told_under_its_name() -> None:
    for event in set(PLAIN_EVENTS) - {submission.SubmissionPrepared}:
        told = published(PREPARED, event.model_validate(AT))
        assert told == getattr(public, event.__name__).model_validate(ABOUT)


def test_an_approval_is_told_with_what_it_covers() -> None:
    assert approved() == public.SubmissionApproved.model_validate({**ABOUT, **AGREED, "with_conditions": False})


def test_that_there_are_conditions_is_told_but_not_which() -> None:
    told = approved("Report every death within a day.")
    assert told == public.SubmissionApproved.model_validate({**ABOUT, **AGREED, "with_conditions": True})
    assert "death" not in told.model_dump_json()


def test_a_refusal_is_told_with_its_reference() -> None:
    told = published(PREPARED, submission.SubmissionRejected.model_validate({**AT, "reference": "EC-2"}))
    assert told == public.SubmissionRejected.model_validate({**ABOUT, "reference": "EC-2"})


def test_every_event_of_the_contract_is_told_by_some_event() -> None:
    told = {*PLAIN_EVENTS.values(), public.SubmissionApproved, public.SubmissionRejected}
    assert told == set(contract.EVENTS)
