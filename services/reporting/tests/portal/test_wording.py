"""How values read."""

from datetime import UTC, date, datetime

import pytest
from reporting.portal.wording import day, instant, left, number, rule, sign, slip, tone, words

TODAY = date(2026, 6, 15)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),  # noqa: RUF001
        ("2021", "2021"),
        ("2021-06", "Jun 2021"),
        ("2021-06-03", "3 Jun 2021"),
        ("2021-06-03T23:30:00-02:00", "4 Jun 2021, 01:30 UTC"),
    ],
)
def test_a_date_is_read_with_the_precision_it_has(value: str | None, text: str) -> None:
    assert day(value) == text


def test_an_instant_is_read_in_utc() -> None:
    assert instant(datetime(2026, 3, 9, 8, 5, tzinfo=UTC)) == "9 Mar 2026, 08:05 UTC"


@pytest.mark.parametrize(
    ("planned", "actual", "text"),
    [
        ("2026-06-01", "2026-06-01", "As planned"),
        ("2026-06-01", "2026-06-02", "1 day late"),
        ("2026-06-10", "2026-06-02", "8 days early"),
        ("2026-06", "2026-06-28", "As planned"),
        ("2026-05", "2026-06-02", "at least 2 days late"),
        ("2026-06-10", None, "5 days overdue"),
        ("2026-06-14", None, "1 day overdue"),
        ("2026-06-15", None, "Ahead"),
        ("2026-06", None, "Ahead"),
        (None, "2026-06-02", "No plan on record"),
    ],
)
def test_a_slip_never_says_more_than_the_dates_do(planned: str | None, actual: str | None, text: str) -> None:
    assert slip(planned, actual, TODAY) == text


def test_codes_read_as_words_and_thousands_are_apart() -> None:
    assert words("primary_completion") == "Primary completion"
    assert words("phase_1_2") == "Phase 1/2"
    assert number(12345) == "12\u202f345"


def test_every_status_has_a_sign_and_an_unknown_one_says_so() -> None:
    assert (tone("recruiting"), sign("recruiting")) == ("open", "●")
    assert (tone("something new"), sign("something new")) == ("unknown", "?")


@pytest.mark.parametrize(
    ("days", "text"),
    [(12, "12 days left"), (1, "1 day left"), (0, "Last day"), (-1, "1 day overdue"), (None, "Paused")],
)
def test_days_left_are_told_so_that_nobody_counts_them(days: int | None, text: str) -> None:
    assert left(days) == text


def test_a_clocks_rule_reads_as_the_field_writes_it() -> None:
    assert rule("eu-ctr-part-ii-questions") == "EU CTR part II questions"
    assert rule("approval-expiry") == "Approval expiry"
