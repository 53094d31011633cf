"""An obligation lies in one hand at a time, and what is not written lies with the sponsor."""

from datetime import date, timedelta
from functools import reduce
from typing import Any

import pytest
from contracts.obligations import OBLIGATIONS
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from kernel import Refused
from sites.domain.agreement import (
    Agreement,
    AgreementAmended,
    AgreementCommand,
    AgreementEnded,
    AgreementEvent,
    AgreementSigned,
    AmendAgreement,
    EndAgreement,
    ObligationReturned,
    ObligationTransferred,
    ReturnObligation,
    SignAgreement,
    TransferObligation,
    decide,
    evolve,
)
from sites.domain.obligations import HOLDERS, Holder, Terms, Transfer, responsibilities

AT = "2022-01-01"
STANDARD = frozenset(OBLIGATIONS)
ABOUT: dict[str, Any] = {
    "occurred_at": AT,
    "agreement_id": "agr-1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "reference": "MSA-1",
    "cro": "Our CRO",
    "parties": ("Labs Ltd",),
    "effective_from": date(2022, 1, 1),
}
SIGNED = AgreementSigned.model_validate(ABOUT)
MONITORING = Terms(obligation="monitoring", holder="cro", since=date(2022, 2, 1))


def transferred(terms: Terms = MONITORING) -> ObligationTransferred:
    return ObligationTransferred(occurred_at=AT, terms=terms, amendment=None)


def terms(**changes: Any) -> Terms:
    return Terms.model_validate({**dict(MONITORING), **changes})


def transfer(what: Terms = MONITORING, **more: Any) -> TransferObligation:
    return TransferObligation(occurred_at=AT, terms=what, standard=STANDARD, **more)


def sign(*transfers: Terms, **more: Any) -> SignAgreement:
    return SignAgreement.model_validate({**ABOUT, "transfers": transfers, "standard": STANDARD, **more})


def after(*events: AgreementEvent) -> Agreement:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def refused(agreement: Agreement | None, command: AgreementCommand) -> list[str]:
    with pytest.raises(Refused) as told:
        decide(agreement, command)
    return [reason.code for reason in told.value.reasons]


def test_an_agreement_is_signed_once_with_all_that_it_transfers() -> None:
    assert decide(None, sign(MONITORING)) == [SIGNED, transferred()]
    assert decide(after(SIGNED), sign(MONITORING)) == []


def test_two_agreements_about_a_study_have_two_references() -> None:
    assert refused(None, sign(references=frozenset({"MSA-1"}))) == ["reference_taken"]


def test_what_is_signed_together_may_not_contradict_itself() -> None:
    assert refused(None, sign(MONITORING, terms(holder="other", party="Labs Ltd"))) == ["obligation_held"]


def test_an_obligation_is_transferred_and_the_same_terms_again_change_nothing() -> None:
    assert decide(after(SIGNED), transfer()) == [transferred()]
    assert decide(after(SIGNED, transferred()), transfer()) == []


def test_a_transfer_names_all_that_is_in_its_way() -> None:
    wrong = terms(obligation="making_coffee", holder="other", since=date(2021, 1, 1), until=date(2020, 1, 1))
    assert refused(after(SIGNED, AgreementEnded(occurred_at=AT, ended_on=date(2023, 1, 1))), transfer(wrong)) == [
        "agreement_ended",
        "obligation_unknown",
        "party_misplaced",
        "ends_before_it_begins",
        "before_agreement",
    ]


def test_only_another_party_has_a_name() -> None:
    assert refused(after(SIGNED), transfer(terms(party="Labs Ltd"))) == ["party_misplaced"]
    assert decide(after(SIGNED), transfer(terms(holder="other", party="Labs Ltd")))


def test_an_obligation_in_one_hand_cannot_come_into_another_before_it_is_returned() -> None:
    agreement = after(SIGNED, transferred())
    later = terms(holder="other", party="Labs Ltd", since=date(2022, 6, 1))
    assert refused(agreement, transfer(later)) == ["obligation_held"]
    [returned] = decide(
        agreement, ReturnObligation(occurred_at="2022-06-01", obligation="monitoring", returned_on=date(2022, 6, 1))
    )
    assert decide(evolve(agreement, returned), transfer(later))


def test_what_another_agreement_transfers_is_in_the_way_too() -> None:
    elsewhere = Transfer.model_validate({**dict(MONITORING), "agreement_id": "agr-2", "reference": "MSA-2"})
    assert refused(after(SIGNED), transfer(others=(elsewhere,))) == ["obligation_held"]
    assert refused(None, sign(MONITORING, others=(elsewhere,))) == ["obligation_held"]


def test_a_transfer_before_another_that_begins_later_must_end_by_then() -> None:
    agreement = after(SIGNED, transferred(terms(since=date(2022, 6, 1))))
    assert refused(agreement, transfer(terms(since=date(2022, 2, 1)))) == ["obligation_held"]
    assert decide(agreement, transfer(terms(since=date(2022, 2, 1), until=date(2022, 6, 1))))


def test_a_transfer_by_amendment_needs_the_amendment() -> None:
    amend = AmendAgreement(occurred_at=AT, reference="A1", effective_from=date(2022, 3, 1))
    assert refused(after(SIGNED), transfer(amendment="A1")) == ["amendment_unknown"]
    [amended] = decide(after(SIGNED), amend)
    assert amended == AgreementAmended(occurred_at=AT, reference="A1", effective_from=date(2022, 3, 1))
    agreement = after(SIGNED, amended)
    assert decide(agreement, amend) == []
    assert decide(agreement, transfer(amendment="A1"))


def test_an_amendment_has_a_reference_of_its_own_and_does_not_come_before_its_agreement() -> None:
    agreement = after(SIGNED, AgreementAmended(occurred_at=AT, reference="A1", effective_from=date(2022, 3, 1)))
    early = AmendAgreement(occurred_at=AT, reference="A1", effective_from=date(2021, 3, 1))
    assert refused(agreement, early) == ["amendment_known", "before_agreement"]


def test_what_lies_with_nobody_cannot_be_returned_and_what_was_returned_is_not_returned_again() -> None:
    give_back = ReturnObligation(occurred_at=AT, obligation="monitoring", returned_on=date(2022, 6, 1))
    assert refused(after(SIGNED), give_back) == ["not_transferred"]
    returned = ObligationReturned(
        occurred_at=AT,
        obligation="monitoring",
        holder="cro",
        since=date(2022, 2, 1),
        returned_on=date(2022, 6, 1),
    )
    assert decide(after(SIGNED, transferred()), give_back) == [returned]
    assert decide(after(SIGNED, transferred(), returned), give_back) == []


def test_an_agreement_ends_once_and_with_it_all_that_it_transfers() -> None:
    end = EndAgreement(occurred_at=AT, ended_on=date(2022, 9, 1))
    [ended] = decide(after(SIGNED, transferred()), end)
    later = transferred(terms(obligation="safety", since=date(2023, 1, 1)))
    agreement = after(SIGNED, transferred(), later, ended)
    assert [(one.obligation, one.until) for one in agreement.in_force()] == [("monitoring", date(2022, 9, 1))]
    assert decide(agreement, end) == []
    assert refused(agreement, EndAgreement(occurred_at=AT, ended_on=date(2021, 9, 1))) == [
        "agreement_ended",
        "before_agreement",
    ]


def test_nothing_follows_for_an_agreement_that_is_not_known() -> None:
    assert refused(None, EndAgreement(occurred_at=AT, ended_on=date(2022, 9, 1))) == ["agreement_unknown"]


def test_the_matrix_names_every_obligation_once_and_the_sponsor_where_nothing_is_written() -> None:
    agreement = after(SIGNED, transferred(terms(until=date(2022, 3, 1))))
    matrix = {one.obligation: one for one in responsibilities(OBLIGATIONS, agreement.in_force(), date(2022, 2, 1))}
    assert set(matrix) == STANDARD
    assert (matrix["monitoring"].holder, matrix["monitoring"].reference) == ("cro", "MSA-1")
    assert (matrix["safety"].holder, matrix["safety"].agreement_id) == ("sponsor", None)
    for day in (date(2022, 1, 31), date(2022, 3, 1)):
        [line] = responsibilities(["monitoring"], agreement.in_force(), day)
        assert line.holder == "sponsor"


DAY_ONE = date(2022, 1, 1)
days = st.integers(0, 30).map(lambda n: DAY_ONE + timedelta(days=n))
codes = st.sampled_from(["monitoring", "safety"])


class Agreeing(RuleBasedStateMachine):
    """An agreement beside a model that notes, day by day, in whose hands each obligation is."""

    def __init__(self) -> None:
        super().__init__()
        self.agreement = after(SIGNED)
        self.hands: dict[tuple[str, date], Holder] = {}
        self.ended = False

    def carried_out(self, command: AgreementCommand) -> bool:
        try:
            events = decide(self.agreement, command)
        except Refused:
            return False
        self.agreement = reduce(evolve, events, self.agreement)
        return bool(events)

    @rule(obligation=codes, holder=st.sampled_from(sorted(HOLDERS)), since=days, until=st.none() | days)
    def transfers(self, obligation: str, holder: Holder, since: date, until: date | None) -> None:
        wanted = [since + timedelta(days=n) for n in range(((until or date(2022, 3, 1)) - since).days)]
        free = bool(wanted) and not any((obligation, day) in self.hands for day in wanted) and not self.ended
        party = "Labs Ltd" if holder == "other" else None
        made = Terms(obligation=obligation, holder=holder, party=party, since=since, until=until)
        assert self.carried_out(transfer(made)) == free
        if free:
            self.hands |= {(obligation, day): holder for day in wanted}

    @rule(obligation=codes, on=days)
    def returns(self, obligation: str, on: date) -> None:
        if self.carried_out(ReturnObligation(occurred_at=AT, obligation=obligation, returned_on=on)):
            assert (obligation, on - timedelta(days=1)) in self.hands
            held, day = self.hands[obligation, on - timedelta(days=1)], on
            while self.hands.get((obligation, day)) == held and self.agreement_says(obligation, day) == "sponsor":
                del self.hands[obligation, day]
                day += timedelta(days=1)

    @rule(on=days)
    def ends(self, on: date) -> None:
        assert self.carried_out(EndAgreement(occurred_at=AT, ended_on=on)) == (not self.ended)
        if not self.ended:
            self.ended = True
            self.hands = {(code, day): holder for (code, day), holder in self.hands.items() if day < on}

    def agreement_says(self, obligation: str, day: date) -> Holder:
        return responsibilities([obligation], self.agreement.in_force(), day)[0].holder

    @invariant()
    def agrees_with_the_model(self) -> None:
        for code in ("monitoring", "safety"):
            for day in (DAY_ONE + timedelta(days=n) for n in range(32)):
                assert self.agreement_says(code, day) == self.hands.get((code, day), "sponsor"), (code, day)


def test_whatever_is_agreed_in_whatever_order_each_day_has_one_holder() -> None:
    run_state_machine_as_test(Agreeing, settings=settings(max_examples=50, stateful_step_count=15, deadline=None))
