"""What an amendment asks of a site, and when it is implemented there: the first day on which all of it was so."""

from datetime import date
from typing import Any

import pytest
from amended import (
    AMENDED,
    APPROVED,
    EFFECTIVE,
    FIRST,
    SECOND,
    SITE,
    TODAY,
    approved,
    change,
    facts,
    forms,
    on_log,
    span,
    submission,
    takes_part,
    trained,
)
from sites.domain.amendment_facts import Facts, Stated, UrgentMeasure, Waived
from sites.domain.amendment_judging import JudgedStep, Judgement, judged
from sites.domain.protocol_versions import ProtocolVersion, amendments_at, versions_of


def judge(known: Facts, *waived: Waived, today: date = TODAY) -> Judgement:
    return judged(known, waived, today)


def step(known: Facts, name: str, *waived: Waived, today: date = TODAY) -> JudgedStep:
    return next(one for one in judge(known, *waived, today=today).steps if one.step == name)


def waiver(name: str, on: str) -> Waived:
    return Waived.model_validate({"step": name, "on": on, "reason": "r", "signer_id": "s", "printed_name": "S"})


def test_the_first_protocol_of_a_site_asks_for_nothing_and_a_further_one_does() -> None:
    [found] = amendments_at(SITE, AMENDED)
    assert (found.version, found.effective_on, found.approved_on) == (SECOND, date(2026, 3, 20), date(2026, 3, 1))
    assert found.known_from == (APPROVED.event_id, EFFECTIVE.event_id)
    assert versions_of(AMENDED) == [SECOND]


@pytest.mark.parametrize(
    "open_on", [span("2026-03-20"), span("2026-05-01"), span("2026-01-10", "2026-03-20"), None], ids=str
)
def test_a_site_opened_under_the_version_or_closed_before_it_has_nothing_to_implement(open_on: Any) -> None:
    assert amendments_at(SITE.model_copy(update={"open": open_on}), AMENDED) == []


def test_a_version_that_holds_elsewhere_concerns_no_other_country_or_site() -> None:
    elsewhere = change("in_effect", "2.0", "2026-03-20", 4, country="FR")
    assert amendments_at(SITE, (FIRST, APPROVED, elsewhere)) == []
    other_site = change("in_effect", "2.0", "2026-03-20", 4, country="DE", site_id="site-2")
    assert amendments_at(SITE, (FIRST, APPROVED, other_site)) == []


def test_an_amendment_kept_as_a_document_of_its_own_is_never_the_first_version() -> None:
    own = change("in_effect", "1.0", "2026-04-01", 2, document_id="amendment-de", kind="protocol_amendment")
    [found] = amendments_at(SITE, (FIRST, own))
    assert found.version == ProtocolVersion(document_id="amendment-de", version="1.0")
    assert versions_of((FIRST, own)) == [found.version]


def test_lags_count_from_approval_and_from_the_countrys_effect_also_where_the_site_was_later() -> None:
    at_site = change("in_effect", "2.0", "2026-04-10", 5, country="DE", site_id="site-1")
    [found] = amendments_at(SITE, (FIRST, APPROVED, at_site))
    assert (found.effective_on, found.effective_in_country_on) == (date(2026, 4, 10), date(2026, 4, 10))
    [both] = amendments_at(SITE, (*AMENDED, at_site))
    assert (both.effective_on, both.effective_in_country_on) == (date(2026, 3, 20), date(2026, 3, 20))


def test_trained_before_and_with_no_new_form_a_site_implements_on_the_day_of_effect() -> None:
    judgement = judge(facts())
    assert (judgement.status, judgement.implemented_on) == ("implemented", date(2026, 3, 20))
    training = step(facts(), "training")
    assert (training.status, training.met_on, training.lag_days) == ("met", date(2026, 3, 10), 9)
    assert training.evidence == ("trained-nurse-2026-03-10",)
    assert (step(facts(), "consent_form").because, step(facts(), "reconsent").because) == ("no_form", "no_form")


def test_it_waits_until_everybody_on_the_log_is_trained_in_the_version() -> None:
    late = facts(log=(on_log("nurse"), on_log("pharmacist")), trained=(trained("nurse", "2026-03-10"),))
    waiting = step(late, "training")
    assert (waiting.status, [one.who for one in waiting.lacking]) == ("open", ["pharmacist"])
    assert judge(late).status == "open"
    both = (trained("nurse", "2026-03-10"), trained("pharmacist", "2026-04-02"))
    done = facts(log=(on_log("nurse"), on_log("pharmacist")), trained=both)
    assert judge(done).implemented_on == date(2026, 4, 2)
    assert step(done, "training").lag_days == 32


def test_who_has_left_the_log_or_joins_it_afterwards_is_not_waited_for() -> None:
    left = on_log("pharmacist", until="2026-04-01")
    assert judge(facts(log=(on_log("nurse"), left))).implemented_on == date(2026, 4, 1)
    joins = on_log("student", "2026-04-15")
    assert judge(facts(log=(on_log("nurse"), joins))).implemented_on == date(2026, 3, 20)


def test_who_joins_untrained_while_something_else_is_open_is_waited_for() -> None:
    late = (approved("ethics_committee", "2026-05-01"),)
    known = facts(log=(on_log("nurse"), on_log("student", "2026-04-15")), submissions=late)
    assert (judge(known).status, step(known, "training").status) == ("open", "open")


def test_with_nobody_on_the_log_the_training_stays_open() -> None:
    assert [one.code for one in step(facts(log=()), "training").lacking] == ["nobody_delegated"]


def test_a_training_that_has_run_out_does_not_count() -> None:
    known = facts(trained=(trained("nurse", "2026-03-05", "2026-03-15"), trained("nurse", "2026-04-01")))
    assert judge(known).implemented_on == date(2026, 4, 1)


def test_it_waits_for_each_body_that_has_the_version() -> None:
    both = (approved("competent_authority", "2026-03-25"), submission("ethics_committee"))
    known = facts(submissions=both)
    assert step(known, "authority_approval").status == "met"
    waiting = step(known, "ethics_approval")
    assert [(one.code, one.who) for one in waiting.lacking] == [("submission_pending", "to-ethics_committee")]
    done = (approved("competent_authority", "2026-03-25"), approved("ethics_committee", "2026-04-07"))
    assert judge(facts(submissions=done)).implemented_on == date(2026, 4, 7)


@pytest.mark.parametrize(
    ("standing", "code"),
    [("rejected", "submission_rejected"), ("lapsed", "submission_lapsed"), ("suspended", "approval_lost")],
)
def test_a_refused_or_lapsed_submission_stands_in_the_way(standing: str, code: str) -> None:
    known = facts(submissions=(submission("competent_authority", standing=standing),))
    assert [one.code for one in step(known, "authority_approval").lacking] == [code]


def test_a_submission_taken_back_or_about_something_else_is_not_waited_for() -> None:
    back = submission("competent_authority", standing="withdrawn")
    abroad = submission("competent_authority", country="FR")
    other = submission("ethics_committee", documents=(ProtocolVersion(document_id="protocol", version="3.0"),))
    known = facts(submissions=(back, abroad, other))
    assert {step(known, name).because for name in ("authority_approval", "ethics_approval")} == {"no_submission"}


@pytest.mark.parametrize("standing", ["pending", "rejected"])
def test_what_a_body_only_notes_needs_no_approval_and_stands_in_for_none(standing: str) -> None:
    noted = submission("competent_authority", submission_id="noted", only_noted=True, standing=standing)
    assert judge(facts(submissions=(noted,))).implemented_on == date(2026, 3, 20)
    assert step(facts(submissions=(noted,)), "authority_approval").because == "no_submission"
    held = {"since": "2026-03-02", "event_id": "noted"}
    agreed = submission("competent_authority", only_noted=True, standing="approved", approvals=(held,))
    both = facts(submissions=(agreed, submission("competent_authority", submission_id="to-decide")))
    assert [one.who for one in step(both, "authority_approval").lacking] == ["to-decide"]


def test_an_approval_lost_before_the_rest_was_done_is_lacking_and_one_lost_later_is_not() -> None:
    lost = approved("competent_authority", "2026-03-10", "2026-03-30")
    late = facts(submissions=(lost,), trained=(trained("nurse", "2026-04-10"),))
    assert [one.code for one in step(late, "authority_approval").lacking] == ["approval_lost"]
    assert judge(facts(submissions=(lost,))).implemented_on == date(2026, 3, 20)


def test_an_urgent_safety_measure_does_not_wait_for_its_approval() -> None:
    measure = UrgentMeasure(site_id=None, on="2026-03-21", event_id="urgent")
    known = facts(submissions=(submission("competent_authority", urgent=(measure,)),))
    assert judge(known).implemented_on == date(2026, 3, 21)
    assert step(known, "authority_approval").evidence == ("urgent",)
    elsewhere = measure.model_copy(update={"site_id": "site-2"})
    assert judge(facts(submissions=(submission("competent_authority", urgent=(elsewhere,)),))).status == "open"


def test_a_form_that_came_with_the_version_asks_everybody_under_way_to_consent_anew() -> None:
    known = forms(("1.0", "2026-01-01"), ("2.0", "2026-03-20"))
    people = (takes_part("a", ("1.0", "2026-02-01"), ("2.0", "2026-04-03")), takes_part("b", ("1.0", "2026-02-01")))
    waiting = step(facts(**known, participants=people), "reconsent")
    assert ([one.who for one in waiting.lacking], waiting.lacking_count) == (["b"], 1)
    done = (people[0], takes_part("b", ("1.0", "2026-02-01"), ("2.0", "2026-04-09")))
    judgement = judge(facts(**known, participants=done))
    assert judgement.implemented_on == date(2026, 4, 9)
    again = step(facts(**known, participants=done), "reconsent")
    assert again.evidence == ("consent-a-2.0", "consent-b-2.0")


def test_a_subject_that_left_or_consented_to_the_new_form_at_once_is_not_waited_for() -> None:
    known = forms(("1.0", "2026-01-01"), ("2.0", "2026-03-20"))
    people = (
        takes_part("left", ("1.0", "2026-02-01"), until="2026-03-15"),
        takes_part("new", ("2.0", "2026-03-22")),
    )
    assert judge(facts(**known, participants=people)).implemented_on == date(2026, 3, 20)
    assert step(facts(**known, participants=people), "reconsent").because == "nobody_concerned"


def test_a_form_that_takes_effect_while_something_is_open_belongs_to_the_version() -> None:
    known = forms(("1.0", "2026-01-01"), ("2.0", "2026-04-01"))
    late = facts(**known, trained=(trained("nurse", "2026-04-05"),))
    assert step(late, "consent_form").met_on == date(2026, 4, 1)
    in_time = facts(**known)
    assert (step(in_time, "consent_form").because, judge(in_time).implemented_on) == ("no_form", date(2026, 3, 20))


def test_a_form_that_was_said_to_come_is_waited_for() -> None:
    known = forms(("1.0", "2026-01-01"))
    stated = facts(**known, stated=Stated(consent_form=True))
    assert [one.code for one in step(stated, "consent_form").lacking] == ["form_not_in_effect"]
    there = facts(**forms(("1.0", "2026-01-01"), ("2.0", "2026-04-20")), stated=Stated(consent_form=True))
    assert judge(there).implemented_on == date(2026, 4, 20)


def test_what_was_said_not_to_be_needed_is_not_waited_for() -> None:
    known = forms(("1.0", "2026-01-01"), ("2.0", "2026-03-20"))
    people = (takes_part("a", ("1.0", "2026-02-01")),)
    stated = facts(**known, participants=people, trained=(), stated=Stated(training=False, reconsent=False))
    assert judge(stated).implemented_on == date(2026, 3, 20)
    assert step(stated, "training").because == step(stated, "reconsent").because == "stated"
    no_form = facts(**known, participants=people, stated=Stated(consent_form=False))
    assert step(no_form, "reconsent").because == step(no_form, "consent_form").because == "stated"


def test_a_waived_step_holds_from_the_day_of_the_waiver() -> None:
    known = facts(trained=())
    judgement = judge(known, waiver("training", "2026-04-30"))
    assert judgement.implemented_on == date(2026, 4, 30)
    stands = step(known, "training", waiver("training", "2026-04-30"))
    assert (stands.status, stands.met_on, stands.evidence) == ("waived", date(2026, 4, 30), ())


def test_a_further_version_supersedes_what_was_not_implemented_and_leaves_what_was() -> None:
    third = change("in_effect", "3.0", "2026-05-01", 6)
    open_still = judge(facts(*AMENDED, third, trained=()))
    assert (open_still.status, open_still.superseded_by, open_still.ended_on) == (
        "superseded",
        "3.0",
        date(2026, 5, 1),
    )
    assert judge(facts(*AMENDED, third)).status == "implemented"


def test_where_the_effect_or_the_site_ended_nothing_remains() -> None:
    ended = change("in_effect", None, "2026-05-01", 6)
    assert judge(facts(*AMENDED, ended, trained=())).because == "effect_ended"
    closed = facts(trained=(), closed_on=date(2026, 4, 1))
    assert (judge(closed).because, judge(closed).ended_on) == ("site_closed", date(2026, 4, 1))
    assert judge(facts(trained=(), closed_on=date(2026, 7, 1))).status == "open"
    assert judge(facts(FIRST)).because == "not_concerned"


def test_a_version_with_a_day_ahead_is_open_and_says_when_to_look_again() -> None:
    early = judge(facts(), today=date(2026, 3, 12))
    assert (early.status, early.next_on) == ("open", date(2026, 3, 20))
    assert [one.step for one in early.steps if one.status == "open"] == ["protocol_in_effect"]


def test_so_many_of_those_it_waits_for_are_named_and_all_are_counted() -> None:
    log = tuple(on_log(f"p{number:02d}") for number in range(30))
    waiting = step(facts(log=log), "training")
    assert (len(waiting.lacking), waiting.lacking_count) == (20, 30)
