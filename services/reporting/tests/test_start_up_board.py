"""The start-up board: who is on it, what blocks them, and for how long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asking import Asking
from chassis import clock
from chassis.mongo import Database
from contracts import derived_id, monitoring
from contracts import sites as public
from reporting.consumers import on_events
from reporting.projections import start_up
from reporting.queries.start_up import days_between
from telling import SiteStory, Story
from telling_boards import tell_checklist_set_up, tell_item

BOARD = "/v1/start-up"
TODAY = clock.now().date()


class Told:
    """A sponsor's study with sites in start-up."""

    def __init__(self, sponsor: str = "Acme") -> None:
        self.story = Story(sponsor, f"{sponsor}-1")
        self.story.registered()

    def site(self, name: str, *items: str, country: str = "DE", begun: str | None = None) -> SiteStory:
        """A site in start-up whose checklist has these items."""
        site = self.story.site(name, country)
        site.tell(public.SiteSelected, "2024-06-20")
        site.tell(public.SiteStartUpBegun, begun or (TODAY - timedelta(days=30)).isoformat())
        if items:
            site.checklist(public.ChecklistOpened, items=items)
        return site


async def board(asking: Asking, *sponsors: str, **asked: str) -> list[dict[str, Any]]:
    answer = await asking(*sponsors).get(BOARD, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def names(found: list[dict[str, Any]]) -> set[str]:
    return {one["name"] for one in found}


async def test_an_item_is_missing_until_an_event_says_otherwise_and_again_once_it_is_lost(
    asking: Asking, database: Database
) -> None:
    told = Told()
    site = told.site("Charité", "authority_approval", "indemnity", "normal_ranges", "insurance")
    tell_item(site, "authority_approval", 1, public.ChecklistItemMet, TODAY)
    tell_item(site, "indemnity", 3, public.ChecklistItemWaived, TODAY)
    tell_item(site, "normal_ranges", 8, public.ChecklistItemNotApplicable, TODAY)
    await on_events(database, told.story.told)
    [found] = await board(asking)
    assert (found["satisfied"], found["total"], found["blocked_by"]) == (3, 4, ["insurance"])
    lost = {"status": "expired", "lost_by": "certificate-1"}
    tell_item(site, "authority_approval", 1, public.ChecklistItemLost, TODAY, **lost)
    await on_events(database, told.story.told[-1:])
    [found] = await board(asking)
    item = next(one for one in found["items"] if one["item"] == "authority_approval")
    assert item == {
        "item": "authority_approval",
        "number": 1,
        "status": "expired",
        "since": TODAY.isoformat(),
        "evidence": [],
        "expires_on": TODAY.isoformat(),
        "expiry": "expired",
        "lost_by": "certificate-1",
    }
    assert found["blocked_by"] == ["authority_approval", "insurance"]


async def test_sites_are_found_by_what_blocks_them(asking: Asking, database: Database) -> None:
    told = Told()
    told.site("A", "insurance", "indemnity")
    met = told.site("B", "insurance", "indemnity", country="FR")
    tell_item(met, "insurance", 3, public.ChecklistItemMet, TODAY)
    told.site("C")
    await on_events(database, told.story.told)
    assert names(await board(asking)) == {"A", "B", "C"}
    assert names(await board(asking, blocked_by="insurance")) == {"A"}
    assert names(await board(asking, blocked_by="indemnity")) == {"A", "B"}
    assert names(await board(asking, country="FR")) == {"B"}
    assert [one["country"] for one in await board(asking, order="country")] == ["DE", "DE", "FR"]


async def test_a_site_leaves_the_board_with_its_green_light_and_comes_back_with_a_loss(
    asking: Asking, database: Database
) -> None:
    told = Told()
    site = told.site("A", "insurance")
    tell_item(site, "insurance", 3, public.ChecklistItemMet, TODAY)
    site.tell(public.SiteReadyForActivation, TODAY.isoformat())
    await on_events(database, told.story.told)
    assert [one["status"] for one in await board(asking)] == ["ready_for_activation"]
    activated = site.tell(public.SiteActivated, TODAY.isoformat(), rested_on=())
    await on_events(database, [activated])
    assert await board(asking) == []
    tell_item(site, "insurance", 3, public.ChecklistItemLost, TODAY, status="expired", lost_by=None)
    await on_events(database, told.story.told[-1:])
    assert names(await board(asking, show="lost")) == {"A"}
    assert await board(asking) == []


async def test_another_version_of_the_checklist_keeps_what_is_met_and_asks_for_what_is_new(
    asking: Asking, database: Database
) -> None:
    told = Told()
    site = told.site("A", "insurance", "indemnity")
    tell_item(site, "insurance", 3, public.ChecklistItemMet, TODAY)
    site.checklist(public.ChecklistOpened, items=("insurance", "data_privacy_agreement"))
    tell_checklist_set_up(told.story)
    await on_events(database, told.story.told)
    [found] = await board(asking)
    assert [(one["item"], one["number"], one["status"]) for one in found["items"]] == [
        ("insurance", 3, "met"),
        ("data_privacy_agreement", 10, "missing"),
    ]


async def test_a_checklist_and_a_visit_that_are_heard_of_before_their_site_wait_for_it(
    asking: Asking, database: Database
) -> None:
    told = Told()
    site = told.site("A", "insurance")
    visit = {**site.where, "visit_id": derived_id("visit", site.site_id), "visit_type": "SIV", "planned_on": "2030-01"}
    told.story.tell(f"monitoring-visit/{visit['visit_id']}", monitoring.MonitoringVisitPlanned.model_validate(visit))
    of_site = [one for one in told.story.told if one.envelope.subject.startswith("study-site/")]
    await on_events(database, [one for one in told.story.told if one not in of_site])
    assert await board(asking) == []
    await on_events(database, of_site)
    [found] = await board(asking)
    assert (found["total"], found["initiation_visit"]) == (1, {"planned": "2030-01", "actual": None})
    assert found["days_in_start_up"] == 30


async def test_another_sponsor_sees_no_site_whatever_they_ask(asking: Asking, database: Database) -> None:
    told, others = Told(), Told("Globex")
    told.site("Ours", "insurance")
    others.site("Theirs", "insurance")
    await on_events(database, [*told.story.told, *others.story.told])
    for asked in ({}, {"sponsor": "Acme"}, {"study": told.story.study_id}, {"blocked_by": "insurance"}):
        assert told.story.study_id not in str(await board(asking, "Globex", **asked))
    assert names(await board(asking, "Globex")) == {"Theirs"}


async def test_the_board_pages_through_every_site_once(asking: Asking, database: Database) -> None:
    told = Told()
    for number in range(5):
        told.site(f"S-{number}", country="DE" if number % 2 else "FR")
    await on_events(database, told.story.told)
    for order in ("study", "country"):
        found, cursor, client = list[str](), dict[str, str](), asking()
        while True:
            page = (await client.get(BOARD, params={"limit": "2", "order": order, **cursor})).json()
            found += [one["site_id"] for one in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert found == [one["site_id"] for one in await board(asking, order=order)]
        assert len(set(found)) == 5


@pytest.mark.parametrize(
    ("began_on", "ended_on", "days"),
    [
        ("2026-03-01", None, 9),
        ("2026-03-10", None, 0),
        ("2026-02", None, 10),
        ("2026-03", None, 0),
        ("2026-04-01", None, None),
        (None, None, None),
        ("2026-01-01", "2026-02-01", 31),
        ("2026-01-01", "2026-02", 31),
    ],
)
def test_days_in_start_up_never_say_more_than_the_dates_do(
    began_on: str | None, ended_on: str | None, days: int | None
) -> None:
    assert days_between(began_on, ended_on, datetime(2026, 3, 10, 12, tzinfo=UTC)) == days


def test_of_several_initiation_visits_the_one_that_was_done_counts() -> None:
    kind = start_up.INITIATION
    done, later = (
        {"milestones": [{"kind": kind, "planned": p, "actual": a}]} for p, a in ((None, "2026-01"), ("2026-09", None))
    )
    site: dict[str, Any] = {"_id": "1", "study": "s", "milestones": [], **dict.fromkeys(start_up.SITE_FIELDS, None)}
    told = start_up.document(site, None, [later, done, {"milestones": []}])
    assert told["initiation_visit"] == {"planned": None, "actual": "2026-01"}


async def test_what_expires_soon_or_should_be_lost_by_now_is_told_with_its_last_day(
    asking: Asking, database: Database
) -> None:
    told = Told()
    site = told.site("Charité", *"abcd")
    for item, days in (("a", 59), ("b", 90), ("c", -1), ("d", None)):
        expires_on = None if days is None else (TODAY + timedelta(days=days)).isoformat()
        tell_item(site, item, 3, public.ChecklistItemMet, TODAY, expires_on=expires_on)
    await on_events(database, told.story.told)
    [found] = await board(asking)
    assert {one["item"]: one["expiry"] for one in found["items"]} == {"a": "soon", "b": None, "c": "expired", "d": None}
    assert found["items"][0]["expires_on"] == (TODAY + timedelta(days=59)).isoformat()
    tell_item(site, "a", 3, public.ChecklistItemMet, TODAY, expires_on=None)
    await on_events(database, told.story.told[-1:])
    [found] = await board(asking)
    assert (found["items"][0]["expires_on"], found["items"][0]["expiry"]) == (None, None)
