"""Obligations of trials: periods that run for no submission, by what is due."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asking import Asking
from chassis import clock
from chassis.mongo import Database
from chassis.scope import Scope
from contracts import regulatory
from reporting.consumers import on_events
from reporting.queries import obligation_totals
from reporting.queries.obligations import ObligationFilter
from telling import Story
from telling_clocks import BERLIN, ClockStory

LIST = "/v1/obligations"
TODAY = clock.now().astimezone(ZoneInfo(BERLIN)).date()


def obliged(story: Story, rule: str, in_days: int, **more: Any) -> ClockStory:
    """A period of the trial itself is due in so many days."""
    told = ClockStory(story, f"{story.study_id} {rule}", TODAY + timedelta(days=in_days), rule, about_type="obligation")
    told.more = {"obliges": "sponsor", **more}
    told.started("2026-02-01")
    return told


@pytest.fixture
async def story(database: Database) -> Story:
    """A study of Acme with obligations of every kind, and a clock of a submission, which is none."""
    told = Story("Acme", "A-1")
    told.registered()
    obliged(told, "eu-ctr-results", 200)
    obliged(told, "eu-ctr-end-of-recruitment", -2).tell(regulatory.RegulatoryDeadlineMissed)
    obliged(told, "us-ind-annual-report", 7, country="US")
    obliged(told, "dsur", 30, country=None).tell(regulatory.RegulatoryClockPaused)
    obliged(told, "eu-ctr-first-visit", 3).tell(regulatory.RegulatoryClockStopped, "2026-02-09", in_time=True)
    obliged(told, "eu-ctr-archive", -1, if_missed="may_end")
    ClockStory(told, "a submission", TODAY).started("2026-02-01")
    await on_events(database, told.told)
    return told


async def found(asking: Asking, *sponsors: str, **asked: str) -> list[dict[str, Any]]:
    answer = await asking(*sponsors).get(LIST, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def rules(asking: Asking, **asked: str) -> list[str]:
    return [one["rule_id"] for one in await found(asking, **asked)]


async def test_what_is_overdue_stands_first_and_what_stands_still_last(asking: Asking, story: Story) -> None:
    told = [(one["rule_id"], one["days_left"], one["jurisdiction"]) for one in await found(asking)]
    assert told == [
        ("eu-ctr-end-of-recruitment", -2, "EU"),
        ("eu-ctr-archive", -1, "EU"),
        ("us-ind-annual-report", 7, "US"),
        ("eu-ctr-results", 200, "EU"),
        ("dsur", None, None),
    ]
    assert await rules(asking, due="soon") == ["us-ind-annual-report"]
    assert await rules(asking, country="US", study=story.study_id) == ["us-ind-annual-report"]


@pytest.mark.usefixtures("story")
async def test_what_may_end_when_its_period_is_over_is_never_late(asking: Asking, database: Database) -> None:
    assert await rules(asking, due="overdue") == ["eu-ctr-end-of-recruitment"]
    totals = await obligation_totals(database, Scope.everything(), ObligationFilter(due="overdue"))
    assert (totals.open, totals.overdue, totals.soon) == (5, 1, 1)
    nobodys = await obligation_totals(database, Scope.everything(), ObligationFilter(sponsor="Nobody"))
    assert (nobodys.open, nobodys.overdue, nobodys.soon) == (0, 0, 0)


@pytest.mark.usefixtures("story")
async def test_what_was_kept_is_closed_and_says_whether_it_was_in_time(asking: Asking) -> None:
    [kept] = await found(asking, show="closed")
    assert (kept["rule_id"], kept["in_time"], kept["days_left"]) == ("eu-ctr-first-visit", True, None)


@pytest.mark.usefixtures("story")
async def test_a_page_follows_another_without_a_gap(asking: Asking) -> None:
    client, told, cursor = asking(), list[str](), dict[str, str]()
    while True:
        page = (await client.get(LIST, params={"limit": "2", **cursor})).json()
        told += [one["rule_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert told == await rules(asking)


async def test_another_sponsor_is_told_nothing_whatever_they_ask(asking: Asking, story: Story) -> None:
    for asked in ({}, {"sponsor": "Acme"}, {"study": story.study_id}, {"due": "overdue"}, {"show": "closed"}):
        assert await found(asking, "Globex", **asked) == []
