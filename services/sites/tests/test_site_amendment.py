"""An amendment at a site: opened, judged, waived, implemented, and never undone in silence."""

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pytest
from amended import AMENDED, FIRST, TODAY, approved, change, facts, submission, trained
from contracts.sites import amendments as public
from kernel import Refused, Signature
from sites import store
from sites.domain.amendment_facts import Facts, Stated, WaivableStep
from sites.domain.amendment_requirements import AmendmentRequirementsStated, StateAmendmentRequirements
from sites.domain.amendment_requirements import decide as decide_requirements
from sites.domain.amendment_requirements import evolve as evolve_requirements
from sites.domain.site_amendment import SiteAmendment, decide, evolve, waiver_content
from sites.domain.site_amendment_messages import (
    AmendmentDiscontinued,
    AmendmentImplemented,
    AmendmentLookSet,
    AmendmentOpened,
    AmendmentReopened,
    AmendmentStepJudged,
    AmendmentSuperseded,
    AmendmentWaiverEnded,
    AmendmentWaiverSigned,
    AssessAmendment,
    EndAmendmentWaiver,
    SiteAmendmentEvent,
    WaiveAmendmentStep,
)

ABOUT: dict[str, Any] = {
    "amendment_id": "a1",
    "site_id": "site-1",
    "study_id": "s1",
    "sponsor_id": "acme-1",
    "country": "DE",
    "document_id": "protocol",
    "version": "2.0",
}
REASON = "The nurse is on leave and touches nothing of it."
NOON = datetime(2026, 4, 2, 12, tzinfo=UTC)


def assess(known: Facts, today: date = TODAY) -> AssessAmendment:
    return AssessAmendment(occurred_at=None, today=today, facts=known, **ABOUT)


def waive(step: WaivableStep, known: Facts, *, signed: str = REASON, on: str = "2026-04-02") -> WaiveAmendmentStep:
    about = {"signer_id": "q", "printed_name": "Q", "signed_at": NOON, "authenticated_at": NOON, "meaning": "approval"}
    signature = Signature.model_validate({**about, "binds": waiver_content("a1", step, signed)})
    asked: dict[str, Any] = {"step": step, "reason": REASON, "signature": signature}
    return WaiveAmendmentStep(occurred_at=on, today=TODAY, facts=known, **asked, **ABOUT)


def end(step: WaivableStep, known: Facts) -> EndAmendmentWaiver:
    return EndAmendmentWaiver(occurred_at="2026-04-03", today=TODAY, facts=known, step=step, **ABOUT)


def after(*known: Facts) -> SiteAmendment:
    state: SiteAmendment | None = None
    for one in known:
        state = reduce(evolve, decide(state, assess(one)), state)
    assert state is not None
    return state


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [reason.code for reason in refused.value.reasons]


def kinds(events: list[SiteAmendmentEvent]) -> list[type[SiteAmendmentEvent]]:
    return [type(one) for one in events]


UNTRAINED = facts(trained=())
DONE = facts()


def test_a_version_that_does_not_concern_the_site_opens_nothing() -> None:
    assert decide(None, assess(facts(FIRST))) == []


def test_it_opens_with_its_days_and_tells_each_step_once() -> None:
    opened, *judged = decide(None, assess(UNTRAINED))
    assert isinstance(opened, AmendmentOpened)
    assert (opened.approved_on, opened.effective_on, opened.occurred_at) == (
        date(2026, 3, 1),
        date(2026, 3, 20),
        "2026-03-20",
    )
    assert kinds(judged) == [AmendmentStepJudged] * 6
    assert decide(after(UNTRAINED), assess(UNTRAINED)) == []


def test_the_last_step_implements_it_on_its_own_day_with_all_that_it_rests_on() -> None:
    events = decide(after(UNTRAINED), assess(facts(trained=(trained("nurse", "2026-04-02"),))))
    assert kinds(events) == [AmendmentStepJudged, AmendmentImplemented]
    done = events[-1]
    assert isinstance(done, AmendmentImplemented)
    assert (done.occurred_at, done.corrects) == ("2026-04-02", None)
    assert done.rested_on == ("approved-2.0-3", "in_effect-2.0-4", "trained-nurse-2026-04-02")


def test_it_names_the_modifications_that_covered_it_and_no_other_submission() -> None:
    first = submission("competent_authority", submission_id="first", modifies=False)
    covering = (approved("ethics_committee", "2026-03-10"), approved("competent_authority", "2026-03-12"), first)
    [done] = [one for one in decide(None, assess(facts(submissions=covering))) if isinstance(one, AmendmentImplemented)]
    assert done.submissions == ("to-competent_authority", "to-ethics_committee")


def test_it_names_a_modification_that_needed_no_approval_so_that_its_implementation_is_noted() -> None:
    noted = submission("competent_authority", submission_id="noted", only_noted=True)
    [done] = [one for one in decide(None, assess(facts(submissions=(noted,)))) if isinstance(one, AmendmentImplemented)]
    assert done.submissions == ("noted",)


def test_what_shows_that_it_was_otherwise_on_that_day_is_told() -> None:
    again = decide(after(DONE), assess(UNTRAINED))
    assert kinds(again) == [AmendmentStepJudged, AmendmentReopened]
    assert after(DONE, UNTRAINED).implemented_on is None
    later = decide(after(DONE), assess(facts(trained=(trained("nurse", "2026-04-20"),))))
    corrected = later[-1]
    assert isinstance(corrected, AmendmentImplemented)
    assert (corrected.occurred_at, corrected.corrects) == ("2026-04-20", date(2026, 3, 20))


def test_what_happens_after_that_day_changes_nothing() -> None:
    lost = approved("competent_authority", "2026-03-10", "2026-05-01")
    held = approved("competent_authority", "2026-03-10")
    assert decide(after(facts(submissions=(held,))), assess(facts(submissions=(lost,)))) == []
    third = change("in_effect", "3.0", "2026-05-01", 6)
    assert decide(after(DONE), assess(facts(*AMENDED, third))) == []


def test_it_is_superseded_and_discontinued_once_with_the_cause() -> None:
    third = change("in_effect", "3.0", "2026-05-01", 6)
    superseded = decide(after(UNTRAINED), assess(facts(*AMENDED, third, trained=())))
    assert superseded == [AmendmentSuperseded(occurred_at="2026-05-01", by="3.0")]
    closed = decide(after(UNTRAINED), assess(facts(trained=(), closed_on=date(2026, 4, 1))))
    assert closed[-1] == AmendmentDiscontinued(occurred_at="2026-04-01", because="site_closed")
    known = after(UNTRAINED, facts(trained=(), closed_on=date(2026, 4, 1)))
    assert decide(known, assess(facts(trained=(), closed_on=date(2026, 4, 1)))) == []
    gone = decide(after(UNTRAINED), assess(facts(FIRST)))
    assert gone == [AmendmentDiscontinued(occurred_at="2026-06-01", because="not_concerned")]


def test_a_day_that_is_corrected_is_told_again() -> None:
    sooner = change("in_effect", "2.0", "2026-03-18", 4, country="DE")
    events = decide(after(UNTRAINED), assess(facts(AMENDED[0], AMENDED[1], sooner, trained=())))
    assert isinstance(events[0], AmendmentOpened)
    assert events[0].effective_on == date(2026, 3, 18)


def test_with_a_day_ahead_it_sets_when_to_look_again() -> None:
    early = decide(None, assess(DONE, today=date(2026, 3, 12)))
    assert early[-1] == AmendmentLookSet(occurred_at=None, due_at=datetime(2026, 3, 20, tzinfo=UTC))
    state = reduce(evolve, early, None)
    on_the_day = decide(state, assess(DONE, today=date(2026, 3, 20)))
    assert [AmendmentImplemented, AmendmentLookSet] == kinds(on_the_day)[-2:]


def test_a_waiver_settles_a_step_from_its_day_on_and_may_be_taken_back() -> None:
    pending = facts(trained=(), submissions=(submission("ethics_committee"),))
    signed, judged = decide(after(pending), waive("training", pending))
    assert isinstance(signed, AmendmentWaiverSigned)
    assert isinstance(judged, AmendmentStepJudged)
    assert (judged.step.status, judged.step.met_on) == ("waived", date(2026, 4, 2))
    state = reduce(evolve, [signed, judged], after(pending))
    assert decide(state, waive("training", pending)) == []
    ended, reopened = decide(state, end("training", pending))
    assert isinstance(ended, AmendmentWaiverEnded)
    assert isinstance(reopened, AmendmentStepJudged)
    assert (reopened.step.status, reopened.was_done) == ("open", True)
    assert decide(after(pending), end("training", pending)) == []


def test_a_waiver_that_needs_no_signing_is_refused_with_every_reason() -> None:
    with pytest.raises(Refused) as settled:
        decide(after(DONE), waive("training", DONE, signed="another reason"))
    assert codes(settled) == ["amendment_settled", "nothing_to_waive", "signature_of_something_else"]
    with pytest.raises(Refused) as unknown:
        decide(None, waive("training", DONE))
    assert codes(unknown) == ["amendment_unknown"]


def test_a_waiver_on_which_it_was_implemented_stays() -> None:
    state = reduce(evolve, decide(after(UNTRAINED), waive("training", UNTRAINED)), after(UNTRAINED))
    assert (state.status, state.implemented_on) == ("implemented", date(2026, 4, 2))
    with pytest.raises(Refused) as refused:
        decide(state, end("training", UNTRAINED))
    assert codes(refused) == ["amendment_settled"]


# What a version asks of sites


def say(**stated: bool | None) -> StateAmendmentRequirements:
    ids = {"requirements_id": "r1", "study_id": "s1", "sponsor_id": "acme-1", "document_id": "protocol"}
    told = {**ids, "version": "2.0", "stated": Stated(**stated), "reason": "because", "is_known": True}
    return StateAmendmentRequirements.model_validate({**told, "occurred_at": "2026-03-21"})


def test_what_is_said_of_a_version_is_taken_once_and_the_last_word_counts() -> None:
    [said] = decide_requirements(None, say(training=False))
    state = evolve_requirements(None, said)
    assert decide_requirements(state, say(training=False)) == []
    [again] = decide_requirements(state, say(training=True, consent_form=True))
    assert evolve_requirements(state, again).stated == Stated(training=True, consent_form=True)


def test_what_makes_no_sense_of_a_version_nobody_knows_is_refused_with_every_reason() -> None:
    unknown = say(consent_form=False, reconsent=True).model_copy(update={"is_known": False})
    with pytest.raises(Refused) as refused:
        decide_requirements(None, unknown)
    assert codes(refused) == ["version_unknown", "reconsent_without_form"]
    with pytest.raises(Refused) as silent:
        decide_requirements(None, say())
    assert codes(silent) == ["nothing_stated"]


# How the world learns of it


def told(known: Facts, *commands: Any) -> list[Any]:
    state, published = None, list[Any]()
    for command in (assess(known), *commands):
        for event in decide(state, command):
            state = evolve(state, event)
            published.append(store.SITE_AMENDMENTS.publish(state, event))
    return published


def test_the_world_learns_of_steps_days_and_evidence_and_of_no_reason_and_no_signer() -> None:
    published = told(facts(submissions=(approved("ethics_committee", "2026-03-10"),)))
    assert isinstance(published[0], public.AmendmentOpened)
    met = [one.step for one in published if isinstance(one, public.AmendmentStepMet)]
    assert met == ["ethics_approval", "protocol_in_effect", "training"]
    not_required = [one.because for one in published if isinstance(one, public.AmendmentStepNotRequired)]
    assert not_required == ["no_submission", "no_form", "no_form"]
    done = published[-1]
    assert isinstance(done, public.AmendmentImplementedAtSite)
    assert (done.days_from_approval, done.days_from_effect, done.submissions) == (19, 0, ("to-ethics_committee",))
    assert [one.step for one in done.steps if one.status == "met"] == met
    pending = facts(trained=(), submissions=(submission("ethics_committee"),))
    waived = told(pending, waive("training", pending), end("training", pending))
    names = [type(one).__name__ for one in waived if one is not None]
    assert names[-2:] == ["AmendmentStepWaived", "AmendmentStepReopened"]
    assert not any(secret in str(waived) for secret in (REASON, "'Q'", "nurse"))


def test_the_world_learns_how_it_ends_otherwise() -> None:
    third = change("in_effect", "3.0", "2026-05-01", 6)
    assert told(UNTRAINED, assess(facts(*AMENDED, third, trained=())))[-1].superseded_by == "3.0"
    assert told(UNTRAINED, assess(facts(FIRST)))[-1].because == "not_concerned"
    assert told(DONE, assess(UNTRAINED))[-1].was == "implemented"
    assert told(DONE, assess(DONE, today=date(2026, 3, 12)))[-1] is None
    stated = AmendmentRequirementsStated.model_validate(say(training=False).model_dump(exclude={"is_known"}))
    published = store.AMENDMENT_REQUIREMENTS.publish(evolve_requirements(None, stated), stated)
    assert isinstance(published, public.AmendmentRequirementsStated)
    assert (published.training, published.consent_form) == (False, None)
