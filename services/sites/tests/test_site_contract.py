"""A contract is in force once its budget is agreed and every party has signed, and until it ends."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused
from sites.domain.site_contract import (
    AgreeBudget,
    AgreeContract,
    AmendContract,
    BudgetAgreed,
    ContractAgreed,
    ContractAmended,
    ContractDrafted,
    ContractEnded,
    ContractExecuted,
    ContractNegotiated,
    ContractSigned,
    DraftContract,
    EndContract,
    NegotiateContract,
    Party,
    SignContract,
    SiteContract,
    SiteContractCommand,
    SiteContractEvent,
    decide,
    evolve,
)

DAY = "2026-02-01"
ABOUT: dict[str, Any] = {
    "occurred_at": DAY,
    "contract_id": "c1",
    "site_id": "site-7",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "country": "DE",
    "parties": ("sponsor", "institution"),
}
DRAFT = DraftContract.model_validate(ABOUT)
DRAFTED = ContractDrafted.model_validate(ABOUT)
BUDGETED = BudgetAgreed(occurred_at=DAY, budget_version="1.0")
AGREED = ContractAgreed(occurred_at=DAY)
HALF = ContractSigned(occurred_at=DAY, party="sponsor", document=None)
EXECUTED = ContractExecuted(occurred_at=DAY, party="institution", document="CTA-1", ends_on="2028")
IN_FORCE = (DRAFTED, BUDGETED, AGREED, HALF, EXECUTED)


def after(*events: SiteContractEvent) -> SiteContract:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def sign(party: Party, **more: Any) -> SignContract:
    return SignContract.model_validate({"occurred_at": DAY, "party": party, **more})


def refused(contract: SiteContract | None, command: SiteContractCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(contract, command)
    return [reason.code for reason in refused.value.reasons]


def test_a_contract_is_drafted_once() -> None:
    assert decide(None, DRAFT) == [DRAFTED]
    assert decide(after(DRAFTED), DRAFT) == []


@pytest.mark.parametrize("parties", [("sponsor", "cro"), ("institution", "principal_investigator")])
def test_a_contract_needs_a_party_on_either_side(parties: tuple[Party, ...]) -> None:
    assert refused(None, DraftContract.model_validate({**ABOUT, "parties": parties})) == ["side_missing"]


def test_the_text_is_negotiated_and_agreed_and_may_be_opened_again_before_anybody_signs() -> None:
    negotiate, agree = NegotiateContract(occurred_at=DAY), AgreeContract(occurred_at=DAY)
    negotiated = ContractNegotiated(occurred_at=DAY)
    assert decide(after(DRAFTED), negotiate) == [negotiated]
    assert decide(after(DRAFTED, negotiated), agree) == [AGREED]
    assert decide(after(DRAFTED, AGREED), negotiate) == [negotiated]
    assert decide(after(DRAFTED, AGREED), agree) == []
    assert refused(after(*IN_FORCE), negotiate) == ["wrong_status"]


def test_nobody_signs_before_text_and_budget_are_agreed_nor_who_is_no_party() -> None:
    assert refused(after(DRAFTED), sign("cro", ends_on="2025")) == [
        "wrong_status",
        "not_a_party",
        "budget_missing",
        "ends_before_it_begins",
    ]


def test_the_last_signature_executes_the_contract() -> None:
    ready = after(DRAFTED, BUDGETED, AGREED)
    assert decide(ready, sign("sponsor")) == [HALF]
    half = evolve(ready, HALF)
    assert half.status == "partly_signed"
    assert decide(half, sign("sponsor")) == []
    assert decide(half, sign("institution", document="CTA-1", ends_on="2028")) == [EXECUTED]
    assert after(*IN_FORCE).status == "fully_executed"


def test_signatures_come_in_the_order_of_their_dates() -> None:
    half = after(DRAFTED, BUDGETED, AGREED, HALF)
    assert refused(half, sign("institution", occurred_at="2026-01-31")) == ["before_last_signature"]


def test_another_budget_after_signing_takes_an_amendment() -> None:
    other = AgreeBudget(occurred_at=DAY, budget_version="2.0")
    assert decide(after(DRAFTED, BUDGETED), other) == [BudgetAgreed(occurred_at=DAY, budget_version="2.0")]
    assert decide(after(DRAFTED, BUDGETED), AgreeBudget(occurred_at=DAY, budget_version="1.0")) == []
    assert refused(after(*IN_FORCE), other) == ["budget_fixed"]


def test_an_amendment_leaves_the_contract_in_force_and_may_move_its_end() -> None:
    amend = AmendContract(occurred_at=DAY, document="A1", ends_on="2030")
    amended = ContractAmended(occurred_at=DAY, document="A1", ends_on="2030")
    assert decide(after(*IN_FORCE), amend) == [amended]
    state = after(*IN_FORCE, amended)
    assert (state.status, state.ends_on, state.amendments) == ("amended", "2030", ("A1",))
    assert decide(state, amend) == []
    assert after(*IN_FORCE, ContractAmended(occurred_at=DAY, document="A1", ends_on=None)).ends_on == "2028"
    assert refused(after(DRAFTED), AmendContract(occurred_at=DAY, document="A1", ends_on="2020")) == [
        "wrong_status",
        "ends_before_it_begins",
    ]


def test_a_contract_ends_once_from_wherever_it_stands() -> None:
    end = EndContract(occurred_at=DAY, because="terminated")
    ended = ContractEnded(occurred_at=DAY, because="terminated")
    for way in ((DRAFTED,), IN_FORCE):
        assert decide(after(*way), end) == [ended]
        assert decide(after(*way, ended), end) == []


def test_nothing_happens_to_a_contract_that_is_not_there() -> None:
    assert refused(None, EndContract(occurred_at=DAY, because="other")) == ["contract_unknown"]


class Contracts(RuleBasedStateMachine):
    """Any steps in any order, against a model of four flags."""

    def __init__(self) -> None:
        super().__init__()
        self.contract = after(DRAFTED)
        self.text, self.budget, self.ended = "draft", False, False
        self.signed: set[str] = set()

    def give(self, command: SiteContractCommand, *, allowed: bool) -> bool:
        """Whether it was carried out; what is refused changes nothing."""
        if not allowed:
            assert refused(self.contract, command)
            return False
        for event in decide(self.contract, command):
            self.contract = evolve(self.contract, event)
        assert decide(self.contract, command) == []
        return True

    @property
    def open(self) -> bool:
        return not self.signed and not self.ended

    @rule()
    def negotiate(self) -> None:
        if self.give(NegotiateContract(occurred_at=DAY), allowed=self.open):
            self.text = "in_negotiation"

    @rule()
    def agree(self) -> None:
        if self.give(AgreeContract(occurred_at=DAY), allowed=self.open):
            self.text = "agreed"

    @rule(version=st.sampled_from(["1", "2"]))
    def budget_agreed(self, version: str) -> None:
        same = self.contract.budget_version == version
        if self.give(AgreeBudget(occurred_at=DAY, budget_version=version), allowed=self.open or same):
            self.budget = True

    @rule(party=st.sampled_from(["sponsor", "institution", "cro"]))
    def somebody_signs(self, party: Party) -> None:
        ready = self.text == "agreed" and self.budget and not self.ended and len(self.signed) < 2
        known = party in {"sponsor", "institution"}
        if self.give(sign(party), allowed=party in self.signed or (ready and known)):
            self.signed.add(party)

    @rule(document=st.sampled_from(["A1", "A2"]))
    def amended(self, document: str) -> None:
        in_force = len(self.signed) == 2 and not self.ended
        known = document in self.contract.amendments
        self.give(AmendContract(occurred_at=DAY, document=document), allowed=in_force or known)

    @rule()
    def end(self) -> None:
        self.ended = self.give(EndContract(occurred_at=DAY, because="other"), allowed=True)

    @invariant()
    def stands_where_the_model_has_it(self) -> None:
        in_force = "amended" if self.contract.amendments else "fully_executed"
        signed = {0: self.text, 1: "partly_signed", 2: in_force}[len(self.signed)]
        assert self.contract.status == ("ended" if self.ended else signed)


Contracts.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
TestContracts = Contracts.TestCase
