"""How versions of a protocol reach the sites: counts, lags and who waits for what, by version and country."""

from datetime import date, timedelta
from typing import Any

import pytest
from asking import Asking
from chassis.mongo import Database
from contracts.sites import amendments as public
from reporting.consumers import on_events
from telling import Story
from telling_amendments import STEPS, AmendmentStory

APPROVED = date(2026, 1, 10)


@pytest.fixture
def story() -> Story:
    """A study of Acme."""
    told = Story("Acme", "A-1")
    told.registered()
    return told


async def found(asking: Asking, story: Story, *sponsors: str) -> list[dict[str, Any]]:
    answer = await asking(*sponsors).get(f"/v1/studies/{story.study_id}/amendments")
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def opened(story: Story, name: str, country: str = "DE", **more: Any) -> AmendmentStory:
    amendment = AmendmentStory(story.site(name, country), **more)
    amendment.opened()
    return amendment


async def test_median_and_longest_are_of_the_sites_that_are_done(
    asking: Asking, database: Database, story: Story
) -> None:
    for name, days in (("a", 40), ("b", 45), ("c", 80), ("d", 100)):
        opened(story, name).implemented(APPROVED + timedelta(days=days), "training")
    opened(story, "e")
    await on_events(database, story.told)
    [told] = await found(asking, story)
    assert (told["country"], told["protocol_version"], told["approved_on"]) == ("DE", "2.0", "2026-01-10")
    assert (told["concerned"], told["done"], told["median_days"], told["longest_days"]) == (5, 4, 62.5, 100)
    assert told["steps"] == [{"step": "training", "met": 4, "median_days": 62.5, "longest_days": 100}]


async def test_who_waits_and_for_what_follows_the_steps(asking: Asking, database: Database, story: Story) -> None:
    waiting = opened(story, "a")
    waiting.met("authority_approval", date(2026, 2, 10))
    waiting.met("training", date(2026, 2, 11))
    waiting.tell(public.AmendmentStepNotRequired, step="reconsent", because="nobody_concerned")
    waiting.tell(public.AmendmentStepWaived, step="consent_form")
    waiting.tell(public.AmendmentStepReopened, step="training", lacking=2)
    await on_events(database, story.told)
    [told] = await found(asking, story)
    [site] = told["waiting"]
    assert site["waits_for"] == ["ethics_approval", "protocol_in_effect", "training"]
    assert (site["site_id"], site["effective_on"]) == (waiting.site.site_id, "2026-02-01")
    assert (told["done"], told["median_days"], told["longest_days"]) == (0, None, None)


async def test_what_is_taken_back_overtaken_or_discontinued_counts_as_what_it_is_now(
    asking: Asking, database: Database, story: Story
) -> None:
    back, over, gone = (opened(story, name) for name in "abc")
    back.implemented(date(2026, 3, 1), *STEPS)
    back.tell(public.AmendmentReopened, was="implemented")
    back.tell(public.AmendmentStepReopened, step="training", lacking=1)
    over.tell(public.AmendmentSuperseded, "2026-03-05", superseded_by="3.0")
    gone.tell(public.AmendmentDiscontinued, "2026-03-05", because="site_closed")
    await on_events(database, story.told)
    [told] = await found(asking, story)
    assert (told["concerned"], told["done"], told["overtaken"], told["longest_days"]) == (2, 0, 1, None)
    assert [one["waits_for"] for one in told["waiting"]] == [["training"]]


async def test_the_latest_version_stands_first_and_a_page_follows_another(
    asking: Asking, database: Database, story: Story
) -> None:
    for name, country in (("a", "FR"), ("b", "DE"), ("c", "US")):
        opened(story, name, country)
        opened(story, name, country, version="3.0", approved_on=date(2026, 5, 1), effective_on=date(2026, 6, 1))
    await on_events(database, story.told)
    wanted = [(version, country) for version in ("3.0", "2.0") for country in ("DE", "FR", "US")]
    client, told, cursor = asking(), list[tuple[str, str]](), dict[str, str]()
    while True:
        path = f"/v1/studies/{story.study_id}/amendments"
        page = (await client.get(path, params={"limit": "2", **cursor})).json()
        told += [(one["protocol_version"], one["country"]) for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert told == wanted


async def test_another_sponsors_study_is_none(asking: Asking, database: Database, story: Story) -> None:
    opened(story, "a")
    await on_events(database, story.told)
    answer = await asking("Globex").get(f"/v1/studies/{story.study_id}/amendments")
    assert answer.status_code == 404
    assert "2.0" not in answer.text
