"""Every event of a clock is told to the world in the words of the contract."""

from datetime import UTC, datetime
from functools import reduce
from typing import Any

from contracts import PublicEvent
from contracts import regulatory as public
from contracts.regulatory import clocks as contract
from regulatory.domain import clock_messages, clock_state
from regulatory.domain.calendar import EveryDay, Place, deadline
from regulatory.domain.clock_rules import CLOCK_RULES
from regulatory.publishing.clocks import PLAIN_EVENTS, publish_clock

AT = {"occurred_at": "2024-03-04"}
RULE = CLOCK_RULES.rows[0]
ENDS = deadline(RULE, "2024-03-01", Place("Europe/Berlin", EveryDay()))
LATER = deadline(RULE, "2024-03-01", Place("Europe/Berlin", EveryDay()), more_days=31)
ABOUT: dict[str, Any] = {
    "clock_id": "clock-1",
    "study_id": "s1",
    "country": "DE",
    "site_id": None,
    "about_type": "submission",
    "about_id": "submission-1",
    "rule_id": RULE.id,
    "rule_version": 1,
    "obliges": "authority",
    "if_missed": "nothing",
    "round": 1,
}
STARTED = clock_messages.ClockStarted.model_validate(
    {"occurred_at": "2024-03-01", "period": {**ABOUT, "sponsor_id": "acme-1"}, "deadline": ENDS}
)
DUE = {"due_on": "2024-03-07", "due_at": datetime(2024, 3, 7, 23, tzinfo=UTC), "zone": "Europe/Berlin"}
TOLD: dict[type[PublicEvent], clock_messages.ClockEvent] = {
    public.RegulatoryClockStarted: STARTED,
    public.RegulatoryClockPaused: clock_messages.ClockPaused.model_validate({**AT, "since": "2024-03-04"}),
    public.RegulatoryClockExtended: clock_messages.ClockExtended.model_validate(
        {**AT, "under_rule_id": "more", "more_days": 31, "deadline": LATER}
    ),
    public.RegulatoryClockExtendedByBody: clock_messages.ClockExtendedByBody.model_validate(
        {**AT, "due_before": "2024-03-07", "deadline": LATER, "alerts": LATER.alerts[1:], "reference": "BfArM-17"}
    ),
    public.RegulatoryClockAnchorCorrected: clock_messages.ClockAnchorCorrected.model_validate(
        {
            **AT,
            "due_before": "2024-03-07",
            "deadline": LATER,
            "alerts": LATER.alerts[2:],
            "period": {**ABOUT, "sponsor_id": "acme-1"},
        }
    ),
    public.RegulatoryDeadlineApproaching: clock_messages.DeadlineApproaching.model_validate({**AT, "percent": 80}),
    public.RegulatoryDeadlineMissed: clock_messages.DeadlineMissed.model_validate(AT),
    public.RegulatoryClockStopped: clock_messages.ClockStopped.model_validate({**AT, "in_time": True}),
    public.RegulatoryClockEnded: clock_messages.ClockEnded.model_validate(AT),
    public.RegulatoryClockReopened: clock_messages.ClockReopened.model_validate(AT),
}
LONGER = {
    public.RegulatoryClockExtended,
    public.RegulatoryClockExtendedByBody,
    public.RegulatoryClockAnchorCorrected,
}
MORE: dict[type[PublicEvent], dict[str, Any]] = {
    public.RegulatoryClockStarted: {"due_by_body": False},
    public.RegulatoryClockExtended: {"under_rule_id": "more", "more_days": 31, "due_on": "2024-04-07"},
    public.RegulatoryClockExtendedByBody: {
        "due_before": "2024-03-07",
        "percent": 50,
        "reference": "BfArM-17",
        "due_on": "2024-04-07",
    },
    public.RegulatoryClockAnchorCorrected: {"due_before": "2024-03-07", "percent": 80, "due_on": "2024-04-07"},
    public.RegulatoryDeadlineApproaching: {"percent": 80},
    public.RegulatoryClockStopped: {"in_time": True},
}


def published(*events: clock_messages.ClockEvent) -> PublicEvent:
    state = reduce(clock_state.evolve, events, None)
    assert state is not None
    return publish_clock(state, events[-1])


def test_every_event_is_told_with_what_it_is_about_and_until_when() -> None:
    for kind, event in TOLD.items():
        due = {**DUE, "due_at": LATER.due_at} if kind in LONGER else DUE
        expected = kind.model_validate({**ABOUT, **due, **MORE.get(kind, {})})
        assert published(*dict.fromkeys([STARTED, event])) == expected


def test_a_clock_that_goes_on_is_told_with_its_new_end() -> None:
    resumed = {**AT, "until": "2024-03-05", "deadline": LATER}
    told = published(STARTED, TOLD[public.RegulatoryClockPaused], clock_messages.ClockResumed.model_validate(resumed))
    assert told == public.RegulatoryClockResumed.model_validate(
        {**ABOUT, **DUE, "due_on": "2024-04-07", "due_at": LATER.due_at}
    )


def test_every_event_of_the_contract_is_told_by_some_event() -> None:
    assert {*TOLD, *PLAIN_EVENTS.values()} == set(contract.EVENTS)
