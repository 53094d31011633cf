"""The product is used only after it was received in good condition, or after a documented decision."""

from functools import reduce
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kernel import Refused
from sites.domain.ip_shipment import (
    DispatchShipment,
    IpShipment,
    IpShipmentCommand,
    IpShipmentEvent,
    QuarantineShipment,
    ReceiveShipment,
    ReleaseShipment,
    RequestShipment,
    ShipmentDispatched,
    ShipmentQuarantined,
    ShipmentReceived,
    ShipmentReleased,
    ShipmentRequested,
    Temperature,
    decide,
    evolve,
)

DAY = "2026-02-01"
ABOUT: dict[str, Any] = {
    "occurred_at": DAY,
    "shipment_id": "h1",
    "site_id": "site-7",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "country": "DE",
}
REQUESTED = ShipmentRequested.model_validate(ABOUT)
DISPATCHED = ShipmentDispatched(occurred_at=DAY, tracking="T1")
RECEIVED = ShipmentReceived(occurred_at=DAY, temperature="within_limits", document=None)
WARM = ShipmentReceived(occurred_at=DAY, temperature="excursion", document=None)
QUARANTINED = ShipmentQuarantined(occurred_at=DAY)


def after(*events: IpShipmentEvent) -> IpShipment:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def receive(temperature: Temperature, at: str = DAY) -> ReceiveShipment:
    return ReceiveShipment(occurred_at=at, temperature=temperature)


def refused(shipment: IpShipment | None, command: IpShipmentCommand) -> list[str]:
    with pytest.raises(Refused) as refused:
        decide(shipment, command)
    return [reason.code for reason in refused.value.reasons]


def test_a_shipment_is_requested_shipped_received_and_released_each_once() -> None:
    request = RequestShipment.model_validate(ABOUT)
    assert decide(None, request) == [REQUESTED]
    assert decide(after(REQUESTED), request) == []
    dispatch = DispatchShipment(occurred_at=DAY, tracking="T1")
    assert decide(after(REQUESTED), dispatch) == [DISPATCHED]
    on_its_way = after(REQUESTED, DISPATCHED)
    assert decide(on_its_way, dispatch) == []
    assert decide(on_its_way, receive("within_limits")) == [RECEIVED]
    there = after(REQUESTED, DISPATCHED, RECEIVED)
    assert decide(there, receive("within_limits")) == []
    release = ReleaseShipment(occurred_at=DAY)
    released = ShipmentReleased(occurred_at=DAY, document=None)
    assert decide(there, release) == [released]
    assert decide(evolve(there, released), release) == []


@pytest.mark.parametrize("temperature", ["excursion", "no_log"])
def test_what_the_temperature_log_does_not_clear_is_quarantined_at_once(temperature: Temperature) -> None:
    events = decide(after(REQUESTED, DISPATCHED), receive(temperature))
    assert [type(event) for event in events] == [ShipmentReceived, ShipmentQuarantined]


def test_out_of_quarantine_leads_only_a_documented_decision() -> None:
    aside = after(REQUESTED, DISPATCHED, WARM, QUARANTINED)
    assert refused(aside, ReleaseShipment(occurred_at=DAY)) == ["decision_missing"]
    assert decide(aside, ReleaseShipment(occurred_at=DAY, document="D1")) == [
        ShipmentReleased(occurred_at=DAY, document="D1")
    ]


def test_a_released_shipment_may_be_set_aside_again() -> None:
    released = after(REQUESTED, DISPATCHED, RECEIVED, ShipmentReleased(occurred_at=DAY, document=None))
    assert decide(released, QuarantineShipment(occurred_at=DAY)) == [QUARANTINED]


def test_a_step_is_taken_in_its_turn_and_not_before_the_one_before() -> None:
    assert refused(after(REQUESTED), receive("within_limits", "2026-01-31")) == ["wrong_status", "before_last_step"]
    assert refused(after(REQUESTED), ReleaseShipment(occurred_at=DAY)) == ["wrong_status"]
    assert refused(after(REQUESTED), QuarantineShipment(occurred_at=DAY)) == ["wrong_status"]


def test_what_was_received_is_not_received_otherwise() -> None:
    assert refused(after(REQUESTED, DISPATCHED, RECEIVED), receive("excursion")) == ["wrong_status"]


def test_nothing_happens_to_a_shipment_that_is_not_there() -> None:
    assert refused(None, DispatchShipment(occurred_at=DAY)) == ["shipment_unknown"]


NEXT = {
    "requested": {"shipped"},
    "shipped": {"received"},
    "received": {"quarantined", "released"},
    "quarantined": {"released"},
    "released": {"quarantined"},
}


class Shipments(RuleBasedStateMachine):
    """Any steps in any order, against a table of what may follow what."""

    def __init__(self) -> None:
        super().__init__()
        self.shipment, self.status, self.temperature = after(REQUESTED), "requested", ""

    def give(self, command: IpShipmentCommand, target: str, *, besides: bool = True) -> bool:
        if self.status != target and not (target in NEXT[self.status] and besides):
            assert refused(self.shipment, command)
            return False
        for event in decide(self.shipment, command):
            self.shipment = evolve(self.shipment, event)
        self.status = target
        return True

    @rule()
    def dispatched(self) -> None:
        self.give(DispatchShipment(occurred_at=DAY), "shipped")

    @rule(temperature=st.sampled_from(["within_limits", "excursion", "no_log"]))
    def received(self, temperature: Temperature) -> None:
        if self.temperature == temperature:
            assert decide(self.shipment, receive(temperature)) == []
        elif self.temperature:
            assert refused(self.shipment, receive(temperature))
        elif self.give(receive(temperature), "received"):
            self.temperature = temperature
            self.status = "received" if temperature == "within_limits" else "quarantined"

    @rule()
    def quarantined(self) -> None:
        self.give(QuarantineShipment(occurred_at=DAY), "quarantined")

    @rule(document=st.none() | st.just("D1"))
    def released(self, document: str | None) -> None:
        decided = self.status != "quarantined" or document is not None
        self.give(ReleaseShipment(occurred_at=DAY, document=document), "released", besides=decided)

    @invariant()
    def stands_where_the_model_has_it(self) -> None:
        assert self.shipment.status == self.status


Shipments.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestShipments = Shipments.TestCase
