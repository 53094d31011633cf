"""Evidence is noted whenever it comes, given up when its source gives it up, and never twice."""

from functools import reduce

import pytest
from kernel import Refused
from sites.domain.evidence import (
    Evidence,
    EvidenceEvent,
    EvidenceExtended,
    EvidenceRecorded,
    EvidenceRevoked,
    ExtendEvidence,
    RecordEvidence,
    RevokeEvidence,
    decide,
    evolve,
)

FACTS = {
    "occurred_at": "2022-01-15",
    "source_id": "submission-1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "kind": "ethics_approval",
    "country": "DE",
    "site_id": None,
    "event_id": "e1",
    "expires_on": None,
}
RECORD = RecordEvidence.model_validate(FACTS)
RECORDED = EvidenceRecorded.model_validate(FACTS)
REVOKE = RevokeEvidence(occurred_at="2022-05", event_id="e2")
REVOKED = EvidenceRevoked(occurred_at="2022-05", event_id="e2")


def after(*events: EvidenceEvent) -> Evidence:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def test_evidence_is_recorded_once() -> None:
    assert decide(None, RECORD) == [RECORDED]
    assert decide(after(RECORDED), RECORD) == []


def test_evidence_is_in_force_until_it_is_revoked() -> None:
    assert after(RECORDED).in_force
    assert decide(after(RECORDED), REVOKE) == [REVOKED]
    assert not after(RECORDED, REVOKED).in_force


def test_evidence_is_revoked_once() -> None:
    assert decide(after(RECORDED, REVOKED), REVOKE) == []


def test_a_source_that_never_was_evidence_needs_no_revoking() -> None:
    assert decide(None, REVOKE) == []


def test_a_new_decision_of_the_same_source_takes_the_place_of_the_old() -> None:
    renewed = RecordEvidence.model_validate({**FACTS, "event_id": "e3", "expires_on": "2024"})
    [event] = decide(after(RECORDED, REVOKED), renewed)
    assert after(RECORDED, REVOKED, event).model_dump(include={"event_id", "expires_on", "in_force"}) == {
        "event_id": "e3",
        "expires_on": "2024",
        "in_force": True,
    }


def test_nothing_is_revoked_that_was_not_recorded() -> None:
    with pytest.raises(Refused, match="not known"):
        evolve(None, REVOKED)


def test_evidence_keeps_by_what_and_since_when_it_was_given_up() -> None:
    state = after(RECORDED, REVOKED)
    assert (state.ended_by, state.ended_on) == ("e2", "2022-05")


def test_evidence_in_force_may_hold_until_another_date_and_what_was_given_up_may_not() -> None:
    extend = ExtendEvidence(occurred_at="2022-03", event_id="e4", expires_on="2026")
    extended = EvidenceExtended(occurred_at="2022-03", event_id="e4", expires_on="2026")
    assert decide(after(RECORDED), extend) == [extended]
    assert after(RECORDED, extended).expires_on == "2026"
    assert decide(after(RECORDED, extended), extend) == []
    assert decide(after(RECORDED, REVOKED), extend) == decide(None, extend) == []
