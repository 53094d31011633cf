"""Completeness of trial master files: what is due on a day, and how much of that is filed and in force."""

from datetime import timedelta
from typing import Any

import pytest
from asking import Asking
from chassis import clock
from chassis.mongo import Database, UpdateOne
from contracts.regulatory import tmf as public
from reporting.consumers import on_events
from reporting.store import TMF_COMPLETENESS
from telling import Story
from telling_tmf import DocumentStory, open_file

BOARD = "/v1/tmf-completeness"
TODAY = clock.now().date()
PAST, AHEAD = ((TODAY + timedelta(days=days)).isoformat() for days in (-10, 10))
NOTHING = dict.fromkeys(("due", "filed", "missing", "in_review", "returned", "expired", "not_due", "exempt"), 0)


@pytest.fixture
def story() -> Story:
    """A study of Acme whose file is open."""
    told = Story("Acme", "A-1")
    told.registered()
    open_file(told)
    return told


async def told(asking: Asking, *sponsors: str, **asked: str) -> list[dict[str, Any]]:
    answer = await asking(*sponsors).get(BOARD, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


def figures(one: dict[str, Any]) -> dict[str, int]:
    return {name: one[name] for name in NOTHING if one[name]}


async def test_every_document_counts_by_where_it_stands_on_the_day(
    asking: Asking, database: Database, story: Story
) -> None:
    documents = [DocumentStory(story, f"{number}") for number in range(7)]
    for document, due in zip(documents, (PAST, PAST, PAST, PAST, PAST, AHEAD, None), strict=True):
        document.expected(due)
    documents[1].received(PAST)
    documents[2].received(PAST)
    documents[2].returned(PAST)
    documents[3].received(PAST)
    documents[3].filed(PAST)
    documents[4].tell(public.TmfDocumentWaived, PAST)
    await on_events(database, story.told)
    [found] = await told(asking)
    assert figures(found) == {
        "due": 4,
        "missing": 1,
        "in_review": 1,
        "returned": 1,
        "filed": 1,
        "exempt": 1,
        "not_due": 2,
    }
    assert (found["completeness"], found["oldest_overdue"], found["locked"]) == (25.0, PAST, False)
    [later] = await told(asking, on=AHEAD)
    assert (later["due"], later["missing"], later["not_due"]) == (5, 2, 1)


async def test_a_filed_document_counts_until_it_expires_and_again_with_its_next_version(
    asking: Asking, database: Database, story: Story
) -> None:
    document = DocumentStory(story, "certificate")
    document.expected(PAST)
    document.received(PAST)
    document.filed(PAST, expires_on=TODAY.isoformat())
    await on_events(database, story.told)
    assert [figures(one) for one in await told(asking, on=TODAY.isoformat())] == [{"due": 1, "filed": 1}]
    assert [figures(one) for one in await told(asking, on=AHEAD)] == [{"due": 1, "expired": 1}]
    before = len(story.told)
    document.received(PAST, version=2)
    document.filed(PAST, version=2)
    document.tell(public.TmfDocumentSuperseded, PAST, version=1)
    await on_events(database, story.told[before:])
    assert [figures(one) for one in await told(asking, on=AHEAD)] == [{"due": 1, "filed": 1}]


async def test_a_newer_version_in_review_leaves_the_one_in_force_and_a_requirement_comes_back(
    asking: Asking, database: Database, story: Story
) -> None:
    document = DocumentStory(story, "plan")
    document.expected(PAST)
    document.received(PAST)
    document.filed(PAST)
    document.received(PAST, version=2)
    document.returned(PAST, version=2)
    released = DocumentStory(story, "released")
    released.expected(PAST)
    released.tell(public.TmfDocumentNotRequired, PAST, rule=None)
    await on_events(database, story.told)
    [found] = await told(asking)
    assert figures(found) == {"due": 1, "filed": 1, "exempt": 1}
    await on_events(database, [released.tell(public.TmfDocumentRequiredAgain, PAST)])
    [found] = await told(asking)
    assert figures(found) == {"due": 2, "filed": 1, "missing": 1}


async def test_figures_are_told_by_zone_and_by_place(asking: Asking, database: Database, story: Story) -> None:
    DocumentStory(story, "a", number="01.01.01").expected(PAST)
    DocumentStory(story, "b", number="05.02.12", level="site", country="DE", site_id="site-1").expected(PAST)
    DocumentStory(story, "c", number="05.02.12", level="site", country="DE", site_id="site-2").expected(PAST)
    DocumentStory(story, "d", number="03.01.01", level="country", country="DE").expected(PAST)
    await on_events(database, story.told)
    study = story.study_id

    async def by(name: str, **more: str) -> dict[str | None, int]:
        return {one["key"]: one["missing"] for one in await told(asking, study=study, by=name, **more)}

    assert await by("zone") == {"01": 1, "03": 1, "05": 2}
    assert await by("site") == {None: 2, "site-1": 1, "site-2": 1}
    assert await by("country") == {None: 1, "DE": 3}
    assert await by("site", zone="05") == {"site-1": 1, "site-2": 1}
    assert await by("zone", site="site-1") == {"05": 1}
    answer = await asking().get(BOARD, params={"by": "zone"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "study")
    client, found, cursor = asking(), list[str | None](), dict[str, str]()
    while True:
        page = (await client.get(BOARD, params={"study": study, "by": "site", "limit": "1", **cursor})).json()
        found += [one["key"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == [None, "site-1", "site-2"]


async def test_figures_are_told_by_milestone_and_of_one_milestone(
    asking: Asking, database: Database, story: Story
) -> None:
    DocumentStory(story, "a", milestone="03").expected(PAST)
    DocumentStory(story, "b", number="05.02.12", milestone="03").expected(PAST)
    DocumentStory(story, "c", number="05.02.12", milestone="09").expected(AHEAD)
    DocumentStory(story, "d").expected(PAST)
    await on_events(database, story.told)
    found = {one["key"]: figures(one) for one in await told(asking, study=story.study_id, by="milestone")}
    assert found == {None: {"due": 1, "missing": 1}, "03": {"due": 2, "missing": 2}, "09": {"not_due": 1}}
    [live] = await told(asking, milestone="03")
    assert figures(live) == {"due": 2, "missing": 2}
    zones = await told(asking, study=story.study_id, by="zone", milestone="03")
    assert {one["key"]: one["missing"] for one in zones} == {"01": 1, "05": 1}
    assert await told(asking, "Globex", study=story.study_id, by="milestone") == []


async def test_a_group_that_was_counted_before_milestones_were_counts_all_the_same(
    asking: Asking, database: Database, story: Story
) -> None:
    DocumentStory(story, "a", milestone="03").expected(PAST)
    await on_events(database, story.told)
    stored = database.collection(TMF_COMPLETENESS)
    await stored.write([UpdateOne({}, {"$unset": {"counts.0.milestone": ""}})])
    [found] = await told(asking, study=story.study_id, by="milestone")
    assert (found["key"], figures(found)) == (None, {"due": 1, "missing": 1})


async def test_a_file_without_documents_is_told_and_a_locked_one_is_so(
    asking: Asking, database: Database, story: Story
) -> None:
    other = Story("Acme", "A-2")
    other.registered()
    open_file(other)
    open_file(other, public.TmfLocked)
    await on_events(database, [*story.told, *other.told])
    found = {one["study_id"]: one for one in await told(asking)}
    assert found[other.study_id]["locked"] is True
    assert (figures(found[story.study_id]), found[story.study_id]["completeness"]) == ({}, None)


async def test_what_is_not_complete_never_reads_a_hundred_percent(
    asking: Asking, database: Database, story: Story
) -> None:
    for number in range(2_001):
        document = DocumentStory(story, f"{number}")
        document.expected(PAST)
        if number:
            document.filed(PAST)
    await on_events(database, story.told)
    assert [one["completeness"] for one in await told(asking)] == [99.9]


async def test_another_sponsor_is_told_nothing_whatever_they_ask(
    asking: Asking, database: Database, story: Story
) -> None:
    DocumentStory(story, "a").expected(PAST)
    await on_events(database, story.told)
    for asked in ({}, {"sponsor": "Acme"}, {"study": story.study_id}, {"study": story.study_id, "by": "zone"}):
        assert await told(asking, "Globex", **asked) == []
