"""A site's checklist tells each item once as it changes, and takes evidence and waivers by hand, or says why not."""

from functools import reduce
from typing import Any

import pytest
from green_lights import FIT, NOW, SITE, folded, gate, proof
from kernel import Refused, Signature, SignedContent
from sites.domain.activation import Gate
from sites.domain.checklist_rules import StudyFacts
from sites.domain.site_checklist import SiteChecklist, decide, evolve, waiver_content
from sites.domain.site_checklist_messages import (
    AssessChecklist,
    ChecklistEvidenceRecorded,
    ChecklistEvidenceWithdrawn,
    ChecklistItemJudged,
    ChecklistWaiverEnded,
    ChecklistWaiverSigned,
    EndChecklistWaiver,
    NextLookSet,
    RecordChecklistEvidence,
    SiteChecklistCompleted,
    SiteChecklistEvent,
    SiteChecklistOpened,
    SiteChecklistReopened,
    WaiveChecklistItem,
    WithdrawChecklistEvidence,
)

ABOUT: dict[str, Any] = {**SITE, "checklist_id": "checklist-7", "now": NOW, "occurred_at": "2026-03-10"}
BY_HAND: dict[str, Any] = {"evidence_id": "ev-1", "document": "CERT-1", "recorded_by": "u1"}
REASON = "The monitor's report is in review."


def assess(of: Gate, now: str = NOW) -> AssessChecklist:
    return AssessChecklist.model_validate({**ABOUT, "gate": of, "now": now, "occurred_at": now})


def record(code: str, of: Gate | None = None, **more: Any) -> RecordChecklistEvidence:
    return RecordChecklistEvidence.model_validate({**ABOUT, **BY_HAND, "gate": of or gate(), "code": code, **more})


def signature(content: SignedContent) -> Signature:
    instant = "2026-03-15T11:59:00Z"
    about = {"signer_id": "q1", "printed_name": "Q. Lead", "meaning": "approval", "binds": content}
    return Signature.model_validate({**about, "signed_at": instant, "authenticated_at": instant})


def waive(code: str, of: Gate | None = None, content: SignedContent | None = None) -> WaiveChecklistItem:
    signed = signature(content or waiver_content("site-7", "study/1", code, REASON))
    about = {"gate": of or gate(), "code": code, "reason": REASON, "signature": signed}
    return WaiveChecklistItem.model_validate({**ABOUT, **about})


def told(events: list[SiteChecklistEvent]) -> list[str]:
    """The items that the events tell of, as code and status."""
    return [f"{one.item.code} {one.item.status}" for one in events if isinstance(one, ChecklistItemJudged)]


def codes_of(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def assessed(of: Gate, *, after: SiteChecklist | None = None) -> SiteChecklist:
    events = decide(after, assess(of))
    state = after
    for event in events:
        state = evolve(state, event)
    assert state is not None
    return state


def test_the_first_judgement_opens_the_checklist_and_tells_what_is_met_or_does_not_apply() -> None:
    events = decide(None, assess(gate(proof("insurance"), country="US")))
    assert isinstance(events[0], SiteChecklistOpened)
    assert events[0].checklist_version == "study/1"
    assert "insurance met" in told(events)
    assert "data_privacy_agreement not_applicable" in told(events)
    assert not any("missing" in one for one in told(events))


def test_judging_again_where_nothing_is_new_tells_nothing() -> None:
    of = gate(proof("insurance"))
    assert decide(assessed(of), assess(of, "2026-03-16T00:00:00Z")) == []


def test_an_item_that_is_lost_is_told_once_with_what_took_it_and_since_when() -> None:
    state = assessed(gate(proof("insurance")))
    lost = gate(proof("insurance", ended_by="e9", ended_on="2026-03-01"))
    [event] = decide(state, assess(lost))
    assert isinstance(event, ChecklistItemJudged)
    assert (event.before, event.occurred_at) == ("satisfied", "2026-03-01")
    assert (event.item.status, event.item.lost_by) == ("missing", "e9")
    assert decide(evolve(state, event), assess(lost)) == []


def test_an_item_met_by_other_evidence_than_before_is_told_again() -> None:
    state = assessed(gate(proof("insurance")))
    assert told(decide(state, assess(gate(proof("insurance", event_id="renewed"))))) == ["insurance met"]


def test_the_last_item_completes_the_checklist_and_a_lost_one_reopens_it() -> None:
    core = Gate(country="DE", proofs=tuple(map(proof, ("authority_approval", "ethics_approval"))))
    state = assessed(core)
    assert not state.complete
    whole = Gate(country="DE", proofs=(*core.proofs, proof("initiation_visit")))
    assert isinstance(decide(state, assess(whole))[-1], SiteChecklistCompleted)
    complete = assessed(whole, after=state)
    assert isinstance(decide(complete, assess(core))[-1], SiteChecklistReopened)


def test_the_checklist_is_looked_at_again_when_a_date_may_change_an_item() -> None:
    of = gate(proof("insurance", expires_on="2026-06-30"))
    looks = [one.due_at for one in decide(None, assess(of)) if isinstance(one, NextLookSet)]
    assert [one.isoformat() for one in looks if one is not None] == ["2026-07-01T00:00:00+00:00"]
    after = decide(assessed(of), assess(of, "2026-07-01T00:00:00Z"))
    assert told(after) == ["insurance expired"]
    assert after[-1] == NextLookSet(occurred_at="2026-07-01T00:00:00Z", due_at=None)


def test_a_new_version_of_the_studys_checklist_opens_its_new_items_and_keeps_what_is_there() -> None:
    state = assessed(Gate(country="DE", proofs=(proof("ethics_approval"),)))
    events = decide(state, assess(gate(proof("ethics_approval"), country="US")))
    assert isinstance(events[0], SiteChecklistOpened)
    assert "ethics_approval met" not in told(events)
    assert assessed(gate(proof("ethics_approval")), after=state).item("ethics_approval") is not None


def test_evidence_recorded_by_hand_meets_its_item_at_once() -> None:
    events = decide(assessed(gate()), record("insurance", expires_on="2027"))
    assert isinstance(events[0], ChecklistEvidenceRecorded)
    assert (events[0].proof.document, events[0].proof.recorded_by) == ("CERT-1", "u1")
    assert told(events) == ["insurance met"]


def test_the_same_evidence_is_recorded_once() -> None:
    state = folded(*decide(None, record("insurance")))
    assert decide(state, record("insurance")) == []


def test_what_comes_as_an_event_is_not_recorded_by_hand() -> None:
    with pytest.raises(Refused, match=r"comes with regulatory\.submission\.approved") as refused:
        decide(None, record("ethics_approval"))
    assert codes_of(refused) == ["not_by_hand"]


def test_evidence_of_a_person_names_the_person_and_no_evidence_ends_before_it_begins() -> None:
    with pytest.raises(Refused) as refused:
        decide(None, record("investigator_gcp_certificate", expires_on="2025"))
    assert codes_of(refused) == ["expires_before_it_begins", "person_missing"]


def test_an_item_that_the_checklist_does_not_have_is_refused_with_those_it_has() -> None:
    with pytest.raises(Refused, match="has no item luck") as refused:
        decide(None, record("luck"))
    assert "insurance" in refused.value.reasons[0].detail


def test_evidence_taken_back_counts_no_more_and_stays_on_record() -> None:
    state = folded(*decide(None, record("insurance")))
    withdraw = WithdrawChecklistEvidence.model_validate({**ABOUT, "gate": gate(), "evidence_id": "ev-1"})
    events = decide(state, withdraw)
    assert isinstance(events[0], ChecklistEvidenceWithdrawn)
    assert told(events) == ["insurance missing"]
    after = state
    for event in events:
        after = evolve(after, event)
    assert (after.recorded[0].document, after.recorded[0].ended_on) == ("CERT-1", "2026-03-10")
    assert decide(after, withdraw) == []


def test_only_evidence_recorded_here_is_taken_back_here() -> None:
    withdraw = WithdrawChecklistEvidence.model_validate({**ABOUT, "gate": gate(), "evidence_id": "ev-9"})
    with pytest.raises(Refused) as refused:
        decide(None, withdraw)
    assert codes_of(refused) == ["evidence_unknown"]


def test_a_waivable_item_is_waived_for_a_reason_by_signature() -> None:
    events = decide(assessed(gate()), waive("initiation_report"))
    assert isinstance(events[0], ChecklistWaiverSigned)
    assert events[0].signature.printed_name == "Q. Lead"
    assert told(events) == ["initiation_report waived"]


def test_the_same_waiver_again_changes_nothing_and_one_taken_back_opens_the_item() -> None:
    state = folded(*decide(None, waive("initiation_report")))
    assert decide(state, waive("initiation_report")) == []
    end = EndChecklistWaiver.model_validate({**ABOUT, "gate": gate(), "code": "initiation_report"})
    events = decide(state, end)
    assert isinstance(events[0], ChecklistWaiverEnded)
    assert told(events) == ["initiation_report missing"]
    assert decide(assessed(gate()), end) == []


def test_a_waiver_holds_from_its_own_day_and_keeps_the_time_of_its_signature() -> None:
    state = folded(*decide(None, waive("initiation_report")))
    [waiver] = state.waivers
    assert (waiver.since, waiver.signed_at.isoformat()) == ("2026-03-10", "2026-03-15T11:59:00+00:00")
    events = decide(None, waive("initiation_report"))
    assert [one.occurred_at for one in events if isinstance(one, ChecklistItemJudged)][-1] == "2026-03-10"


def test_a_waiver_of_a_day_to_come_waits_for_it() -> None:
    later = waive("initiation_report").model_copy(update={"occurred_at": "2026-04-01"})
    events = decide(assessed(gate()), later)
    assert told(events) == []
    state = reduce(evolve, events, assessed(gate()))
    assert state.due_at is not None
    assert state.due_at.date().isoformat() == "2026-04-01"
    assert told(decide(state, assess(gate(), "2026-04-01T00:00:00Z"))) == ["initiation_report waived"]


def test_a_waiver_does_not_end_before_it_begins() -> None:
    state = folded(*decide(None, waive("initiation_report")))
    asked = {**ABOUT, "gate": gate(), "code": "initiation_report", "occurred_at": "2026-03-09"}
    with pytest.raises(Refused) as refused:
        decide(state, EndChecklistWaiver.model_validate(asked))
    assert codes_of(refused) == ["ends_before_it_begins"]


def test_a_waiver_that_was_taken_back_may_be_given_again_for_the_same_reason() -> None:
    state = folded(*decide(None, waive("initiation_report")))
    end = EndChecklistWaiver.model_validate({**ABOUT, "gate": gate(), "code": "initiation_report"})
    ended = reduce(evolve, decide(state, end), state)
    again = reduce(evolve, decide(ended, waive("initiation_report")), ended)
    assert [one.ended for one in again.waivers] == [True, False]


def test_what_its_rule_does_not_let_waive_is_not_waived_and_what_is_there_needs_no_waiver() -> None:
    with pytest.raises(Refused, match="cannot be waived") as refused:
        decide(None, waive("insurance"))
    assert codes_of(refused) == ["not_waivable"]
    with pytest.raises(Refused, match="needs no waiver") as refused:
        decide(None, waive("initiation_report", gate(proof("initiation_report"))))
    assert codes_of(refused) == ["nothing_to_waive"]


@pytest.mark.parametrize(
    "content",
    [
        waiver_content("site-8", "study/1", "initiation_report", REASON),
        waiver_content("site-7", "study/2", "initiation_report", REASON),
        waiver_content("site-7", "study/1", "system_access", REASON),
        waiver_content("site-7", "study/1", "initiation_report", "Another reason."),
    ],
)
def test_a_signature_of_something_else_waives_nothing(content: SignedContent) -> None:
    with pytest.raises(Refused) as refused:
        decide(None, waive("initiation_report", content=content))
    assert codes_of(refused) == ["signature_of_something_else"]


def test_a_waived_item_that_is_met_later_is_waived_again_when_it_is_lost() -> None:
    state = folded(*decide(None, waive("initiation_report")))
    met = gate(proof("initiation_report"))
    assert told(decide(state, assess(met))) == ["initiation_report met"]
    assert told(decide(assessed(met, after=state), assess(gate()))) == ["initiation_report waived"]


def test_nothing_happens_to_a_checklist_that_is_not_open() -> None:
    with pytest.raises(Refused, match="not open"):
        evolve(None, SiteChecklistCompleted(occurred_at=NOW))


def test_an_item_that_a_rule_asks_for_only_now_is_lost_where_it_did_not_apply_before() -> None:
    state = assessed(gate(staff=FIT))
    with_ind = gate(staff=FIT, facts=StudyFacts(product="none", ind=False, laboratory=True, systems=False))
    assert "normal_ranges missing" in told(decide(state, assess(with_ind)))


def test_after_the_sites_end_nothing_is_told_any_more_and_no_date_is_waited_for() -> None:
    of = gate(proof("insurance", expires_on="2026-06-30"))
    state = assessed(of)
    over = AssessChecklist.model_validate({**ABOUT, "gate": gate(), "ended": True})
    assert decide(state, over) == [NextLookSet(occurred_at=NOW, due_at=None)]
    assert decide(assessed(gate()), over) == decide(None, over) == []
    late = RecordChecklistEvidence.model_validate({**ABOUT, **BY_HAND, "gate": of, "code": "indemnity", "ended": True})
    with pytest.raises(Refused) as refused:
        decide(state, late)
    assert codes_of(refused) == ["site_ended"]
