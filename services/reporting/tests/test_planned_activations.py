"""The planned day of each site's activation on the start-up board, and how late it is."""

from datetime import date, timedelta
from typing import Any

import pytest
from asking import Asking
from chassis import clock
from chassis.mongo import Database
from contracts import sites as public
from reporting.consumers import on_events
from telling import SiteStory, Story
from telling_amendments import activation_of, tell_baseline, tell_plan

TODAY = clock.now().date()


def day(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.fixture
def story() -> Story:
    """A study of Acme."""
    told = Story("Acme", "A-1")
    told.registered()
    return told


@pytest.fixture
def site(story: Story) -> SiteStory:
    """A site in start-up."""
    told = story.site("Charité")
    told.tell(public.SiteSelected, "2024-06-20")
    return told


async def activation(asking: Asking, *sponsors: str) -> dict[str, Any] | None:
    [found] = (await asking(*sponsors).get("/v1/start-up")).json()["items"]
    return found["activation"]


async def test_a_site_that_no_plan_names_has_no_planned_day(
    asking: Asking, database: Database, story: Story, site: SiteStory
) -> None:
    elsewhere = activation_of(SiteStory(story, "elsewhere", "FR"), day(3))
    tell_baseline(story, elsewhere, {**activation_of(site, day(9)), "kind": "contract_executed"})
    await on_events(database, story.told)
    assert await activation(asking) is None


async def test_a_planned_day_that_has_passed_is_late_by_today(
    asking: Asking, database: Database, story: Story, site: SiteStory
) -> None:
    tell_baseline(story, activation_of(site, day(-4)))
    await on_events(database, story.told)
    assert await activation(asking) == {"planned": day(-4).isoformat(), "forecast": None, "days_late": 4}


async def test_a_forecast_counts_where_it_is_later_than_today_and_moves_change_the_plan(
    asking: Asking, database: Database, story: Story, site: SiteStory
) -> None:
    tell_baseline(story, activation_of(site, day(10)))
    forecast = activation_of(site, day(10), forecast=day(17), slack_days=-7)
    tell_plan(story, public.MilestoneForecast, expected=(forecast,))
    await on_events(database, story.told)
    told = {"planned": day(10).isoformat(), "forecast": day(17).isoformat(), "days_late": 7}
    assert await activation(asking) == told
    move = {**activation_of(site, day(20)), "baseline": day(10), "at_risk": ()}
    await on_events(database, [tell_plan(story, public.MilestonePlanned, **move)])
    told = {"planned": day(20).isoformat(), "forecast": day(17).isoformat(), "days_late": -3}
    assert await activation(asking) == told
    late = (activation_of(site, day(20), forecast=day(25), slack_days=-5),)
    await on_events(database, [tell_plan(story, public.MilestoneAtRisk, at_risk=late)])
    assert await activation(asking) == {"planned": day(20).isoformat(), "forecast": day(25).isoformat(), "days_late": 5}
    await on_events(database, [tell_baseline(story, activation_of(site, day(30)))])
    assert await activation(asking) == {
        "planned": day(30).isoformat(),
        "forecast": day(25).isoformat(),
        "days_late": -5,
    }
