"""What was known at a past instant: the same pages whichever way they are found, with what lies ahead in its place."""

from datetime import timedelta

import pytest
from chassis.http.paging import PageRequest
from chassis.mongo import Database
from chassis.scope import Scope
from reporting import queries
from reporting.consumers import on_events
from reporting.queries import timeline as reading
from reporting.queries.filters import TimelineFilter
from telling import BEGINNING, Story

ALL = Scope.everything()


def story_with_entries_ahead() -> Story:
    """Each is recorded a second after the other: some of the past, some without a date, some of the future."""
    story = Story("Acme", "A-1")
    story.registered()
    for year in range(2021, 2031):
        site = story.site(f"Site {year}")
        site.subject("S-1")
        story.planned("study_completion", f"{year}-12")
        story.reached("study_start", f"{year}-06")
        story.reached("primary_completion", None)
    return story


async def ids_page_by_page(database: Database, asked: TimelineFilter) -> list[str]:
    ids: list[str] = []
    cursor = None
    while True:
        page = await queries.timeline_page(database, ALL, asked, PageRequest(4, cursor))
        ids += [one.event_id for one in page.items]
        if (cursor := page.next) is None:
            return ids


@pytest.mark.parametrize("little", [reading.LITTLE, -1])
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_pages_hold_exactly_what_was_recorded_by_then(
    database: Database, monkeypatch: pytest.MonkeyPatch, little: int, order: str
) -> None:
    monkeypatch.setattr(reading, "LITTLE", little)
    story = story_with_entries_ahead()
    await on_events(database, story.told)
    everything = await database.collection("timeline").find(ALL, {}, sort=[("position", 1 if order == "asc" else -1)])
    assert any(one["occurred_at"] and one["occurred_at"] > "2027" for one in everything)
    for seconds in (-1, 0, 7, 20, 1_000):
        until = BEGINNING + timedelta(seconds=seconds)
        asked = TimelineFilter.model_validate({"as_of": until.isoformat(), "order": order})
        known = [one["_id"] for one in everything if one["recorded_at"] <= until]
        assert await ids_page_by_page(database, asked) == known


async def test_only_what_lies_ahead_of_its_recording_is_marked(database: Database) -> None:
    await on_events(database, story_with_entries_ahead().told)
    marked = await database.collection("timeline").find(ALL, {"ahead": True})
    assert {one["occurred_at"][:4] for one in marked} == {"2026", "2027", "2028", "2029", "2030"}
