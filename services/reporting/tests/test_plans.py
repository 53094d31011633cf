"""Pages are ranges of an index in their order: the server neither reads a whole collection for one nor sorts it."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import pytest
from asking import Asking
from chassis.mongo import Database
from pymongo import AsyncMongoClient
from reporting.consumers import on_events
from reporting.queries import timeline as reading
from studyline.testing import Servers
from telling import whole_story

STORIES: Final = [whole_story(f"Sponsor {number}", f"A-{number}") for number in range(12)]
STUDY: Final = STORIES[0].study_id
PAGES: Final = (
    "/v1/timeline?limit=10",
    "/v1/timeline?limit=10&order=desc",
    "/v1/timeline?limit=10&country=FR",
    "/v1/timeline?limit=10&kind=site_selected",
    "/v1/timeline?limit=10&kind=site_selected&kind=site_activated&order=desc",
    f"/v1/timeline?limit=10&study={STUDY}",
    f"/v1/timeline?limit=10&study={STUDY}&kind=site_selected",
    "/v1/timeline?limit=10&from=2024-07&to=2024-09",
    "/v1/timeline?limit=10&as_of=2026-01-01T00:00:20Z",
    "/v1/timeline?limit=10&as_of=2026-01-01T00:00:20Z&order=desc",
    "/v1/studies?limit=10",
    "/v1/studies?limit=10&status=recruiting",
    "/v1/studies?limit=10&country=FR",
    f"/v1/studies/{STUDY}/sites?limit=10",
)

NO_PAGES: Final = (".generations", ".milestones", ".system.profile")
"""One document; the few milestones of a page's sites; the profile itself."""

Profile = Any


@pytest.fixture
async def profile(servers: Servers, database: Database) -> AsyncGenerator[Profile]:
    """What the server tells of each read that is made on the service's database."""
    for story in STORIES:
        await on_events(database, story.told)
    async with AsyncMongoClient[dict[str, Any]](servers.mongodb_uri) as client:
        own = client[database.name]
        await own.command("profile", 2)
        yield own["system.profile"]
        await own.command("profile", 0)


async def test_no_page_is_sorted_and_none_reads_a_whole_collection(
    profile: Profile, asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LITTLE", 5)
    for caller in (asking(), asking("Sponsor 0"), asking("Sponsor 0", "Sponsor 1")):
        for page in PAGES:
            assert (await caller.get(page)).status_code == 200
    reads = [one async for one in profile.find({"op": {"$in": ["query", "command"]}, "planSummary": {"$exists": True}})]
    told = [one for one in reads if not one["ns"].endswith(NO_PAGES)]
    assert len(told) > len(PAGES)
    bad = [
        (one["planSummary"], one["command"]) for one in told if one.get("hasSortStage") or "COLL" in one["planSummary"]
    ]
    assert bad == []
