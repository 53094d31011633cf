"""Cycle times: the days between standard milestones, as places reach them and as their days are corrected."""

from itertools import permutations
from typing import Any

import pytest
from asking import Asking
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import Received, derived_id, sites
from reporting.consumers import on_events
from reporting.projections.cycle_times import CYCLES
from reporting.store import CYCLE_TIMES
from telling import Story

LIST = "/v1/cycle-times"


def reached(story: Story, site: str | None, country: str, kind: str, actual: str | None) -> Received:
    """A site of the study, or the country itself, reaches a milestone; None takes the day back."""
    place = {"country": country, "site_id": derived_id("site", story.study_id, site) if site else None}
    about = {"study_id": story.study_id, "level": "site" if site else "country", "kind": kind, **place}
    track = derived_id("track", story.study_id, country, site or "")
    return story.tell(f"milestone-track/{track}", sites.MilestoneReached.model_validate({**about, "actual": actual}))


def started(story: Story, site: str, country: str, selected: str, contract: str, activated: str) -> None:
    for kind, day in (("site_selected", selected), ("contract_executed", contract), ("site_activated", activated)):
        reached(story, site, country, kind, day)


@pytest.fixture
async def story(database: Database) -> Story:
    """A study whose three sites took 30, 41 and 60 days from selection to the green light."""
    told = Story("Acme", "A-1")
    told.registered()
    started(told, "one", "DE", "2024-03-01", "2024-03-21", "2024-03-31")
    started(told, "two", "DE", "2024-03-01", "2024-03-11", "2024-04-11T09:00:00Z")
    started(told, "three", "FR", "2024-03-01", "2024-03-31", "2024-04-30")
    reached(told, None, "DE", "ethics_submission", "2024-02-01")
    reached(told, None, "DE", "ethics_approval", "2024-03-17")
    told.reached("first_site_activated", "2024-03-31")
    told.reached("first_subject_in", "2024-04-20")
    await on_events(database, told.told)
    return told


async def found(asking: Asking, *sponsors: str, **asked: str) -> dict[Any, dict[str, Any]]:
    answer = await asking(*sponsors).get(LIST, params=asked)
    assert answer.status_code == 200, answer.text
    return {(one["cycle"], one["country"]): one for one in answer.json()["items"]}


@pytest.mark.usefixtures("story")
async def test_the_median_the_shortest_and_the_longest_are_told_of_every_pair(asking: Asking) -> None:
    told = await found(asking)
    assert list(told) == [
        ("study_first_subject", None),
        ("ethics_review", None),
        ("site_contract", None),
        ("site_start_up", None),
    ]
    assert told["site_start_up", None] == {
        "cycle": "site_start_up",
        "level": "site",
        "begins": "site_selected",
        "ends": "site_activated",
        "country": None,
        "measured": 3,
        "median_days": 41,
        "shortest_days": 30,
        "longest_days": 60,
    }
    assert told["study_first_subject", None]["median_days"] == 20
    assert told["ethics_review", None]["median_days"] == 45


@pytest.mark.usefixtures("story")
async def test_countries_are_told_apart_and_filtered(asking: Asking) -> None:
    by_country = await found(asking, by="country")
    assert by_country["site_start_up", "DE"]["median_days"] == 35.5
    assert by_country["site_start_up", "FR"]["measured"] == 1
    assert set(await found(asking, country="FR")) == {("site_contract", None), ("site_start_up", None)}


async def test_a_day_that_is_corrected_or_taken_back_changes_what_rests_on_it(
    asking: Asking, story: Story, database: Database
) -> None:
    corrections = [
        reached(story, "three", "FR", "site_activated", "2024-04-10"),
        reached(story, "two", "DE", "site_activated", None),
        reached(story, "one", "DE", "contract_executed", "2024-03"),
        reached(story, "two", "DE", "contract_executed", "2024-02-20"),
    ]
    await on_events(database, corrections)
    told = await found(asking)
    start_up = told["site_start_up", None]
    assert (start_up["measured"], start_up["shortest_days"], start_up["longest_days"]) == (2, 30, 40)
    assert told["site_contract", None]["measured"] == 1, "a month is no day, and an end before its beginning no cycle"


async def test_events_may_come_again_and_studies_in_any_order(asking: Asking, story: Story, database: Database) -> None:
    other = Story("Acme", "A-2")
    other.registered()
    started(other, "four", "DE", "2024-03-01", "2024-03-05", "2024-03-09")
    await on_events(database, other.told)
    before = await found(asking)
    for first, second in permutations([story, other], 2):
        await on_events(database, [*first.told, *second.told])
    assert await found(asking) == before
    assert before["site_start_up", None]["measured"] == 4
    assert (await found(asking, study=other.study_id))["site_start_up", None]["median_days"] == 8


@pytest.mark.usefixtures("story")
async def test_another_sponsor_learns_nothing(asking: Asking, database: Database) -> None:
    assert await found(asking, "Bolt") == {}
    assert await found(asking, "Acme") == await found(asking)
    assert await database.collection(CYCLE_TIMES).count(Scope.of([]), {}) == 0


def test_every_cycle_is_told_under_one_code_and_begins_elsewhere_than_it_ends() -> None:
    assert len({one.code for one in CYCLES}) == len(CYCLES)
    assert all(one.begins != one.ends for one in CYCLES)
