"""The rule rows that ship hang together, say how sure they are, and reckon what the law says."""

from datetime import date
from typing import Any

import pytest
from kernel import Refused
from pydantic import ValidationError
from regulatory.domain.calendar import deadline
from regulatory.domain.clock_rules import CLOCK_RULES, EEA, About, ClockRule, rules_of
from regulatory.handlers.places import Institutions, National, place_of, zone_of

ROW: dict[str, Any] = {
    "id": "a-rule",
    "version": "1",
    "jurisdiction": "EU",
    "applies_to": "submission",
    "anchor": "submitted",
    "amount": "10",
    "unit": "calendar_days",
    "obliges": "authority",
    "valid_from": "2022-01-31",
    "source": "a test",
}


def row(**more: str) -> ClockRule:
    return ClockRule.model_validate({**ROW, **more})


def due(rule_id: str, anchor: str, country: str) -> str:
    rule = CLOCK_RULES.in_force(rule_id, date.fromisoformat(anchor[:10]))
    assert rule is not None
    return deadline(rule, anchor, place_of(rule, country)).due_on.isoformat()


def test_every_row_names_its_source_and_how_sure_it_is() -> None:
    assert {one.certainty for one in CLOCK_RULES.rows} == {"verified", "from_memory"}
    assert all(one.source for one in CLOCK_RULES.rows)


@pytest.mark.parametrize(
    ("rule_id", "anchor", "country", "last"),
    [
        ("eu-ctr-validation", "2024-04-12", "NL", "2024-04-22"),
        ("eu-ctr-modification-validation", "2024-06-25", "BE", "2024-07-01"),
        ("eu-ctr-decision", "2024-06-10", "GR", "2024-06-17"),
        ("eu-ctr-start-of-trial", "2024-04-30", "DE", "2024-05-15"),
        ("eu-ctr-results", "2023-06-30", "FR", "2024-07-01"),
        ("eu-ctr-archive", "2023-06-30", "FR", "2048-06-30"),
        ("eu-susar-fatal", "2024-12-20", "DE", "2024-12-27"),
        ("us-ind-in-effect", "2024-02-01", "US", "2024-03-02"),
        ("us-irb-continuing-review", "2024-02-29", "US", "2025-02-28"),
        ("gb-combined-review", "2024-01-10", "GB", "2024-04-26"),
        ("us-ind-annual-report", "2024-01-01", "US", "2024-03-01"),
    ],
)
def test_a_rule_reckons_the_last_day_in_time(rule_id: str, anchor: str, country: str, last: str) -> None:
    assert due(rule_id, anchor, country) == last


def test_the_version_in_force_when_it_began_counts() -> None:
    assert due("gb-urgent-safety-measure", "2026-04-27", "GB") == "2026-04-30"
    assert due("gb-urgent-safety-measure", "2026-04-28", "GB") == "2026-05-05"
    assert CLOCK_RULES.in_force("gb-urgent-safety-measure", date(2004, 4, 30)) is None
    assert CLOCK_RULES.version("gb-urgent-safety-measure", 3) is None


def test_seventy_two_hours_are_seventy_two_hours() -> None:
    rule = CLOCK_RULES.in_force("eu-gdpr-breach", date(2024, 12, 24))
    assert rule is not None
    ends = deadline(rule, "2024-12-24T18:00:00+01:00", place_of(rule, "DE"))
    assert ends.due_at.isoformat() == "2024-12-27T17:00:00+00:00"


def test_a_rule_of_the_union_holds_in_the_economic_area_and_nowhere_else() -> None:
    assert len(EEA) == 30
    assert [row().holds_in(country) for country in ("NO", "GB", None)] == [True, False, True]
    assert [row(jurisdiction="*").holds_in(country) for country in ("GB", None)] == [True, True]


@pytest.mark.parametrize(
    ("about", "wanted"),
    [
        (About("DE", "initial", "competent_authority"), True),
        (About("DE", "initial", "competent_authority", ("II",)), False),
        (About("DE", "initial", "ethics_committee"), False),
        (About("DE", "annual_report", "competent_authority"), False),
        (About("GB", "initial", "competent_authority"), False),
    ],
)
def test_a_rule_concerns_kinds_bodies_and_parts(about: About, *, wanted: bool) -> None:
    rule = row(kinds="initial", bodies="competent_authority", parts="I")
    assert rule.concerns(about) is wanted
    assert not row(applies_to="obligation").concerns(about)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"unit": "hours", "roll": "reg_1182_71"}, "exact"),
        ({"unit": "years", "pause": "ctis_winter"}, "left out by a pause"),
        ({"unit": "months", "extends": "a-rule"}, "extended by calendar_days"),
        ({"valid_to": "2021-01-01"}, "before valid_from"),
        ({"unit": "years", "amount": "101"}, "at most 100 years"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(more: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        row(**more)


def test_rows_that_contradict_one_another_are_refused() -> None:
    with pytest.raises(ValueError, match="not there: nothing"):
        rules_of([{**ROW, "extends": "nothing"}])
    with pytest.raises(ValueError, match="twice"):
        rules_of([ROW, ROW])


def test_the_authoritys_holidays_are_those_of_its_seat() -> None:
    corpus_christi = date(2024, 5, 30)
    assert not National("DE").is_working_day(corpus_christi)  # Bonn keeps it, Berlin does not
    assert National("SE").is_working_day(corpus_christi)
    assert not National("IL").is_working_day(date(2024, 5, 31))  # a Friday
    assert National("ZZ").is_working_day(date(2024, 12, 25))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2024-03-28", False),
        ("2024-04-01", False),
        ("2024-05-09", False),
        ("2024-05-10", False),
        ("2024-05-20", False),
        ("2024-12-27", False),
        ("2025-01-02", False),
        ("2025-06-08", False),
        ("2024-05-21", True),
    ],
)
def test_the_unions_institutions_have_holidays_of_their_own(day: str, *, works: bool) -> None:
    assert Institutions().is_working_day(date.fromisoformat(day)) is works


def test_an_authority_whose_zone_is_not_known_is_named() -> None:
    assert (zone_of(None), zone_of("US"), zone_of("LK")) == ("Europe/Brussels", "America/New_York", "Asia/Colombo")
    with pytest.raises(Refused, match="time zone the authority of KZ"):
        zone_of("KZ")


def test_a_rule_names_the_calendar_it_is_kept_by() -> None:
    whitsun, corpus = date(2024, 5, 20), date(2024, 5, 30)
    days = {name: place_of(row(calendar=name), "DE").calendar for name in ("country", "eu_institutions", "every_day")}
    assert {name: (one.is_working_day(whitsun), one.is_working_day(corpus)) for name, one in days.items()} == {
        "country": (False, False),
        "eu_institutions": (False, True),
        "every_day": (True, True),
    }
