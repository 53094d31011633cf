"""What is to be expected follows from the plan, from what is reached and from what waits for what; nothing else."""

from datetime import date, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from sites.domain import study
from sites.domain.milestones import KINDS, USUAL, Dependency, Key, Kind, reached_by
from sites.domain.plan_content import DEPENDENCIES
from sites.domain.schedule import cycle_in, expected, order_of, rolled_up, span

DAY = date(2026, 1, 1)


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def site(kind: str, number: int = 1, country: str = "DE") -> Key:
    return Key(level="site", kind=kind, country=country, site_id=f"s{number}")


def country(kind: str, code: str = "DE") -> Key:
    return Key(level="country", kind=kind, country=code)


def overall(kind: str) -> Key:
    return Key(level="study", kind=kind)


def test_the_vocabulary_and_the_usual_dependencies_are_sound() -> None:
    assert {row.kind for row in KINDS.values() if row.level == "study"} == set(get_args(study.MilestoneKind))
    assert cycle_in(USUAL) == []
    assert [row.kind for row in reached_by("studyline.monitoring.monitoring-visit.completed.v1", "SIV")] == [
        "initiation_visit"
    ]
    assert reached_by("studyline.monitoring.monitoring-visit.completed.v1", "IMV") == []


def test_a_milestone_is_expected_as_planned_while_nothing_holds_it_up() -> None:
    planned = {site("initiation_visit"): on(10), site("site_activated"): on(20)}
    found = expected(planned, DEPENDENCIES, {})
    assert [(one.forecast, one.slack_days) for one in found.values()] == [(on(10), None), (on(20), 7)]


def test_what_waits_for_a_late_milestone_is_late_by_the_lag_that_remains() -> None:
    planned = {site("initiation_visit"): on(10), site("site_activated"): on(13)}
    found = expected(planned, DEPENDENCIES, {site("initiation_visit"): on(30)})
    assert site("initiation_visit") not in found
    late = found[site("site_activated")]
    assert (late.forecast, late.slack_days, late.waits_for) == (on(33), -20, site("initiation_visit"))
    assert late.is_late


def test_a_delay_goes_from_country_to_site_and_on_to_the_study() -> None:
    planned = {
        country("authority_approval"): on(40),
        site("site_activated"): on(20),
        country("first_site_activated"): on(20),
        overall("first_site_activated"): on(20),
    }
    found = expected(planned, DEPENDENCIES, {})
    assert {key: one.forecast for key, one in found.items()} == dict.fromkeys(planned, on(40))


def test_the_first_of_several_counts_where_any_will_do_and_the_last_where_all_must() -> None:
    planned = {site("site_activated", 1): on(5), site("site_activated", 2): on(50)}
    planned |= {country("first_site_activated"): on(0), overall("all_sites_activated"): on(0)}
    found = expected(planned, DEPENDENCIES, {})
    assert found[country("first_site_activated")].forecast == on(5)
    assert found[overall("all_sites_activated")].forecast == on(50)


def test_another_country_holds_nothing_up() -> None:
    planned = {country("authority_approval", "FR"): on(90), site("site_activated"): on(20)}
    assert expected(planned, DEPENDENCIES, {})[site("site_activated")].forecast == on(20)


def test_what_is_overdue_is_expected_today_at_the_earliest() -> None:
    assert expected({site("site_activated"): on(0)}, (), {}, today=on(7))[site("site_activated")].forecast == on(7)


def test_what_is_reached_without_having_been_planned_still_counts() -> None:
    planned = {site("site_activated"): on(0)}
    assert expected(planned, DEPENDENCIES, {site("initiation_visit"): on(9)})[site("site_activated")].forecast == on(12)


def test_milestones_that_wait_for_one_another_are_found() -> None:
    one, two = Kind(level="site", kind="a"), Kind(level="site", kind="b")
    circle = [
        Dependency(predecessor=one, successor=two, lag_days=1),
        Dependency(predecessor=two, successor=one, lag_days=1),
    ]
    assert set(cycle_in(circle)) == {one, two}
    assert order_of(circle[:1], ()) == [one, two]


def test_first_and_last_roll_up_from_sites_to_country_and_study_without_those_not_selected() -> None:
    dates = {site("initiation_visit", n): on(n) for n in range(1, 5)}
    dates |= {site("initiation_visit", 9, "FR"): on(9), country("authority_approval"): on(0)}
    found = rolled_up(dates, frozenset({"s1", "s4"}))
    assert found[country("initiation_visit")] == (on(2), on(3), 2)
    assert found[overall("initiation_visit")] == (on(2), on(9), 3)
    assert country("authority_approval") not in found
    assert span([]) is None
    assert span([on(3), on(1)]) == (on(1), on(3), 2)


KEYS = [
    *(site(kind.kind, number) for kind in KINDS if kind.level == "site" for number in (1, 2)),
    *(country(kind.kind) for kind in KINDS if kind.level == "country"),
    *(overall(kind.kind) for kind in KINDS if kind.level == "study"),
]
days = st.integers(0, 400).map(on)
plans = st.dictionaries(st.sampled_from(KEYS), days, min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(plans, st.dictionaries(st.sampled_from(KEYS), days, max_size=8))
def test_nothing_is_expected_before_its_plan_nor_before_what_it_waits_for(
    planned: dict[Key, date], reached: dict[Key, date]
) -> None:
    found = expected(planned, DEPENDENCIES, reached)
    assert found.keys() == planned.keys() - reached.keys()
    for key, one in found.items():
        assert one.forecast >= one.planned == planned[key]
        assert one.forecast == max(one.planned, one.planned - timedelta(days=one.slack_days or 0))


@settings(max_examples=60, deadline=None)
@given(plans, st.integers(1, 100), st.data())
def test_a_delay_never_makes_anything_earlier(planned: dict[Key, date], by: int, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from(sorted(planned, key=str)))
    before = expected(planned, DEPENDENCIES, {})
    after = expected({**planned, key: planned[key] + timedelta(days=by)}, DEPENDENCIES, {})
    assert all(after[one].forecast >= before[one].forecast for one in planned)
