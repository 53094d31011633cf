"""A site goes from identification to close-out, and opens for enrolment only on evidence in force."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel import BusinessTime, Refused
from sites.domain.activation import Gate, Judged, Proof
from sites.domain.checklist_rules import CORE
from sites.domain.study_site import STEPS as PLAIN_STEPS
from sites.domain.study_site import StudySite, decide, evolve
from sites.domain.study_site_messages import (
    ActivateSite,
    AdoptSite,
    FollowChecklist,
    IdentifySite,
    PauseEnrolment,
    ResumeEnrolment,
    SiteActivated,
    SiteArchived,
    SiteCdaSigned,
    SiteClosed,
    SiteClosedToEnrolment,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteIdentified,
    SiteNotSelected,
    SitePrerequisiteLost,
    SitePrerequisiteRegained,
    SiteReadyForActivation,
    SiteSelected,
    SiteStartUpBegun,
    SiteStatusReported,
    SiteSuspended,
    SiteTerminated,
    SiteWithdrawn,
    Status,
    StudySiteCommand,
    StudySiteEvent,
    SuspendSite,
    TerminateSite,
)

REQUIRED = tuple(rule.code for rule in CORE)
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

IN_START_UP = (IDENTIFIED, SELECTED, STARTED)
OPEN = (*IN_START_UP, ACTIVATED)
ORDER = {"ordered_by": "ethics_committee"}
WAYS: dict[Status, tuple[StudySiteEvent, ...]] = {
    "identified": (IDENTIFIED,),
    "cda_signed": (IDENTIFIED, SiteCdaSigned(occurred_at=DAY)),
    "selected": (IDENTIFIED, SELECTED),
    "not_selected": (IDENTIFIED, NOT_SELECTED),
    "start_up": IN_START_UP,
    "ready_for_activation": (*IN_START_UP, SiteReadyForActivation(occurred_at=DAY)),
    "active": OPEN,
    "on_hold": (*OPEN, PAUSED),
    "suspended": (*OPEN, SiteSuspended(occurred_at=DAY, ordered_by="ethics_committee")),
    "closed_to_enrolment": (*OPEN, SiteClosedToEnrolment(occurred_at=DAY)),
    "closed": (*OPEN, CLOSED),
    "archived": (*OPEN, CLOSED, SiteArchived(occurred_at=DAY)),
    "terminated": (IDENTIFIED, TERMINATED),
    "withdrawn": (IDENTIFIED, SiteWithdrawn(occurred_at=DAY)),
}
NOT_ENDED: set[Status] = set(WAYS) - {"not_selected", "closed", "archived", "terminated", "withdrawn"}
STEPS: dict[type[StudySiteCommand], tuple[Status, type[StudySiteEvent], set[Status]]] = {
    **{command: (target, event, set(allowed)) for command, (allowed, target, event) in PLAIN_STEPS.items()},  # pyright: ignore[reportAssignmentType]
    ResumeEnrolment: ("active", SiteEnrolmentResumed, {"on_hold"}),
    TerminateSite: ("terminated", SiteTerminated, NOT_ENDED),
}


def asked_for(command: type[StudySiteCommand]) -> StudySiteCommand:
    return command.model_validate({"occurred_at": DAY, **(ORDER if command is SuspendSite else {})})


def after(*events: StudySiteEvent) -> StudySite:
    state = reduce(evolve, events, None)
    assert state is not None
    return state


def proof(kind: str, event_id: str = "", **holds: BusinessTime) -> Proof:
    return Proof.model_validate({"kind": kind, "event_id": event_id or kind, **holds})


def activate(*proofs: Proof) -> ActivateSite:
    return ActivateSite(occurred_at=DAY, gate=Gate(proofs=proofs))


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
    site, asked = after(*WAYS[status]), asked_for(command)
    if status in allowed:
        [told] = decide(site, asked)
        assert type(told) is event
        assert evolve(site, told).status == target
    elif status == target:
        assert decide(site, asked) == []
    else:
        with pytest.raises(Refused, match="cannot become"):
            decide(site, asked)


def test_a_site_with_all_evidence_opens_and_says_on_what_it_rests() -> None:
    events = decide(after(*WAYS["start_up"]), activate(*[proof(kind) for kind in REQUIRED]))
    [told] = events
    assert isinstance(told, SiteActivated)
    assert told.rested_on == tuple(sorted(REQUIRED))
    assert [(item.code, item.status, item.evidence) for item in told.items] == [
        (one, "met", (one,)) for one in REQUIRED
    ]
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


@pytest.mark.parametrize("command", [activate(), *[asked_for(one) for one in STEPS]])
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


LOST = Judged(code="ethics_approval", item=2, status="expired", detail="It expired.", changed_on="2022-03")
THERE = Judged(code="ethics_approval", item=2, status="met", detail="It is there.", evidence=("e9",))
NEWLY_ASKED = Judged(code="financial_disclosure", item=5, status="missing", detail="It is missing.")
GATE_PASSED = SiteActivated(occurred_at=DAY, rested_on=("e1",), checklist_version="core", items=(THERE,))
LATER = "2022-04-01"
TOLD_LOST = SitePrerequisiteLost(
    occurred_at="2022-03", code="ethics_approval", item=2, status="expired", detail="It expired.", lost_by=None
)
PAUSED_FOR_IT = SiteEnrolmentPaused(occurred_at=LATER, because="prerequisite_lost")


def follow(*items: Judged) -> FollowChecklist:
    return FollowChecklist(occurred_at=LATER, items=items)


def test_a_site_is_ready_when_the_last_item_is_met_and_not_before() -> None:
    site = after(*IN_START_UP)
    assert decide(site, follow(LOST)) == []
    assert decide(site, follow(THERE)) == [SiteReadyForActivation(occurred_at=LATER)]
    assert decide(after(*WAYS["ready_for_activation"]), follow(THERE)) == []


def test_a_site_that_was_ready_and_loses_an_item_is_in_start_up_again() -> None:
    site = after(*WAYS["ready_for_activation"])
    assert decide(site, follow(LOST)) == [TOLD_LOST]
    assert evolve(site, TOLD_LOST).status == "start_up"


def test_an_open_site_that_loses_an_item_is_put_on_hold_and_not_closed() -> None:
    site = after(*IN_START_UP, GATE_PASSED)
    assert decide(site, follow(LOST)) == [TOLD_LOST, PAUSED_FOR_IT]
    held = after(*IN_START_UP, GATE_PASSED, TOLD_LOST, PAUSED_FOR_IT)
    assert (held.status, held.lost) == ("on_hold", ("ethics_approval",))
    assert decide(held, follow(LOST)) == []


def test_a_site_that_is_on_hold_already_says_what_it_has_lost_besides() -> None:
    assert decide(after(*IN_START_UP, GATE_PASSED, PAUSED), follow(LOST)) == [TOLD_LOST]


def test_a_rule_that_applies_only_later_loses_nothing_that_the_site_ever_had() -> None:
    assert decide(after(*IN_START_UP, GATE_PASSED), follow(THERE, NEWLY_ASKED)) == []


def test_what_is_there_again_is_told_and_enrolment_goes_on_only_when_a_person_says_so() -> None:
    held = after(*IN_START_UP, GATE_PASSED, TOLD_LOST, PAUSED_FOR_IT)
    with pytest.raises(Refused, match="lost ethics approval") as refused:
        decide(held, ResumeEnrolment(occurred_at=LATER))
    assert [reason.code for reason in refused.value.reasons] == ["ethics_approval_lost"]
    regained = SitePrerequisiteRegained(occurred_at=LATER, code="ethics_approval", item=2)
    assert decide(held, follow(THERE)) == [regained]
    mended = evolve(held, regained)
    assert (mended.status, mended.lost) == ("on_hold", ())
    assert decide(mended, ResumeEnrolment(occurred_at=LATER)) == [SiteEnrolmentResumed(occurred_at=LATER)]


@pytest.mark.parametrize("status", ["identified", "selected", "closed", "terminated", "withdrawn"])
def test_a_site_before_start_up_or_after_its_end_follows_no_checklist(status: Status) -> None:
    assert decide(after(*WAYS[status]), follow(LOST)) == []


def test_a_site_taken_over_without_a_gate_can_lose_nothing() -> None:
    assert decide(after(*decide(None, adopt("active", "2019-05"))), follow(LOST)) == []


def test_a_hold_says_in_a_word_why() -> None:
    pause = PauseEnrolment(occurred_at=DAY, because="safety")
    assert decide(after(*OPEN), pause) == [SiteEnrolmentPaused(occurred_at=DAY, because="safety")]
