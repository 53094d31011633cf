"""Enrolment goes on at the pace of late until the target is reached, and no further."""

from hypothesis import given, settings
from hypothesis import strategies as st
from sites.domain.enrolment import EnrolmentRow, enrolment_of, months
from sites.domain.plan_content import CountryTarget, EnrolmentTarget

TARGET = CountryTarget(country="DE", sites=2, subjects=20)
PLAN = [
    EnrolmentTarget(country="DE", month=month, cumulative=count) for month, count in (("2026-01", 4), ("2026-04", 20))
]


def rows(
    enrolled: dict[str, int], present: str = "2026-03", target: CountryTarget | None = TARGET
) -> list[EnrolmentRow]:
    return enrolment_of(target, PLAN, enrolled, "DE", present)


def test_months_follow_one_another_across_years() -> None:
    assert months("2025-11", "2026-02") == ["2025-11", "2025-12", "2026-01", "2026-02"]


def test_a_month_without_a_target_keeps_the_one_before() -> None:
    assert [row.planned for row in rows({})] == [4, 4, 4, 20]
    assert [row.forecast for row in rows({})] == [None] * 4


def test_what_was_enrolled_adds_up_and_what_is_to_come_is_forecast_until_the_target() -> None:
    found = {row.month: row for row in rows({"2025-12": 3, "2026-01": 3, "2026-02": 3, "2026-03": 1})}
    assert (found["2025-12"].planned, found["2026-02"].actual, found["2026-03"].actual) == (None, 9, 10)
    assert [found[month].forecast for month in ("2026-03", "2026-04", "2026-05")] == [None, 13, 16]
    assert found["2026-04"].actual is None
    assert (max(found), found[max(found)].forecast) == ("2026-07", 20)


def test_without_enrolment_of_late_or_without_a_target_nothing_is_forecast() -> None:
    assert all(row.forecast is None for row in rows({"2025-09": 5}))
    assert all(row.forecast is None for row in rows({"2026-02": 5}, target=None))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(months("2025-06", "2026-03")), st.integers(1, 9), max_size=10))
def test_counts_only_rise_and_no_forecast_passes_the_target(enrolled: dict[str, int]) -> None:
    found = rows(enrolled)
    actual = [row.actual for row in found if row.actual is not None]
    forecast = [row.forecast for row in found if row.forecast is not None]
    assert actual == sorted(actual)
    assert forecast == sorted(forecast)
    assert max(forecast, default=0) <= TARGET.subjects
    assert sum(row.enrolled for row in found) == sum(enrolled.values())
