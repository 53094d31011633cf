"""A site goes from identification to close-out, and opens for enrolment only on evidence in force."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import BusinessTime, Refused
from sites.domain.activation import REQUIRED, EvidenceKind, Proof
from sites.domain.study_site import (
    ActivateSite,
    AdoptSite,
    BeginStartUp,
    CloseSite,
    IdentifySite,
    PauseEnrolment,
    RejectSite,
    ResumeEnrolment,
    SelectSite,
    SiteActivated,
    SiteClosed,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteIdentified,
    SiteNotSelected,
    SiteSelected,
    SiteStartUpBegun,
    SiteStatusReported,
    SiteTerminated,
    Status,
    StudySite,
    StudySiteCommand,
    StudySiteEvent,
    TerminateSite,
    decide,
    evolve,
)

PLACE = {
    "site_id": "site-7",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "country": "DE",
    "name": "Charité",
    "city": "Berlin",
    "number": "007",
}
DAY = "2022-02-01"
IDENTIFY = IdentifySite.model_validate({**PLACE, "occurred_at": DAY})
IDENTIFIED = SiteIdentified.model_validate({**PLACE, "occurred_at": DAY})
SELECTED = SiteSelected(occurred_at=DAY)
STARTED = SiteStartUpBegun(occurred_at=DAY)
ACTIVATED = SiteActivated(occurred_at=DAY, rested_on=("e1",))
PAUSED = SiteEnrolmentPaused(occurred_at=DAY)
CLOSED = SiteClosed(occurred_at=DAY)
TERMINATED = SiteTerminated(occurred_at=DAY)
NOT_SELECTED = SiteNotSelected(occurred_at=DAY)

WAYS: dict[Status, tuple[StudySiteEvent, ...]] = {
    "identified": (IDENTIFIED,),
    "selected": (IDENTIFIED, SELECTED),
    "not_selected": (IDENTIFIED, NOT_SELECTED),
    "start_up": (IDENTIFIED, SELECTED, STARTED),
    "active": (IDENTIFIED, SELECTED, STARTED, ACTIVATED),
    "on_hold": (IDENTIFIED, SELECTED, STARTED, ACTIVATED, PAUSED),
    "closed": (IDENTIFIED, SELECTED, STARTED, ACTIVATED, CLOSED),
    "terminated": (IDENTIFIED, TERMINATED),
}
STEPS: dict[type[StudySiteCommand], tuple[Status, StudySiteEvent, set[Status]]] = {
    SelectSite: ("selected", SELECTED, {"identified"}),
    RejectSite: ("not_selected", NOT_SELECTED, {"identified", "selected"}),
    BeginStartUp: ("start_up", STARTED, {"selected"}),
    PauseEnrolment: ("on_hold", PAUSED, {"active"}),
    ResumeEnrolment: ("active", SiteEnrolmentResumed(occurred_at=DAY), {"on_hold"}),
    CloseSite: ("closed", CLOSED, {"active", "on_hold"}),
    TerminateSite: ("terminated", TERMINATED, {"identified", "selected", "start_up", "active", "on_hold"}),
}


def after(*events: StudySiteEvent) -> StudySite:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def proof(kind: EvidenceKind, event_id: str = "", **holds: BusinessTime) -> Proof:
    return Proof.model_validate({"kind": kind, "event_id": event_id or kind, **holds})


def activate(*proofs: Proof) -> ActivateSite:
    return ActivateSite(occurred_at=DAY, proofs=proofs)


def adopt(status: Status, activated_on: BusinessTime | None = None) -> AdoptSite:
    return AdoptSite.model_validate({**PLACE, "occurred_at": "2024", "status": status, "activated_on": activated_on})


def test_a_site_is_identified_once() -> None:
    assert decide(None, IDENTIFY) == [IDENTIFIED]
    assert decide(after(IDENTIFIED), IDENTIFY) == []


@pytest.mark.parametrize("command", STEPS)
@pytest.mark.parametrize("status", WAYS)
def test_each_step_is_taken_from_where_it_may_be_and_from_nowhere_else(
    status: Status, command: type[StudySiteCommand]
) -> None:
    target, event, allowed = STEPS[command]
    site, asked = after(*WAYS[status]), command.model_validate({"occurred_at": DAY})
    if status in allowed:
        assert decide(site, asked) == [event]
        assert evolve(site, event).status == target
    elif status == target:
        assert decide(site, asked) == []
    else:
        with pytest.raises(Refused, match="cannot become"):
            decide(site, asked)


def test_a_site_with_all_evidence_opens_and_says_on_what_it_rests() -> None:
    events = decide(after(*WAYS["start_up"]), activate(*[proof(kind) for kind in REQUIRED]))
    assert events == [SiteActivated(occurred_at=DAY, rested_on=tuple(sorted(REQUIRED)))]
    assert after(*WAYS["start_up"], *events).activated_on == DAY


def test_a_site_without_ethics_approval_stays_closed() -> None:
    with pytest.raises(Refused, match="ethics committee's approval") as refused:
        decide(after(*WAYS["start_up"]), activate(proof("authority_approval"), proof("initiation_visit")))
    assert [reason.code for reason in refused.value.reasons] == ["ethics_approval_missing"]


def test_a_refusal_names_every_missing_item_at_once() -> None:
    with pytest.raises(Refused) as refused:
        decide(after(IDENTIFIED), activate())
    assert [reason.code for reason in refused.value.reasons] == [
        "wrong_status",
        "authority_approval_missing",
        "ethics_approval_missing",
        "initiation_visit_missing",
    ]


def test_an_approval_that_has_expired_does_not_count() -> None:
    expired = proof("ethics_approval", expires_on="2022-01")
    proofs = [proof("authority_approval"), proof("initiation_visit"), expired]
    with pytest.raises(Refused, match="has expired on 2022-01"):
        decide(after(*WAYS["start_up"]), activate(*proofs))


def test_an_approval_does_not_count_before_it_was_given() -> None:
    later = proof("ethics_approval", since="2023-05")
    proofs = [proof("authority_approval"), proof("initiation_visit"), later]
    with pytest.raises(Refused, match="holds only from 2023-05") as refused:
        decide(after(*WAYS["start_up"]), activate(*proofs))
    assert [reason.code for reason in refused.value.reasons] == ["ethics_approval_not_yet_in_force"]


def test_an_approval_holds_through_the_month_in_which_it_expires() -> None:
    expiring = proof("ethics_approval", expires_on="2022-02")
    proofs = [proof("authority_approval"), proof("initiation_visit"), expiring]
    assert decide(after(*WAYS["start_up"]), activate(*proofs))


def test_a_site_that_is_open_is_not_opened_again() -> None:
    assert decide(after(*WAYS["active"]), activate()) == []


PROOFS = st.lists(st.builds(proof, st.sampled_from(sorted(REQUIRED)), st.sampled_from(["e1", "e2", "e3"])), max_size=6)


@given(PROOFS.flatmap(lambda proofs: st.tuples(st.just(proofs), st.permutations(proofs))))
def test_evidence_in_any_order_leads_to_the_same_result(orders: tuple[list[Proof], list[Proof]]) -> None:
    site = after(*WAYS["start_up"])

    def result(proofs: list[Proof]) -> object:
        try:
            return decide(site, activate(*proofs))
        except Refused as refused:
            return refused.reasons

    assert result(orders[0]) == result(orders[1])


@pytest.mark.parametrize("command", [activate(), *[one.model_validate({"occurred_at": DAY}) for one in STEPS]])
def test_a_site_that_is_not_identified_takes_no_step(command: StudySiteCommand) -> None:
    with pytest.raises(Refused, match="not identified"):
        decide(None, command)


def test_an_adopted_site_keeps_the_real_date_of_its_activation_and_no_gate_is_applied() -> None:
    assert decide(None, adopt("closed", "2019-05")) == [
        IDENTIFIED.model_copy(update={"occurred_at": "2024"}),
        SiteActivated(occurred_at="2019-05", rested_on=()),
        SiteStatusReported(occurred_at="2024", status="closed"),
    ]


def test_adopting_again_takes_over_only_what_has_changed() -> None:
    site = after(*decide(None, adopt("active", "2019-05")))
    assert decide(site, adopt("closed", "2019-05")) == [SiteStatusReported(occurred_at="2024", status="closed")]


STATUSES: st.SearchStrategy[Status] = st.sampled_from(["identified", "active", "on_hold", "closed", "unknown"])
ADOPTIONS = st.builds(adopt, STATUSES, st.none() | st.sampled_from(["2019-05", "2020-01-02"]))


@given(st.lists(ADOPTIONS, min_size=1, max_size=4))
def test_whatever_was_adopted_before_adopting_the_same_twice_changes_nothing(commands: list[AdoptSite]) -> None:
    site: StudySite | None = None
    for command in commands:
        site = reduce(evolve, decide(site, command), site)
    assert decide(site, commands[-1]) == []
