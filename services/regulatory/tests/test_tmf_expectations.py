"""Rows make documents expected: by which event, for which place, due when; each study by the version it follows."""

import re
from typing import Any

import pytest
from contracts import EVENTS
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from regulatory.domain.tmf_expectations import (
    ABSENT,
    PRESENT,
    RULES,
    ExpectationRule,
    ExpectationRules,
    Trigger,
    days_after,
    rules_of,
)
from regulatory.domain.tmf_reference import ARTIFACTS, FINDING_CODES, MILESTONES, ZONES

SITE = {"study_id": "s1", "country": "DE", "site_id": "site-7"}
SUBMISSION = {"study_id": "s1", "submission_id": "sub-1", "country": "DE"}
ROW: dict[str, Any] = {
    "id": "selected-feasibility",
    "since_version": 1,
    "event": "studyline.sites.site.selected.v1",
    "unique_id": 81,
    "level": "site",
    "milestone": "03",
    "due_days": 5,
    "does": "expect",
    "planned": "no",
    "certainty": "verified",
    "source": "TMF Reference Model",
}


def row(**more: Any) -> ExpectationRule:
    return ExpectationRule.model_validate({**ROW, **more})


def said(event: str, body: dict[str, Any], rules: ExpectationRules = RULES, version: int = 0) -> dict[str, Any]:
    """What an event says, by artifact number: what it does, and when that is due."""
    trigger = Trigger("e1", f"studyline.{event}.v1", body, "2026-03-01")
    found = rules.expectations(trigger, version or rules.current)
    return {ARTIFACTS[one.place.unique_id].number: (one.does, one.due_on) for one in found}


@pytest.mark.parametrize("one", [one for one in RULES.rows if not one.planned], ids=lambda one: one.id)
def test_every_row_speaks_of_an_event_that_is_published_and_of_fields_it_has(one: ExpectationRule) -> None:
    fields = EVENTS[one.event].model_fields
    named = {*(field for field, _ in one.when), *([one.per] if one.per else [])}
    assert named <= set(fields)
    assert one.level == "trial" or "country" in fields


def test_rows_of_events_to_come_say_so() -> None:
    assert {one.event for one in RULES.rows if one.event not in EVENTS} == {
        one.event for one in RULES.rows if one.planned and one.event not in EVENTS
    }


def test_the_reference_model_is_keyed_on_unique_ids_and_hangs_together() -> None:
    assert len({one.number for one in ARTIFACTS.values()}) == len(ARTIFACTS)
    assert {one.zone for one in ARTIFACTS.values()} == set(ZONES)
    assert [ARTIFACTS[53].name, ARTIFACTS[101].number] == ["Regulatory Authority Decision", "05.02.18"]
    assert {one.number for one in ARTIFACTS.values() if one.investigator_only} == {"05.04.10", "05.04.11"}
    assert list(MILESTONES) == [f"{number:02}" for number in range(1, 13)]
    assert all(re.fullmatch("[a-z_]+", code) for code in FINDING_CODES)


def test_a_registered_study_expects_the_trials_own_documents_most_of_them_not_due_yet() -> None:
    found = said("sites.study.registered", {"study_id": "s1"})
    assert found["01.01.01"] == ("expect", "2026-03-31")
    assert found["02.01.02"] == ("expect", None)
    assert not any(number.startswith("05") for number in found)


def test_a_site_that_is_selected_or_not_keeps_its_record() -> None:
    assert said("sites.site.selected", SITE)["05.01.03"] == ("expect", "2026-03-06")
    assert said("sites.site.not-selected", SITE) == {
        "05.01.02": ("release", None),
        "05.01.04": ("release", None),
        "05.01.05": ("expect", "2026-03-06"),
    }


def test_only_a_site_in_the_united_states_expects_a_form_fda_1572() -> None:
    assert "05.02.08" not in said("sites.site.start-up-begun", SITE)
    assert "05.02.08" in said("sites.site.start-up-begun", {**SITE, "country": "US"})


@pytest.mark.parametrize(
    ("body", "site_id", "decision"),
    [
        ("competent_authority", None, "03.01.02"),
        ("competent_authority", "site-7", "03.01.02"),
        ("ethics_committee", None, "04.01.02"),
        ("ethics_committee", "site-7", "04.01.02"),
    ],
)
def test_a_decision_is_expected_with_the_submission_and_filed_by_the_approval(
    body: str, site_id: str | None, decision: str
) -> None:
    facts = {**SUBMISSION, "body": body, "site_id": site_id}
    assert said("regulatory.submission.submitted", facts)[decision] == ("expect", None)
    assert said("regulatory.submission.approved", facts)[decision] == ("file", "2026-03-01")
    assert said("regulatory.submission.withdrawn", facts) == {decision: ("release", None)}


@pytest.mark.parametrize(
    ("visit", "report"), [("PSV", "05.01.04"), ("SIV", "05.03.01"), ("IMV", "05.04.03"), ("COV", "05.04.08")]
)
def test_a_completed_visit_expects_the_report_of_its_type(visit: str, report: str) -> None:
    body = {**SITE, "visit_id": "v1", "visit_type": visit}
    assert said("monitoring.monitoring-visit.completed", body)[report] == ("expect", "2026-03-21")


def test_a_deviation_is_filed_at_its_site_or_for_the_trial_and_only_serious_events_are_reported() -> None:
    deviation = {"study_id": "s1", "deviation_id": "d1", "important": False}
    assert "05.04.06" in said("monitoring.protocol-deviation.recorded", {**SITE, **deviation})
    assert "05.04.06" in said("monitoring.protocol-deviation.recorded", {**deviation, "site_id": None, "country": None})
    event = {**SITE, "adverse_event_id": "a1"}
    assert "07.02.02" in said("monitoring.adverse-event.recorded", {**event, "serious": True})
    assert said("monitoring.adverse-event.recorded", {**event, "serious": False}) == {}


def test_a_milestone_makes_due_what_waited_for_it_and_a_voided_one_nothing() -> None:
    reached = {"study_id": "s1", "milestone": "database_lock"}
    assert said("sites.study.milestone-reached", {**reached, "actual": "2026-03"})["10.03.11"] == (
        "expect",
        "2026-03-06",
    )
    assert said("sites.study.milestone-reached", {**reached, "actual": None}) == {}


def test_a_study_keeps_the_version_it_follows() -> None:
    registered = ("sites.study.registered", {"study_id": "s1"})
    assert said(*registered, version=1)["01.01.01"] == said(*registered, version=2)["01.01.01"]
    assert said(*registered, version=1)["01.01.20"] == ("release", None)
    assert said(*registered, version=2)["01.01.20"] == ("expect", "2026-04-30")


def test_what_only_an_older_version_expected_falls_away_and_what_another_row_expects_stays() -> None:
    rules = rules_of([row(until_version=1), row(id="later", since_version=2, unique_id=82)])
    assert said("sites.site.selected", SITE, rules, 1) == {
        "05.01.03": ("expect", "2026-03-06"),
        "05.01.04": ("release", None),
    }
    assert said("sites.site.selected", SITE, rules, 2)["05.01.03"] == ("release", None)
    both = rules_of([row(until_version=1), row(id="again", since_version=2, due_days=7)])
    assert said("sites.site.selected", SITE, both, 2) == {"05.01.03": ("expect", "2026-03-08")}


def test_two_rows_on_one_document_are_one_with_the_earlier_day_and_the_stronger_word() -> None:
    rules = rules_of([row(), row(id="filed", does="file", due_days=9), row(id="gone", does="release", due_days="")])
    assert said("sites.site.selected", SITE, rules) == {"05.01.03": ("file", "2026-03-06")}


def test_the_same_document_has_the_same_id_whichever_event_speaks_of_it() -> None:
    trigger = Trigger("e", "studyline.sites.site.identified.v1", SITE, "2026-01-01")
    other = Trigger("f", "studyline.sites.site.selected.v1", SITE, "2026-02-01")
    first, second = ({one.place for one in RULES.expectations(each, 1)} for each in (trigger, other))
    assert {one.id_in("s1") for one in first & second}
    assert {one.id_in("s1") for one in first}.isdisjoint({one.id_in("s2") for one in first})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"unique_id": 9_000}, "reference model"),
        ({"milestone": "13"}, "reference model"),
        ({"does": "file", "due_days": ""}, "due with it"),
        ({"event": "SiteSelected"}, "pattern"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_when_it_is_read(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        row(**more)


def test_a_row_stands_once_in_a_version() -> None:
    with pytest.raises(ValueError, match="stands once"):
        rules_of([row(), row()])


@given(value=st.sampled_from([None, "a", "b", "c"]), wanted=st.sampled_from([PRESENT, ABSENT, "a", "a|b"]))
def test_a_condition_is_a_value_one_of_several_any_or_none(value: str | None, wanted: str) -> None:
    met = row(when=f"kind={wanted}").concerns({**SITE, "kind": value})
    assert met == {PRESENT: value is not None, ABSENT: value is None}.get(wanted, value in wanted.split("|"))


def test_days_are_counted_from_the_last_day_a_date_may_mean() -> None:
    assert days_after("2026-02", 1) == "2026-03-01"
    assert days_after("2024-02-28", 1) == "2024-02-29"
