"""What clients read: lists that page through everything once, and nothing of anybody else's."""

from typing import Any
from urllib.parse import quote

import pytest
from asking import Asking
from chassis.mongo import Database
from chassis.service import Service
from contracts import sponsor_id
from fastapi.routing import APIRoute
from httpx import AsyncClient
from reporting.consumers import on_events
from telling import Story, whole_story

ACME, GLOBEX = whole_story("Acme", "A-1"), whole_story("Globex", "G-1")
STREAM = "/v1/timeline/stream"


@pytest.fixture
async def everybody(asking: Asking, database: Database) -> AsyncClient:
    """A client that sees both sponsors' studies, which are there."""
    await on_events(database, [*ACME.told, *GLOBEX.told])
    return asking()


async def items(client: AsyncClient, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Everything of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(path, params={**asked, **cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["next"] is None:
            return found
        cursor = {"cursor": answer.json()["next"]}


async def test_a_study_is_told_exactly_as_was_agreed(everybody: AsyncClient) -> None:
    answer = await everybody.get(f"/v1/studies/{ACME.study_id}")
    assert answer.json() == {
        "study_id": ACME.study_id,
        "registry_ids": ["NCT-A-1"],
        "protocol_number": "A-1",
        "sponsor": {"id": sponsor_id("Acme"), "name": "Acme"},
        "title": "Acme's study A-1",
        "phase": "phase_3",
        "status": "recruiting",
        "planned_enrolment": 40,
        "counts": {
            "countries": 2,
            "sites": 2,
            "active_sites": 1,
            "subjects": 3,
            "enrolled": 1,
            "subject_visits": 2,
            "protocol_deviations": 2,
            "important_deviations": 2,
            "adverse_events": 2,
            "serious_adverse_events": 2,
        },
        "milestones": [
            {"kind": "study_start", "planned": None, "actual": "2024-09"},
            {"kind": "study_completion", "planned": "2027-01", "actual": None},
        ],
    }


async def test_a_site_has_its_own_milestones_and_those_that_visits_and_approvals_gave_it(
    everybody: AsyncClient,
) -> None:
    sites = {one["name"]: one for one in await items(everybody, f"/v1/studies/{ACME.study_id}/sites")}
    dates = {one["kind"]: (one["planned"], one["actual"]) for one in sites["Charité"]["milestones"]}
    assert dates == {
        "identified": (None, "2024-06"),
        "selected": (None, "2024-06-20"),
        "activated": (None, "2024-09-01"),
        "authority_submission": (None, "2024-07"),
        "authority_approval": (None, "2024-08-20"),
        "ethics_submission": (None, "2024-07"),
        "initiation_visit": ("2024-08", "2024-08-25"),
    }
    assert [one["kind"] for one in sites["Hôtel-Dieu"]["milestones"]] == ["identified"]
    assert (sites["Charité"]["status"], sites["Charité"]["city"], sites["Charité"]["country"]) == (
        "active",
        "Ulm",
        "DE",
    )


async def test_an_approval_of_a_country_is_a_milestone_of_each_of_its_sites(
    everybody: AsyncClient, database: Database
) -> None:
    later = Story("Acme", "A-1")
    later.site("Another", "DE")
    await on_events(database, later.told)
    sites = {one["name"]: one for one in await items(everybody, f"/v1/studies/{ACME.study_id}/sites")}
    kinds = {one["kind"] for one in sites["Another"]["milestones"]}
    assert kinds == {"identified", "authority_submission", "authority_approval"}


async def test_countries_have_their_own_counts(everybody: AsyncClient) -> None:
    assert await items(everybody, f"/v1/studies/{ACME.study_id}/countries") == [
        {"country": "DE", "sites": 1, "active_sites": 1, "subjects": 2, "enrolled": 1},
        {"country": "FR", "sites": 1, "active_sites": 0, "subjects": 1, "enrolled": 0},
    ]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"registry_id": "NCT-A-1"}, [ACME]),
        ({"registry_id": "NCT-A"}, []),
        ({"protocol_number": "G-1"}, [GLOBEX]),
        ({"sponsor": "  ACME "}, [ACME]),
        ({"sponsor": sponsor_id("Globex")}, [GLOBEX]),
        ({"sponsor": "*"}, []),
        ({"status": "recruiting", "phase": "phase_3"}, [ACME, GLOBEX]),
        ({"status": "completed"}, []),
        ({"country": "FR"}, [ACME, GLOBEX]),
        ({"country": "US"}, []),
        ({"q": "globex's STUDY"}, [GLOBEX]),
        ({"q": ".*"}, []),
    ],
)
async def test_studies_are_found_by_what_is_known_of_them(
    everybody: AsyncClient, asked: dict[str, str], found: list[Story]
) -> None:
    studies = await items(everybody, "/v1/studies", limit=1, **asked)
    assert sorted(one["study_id"] for one in studies) == sorted(one.study_id for one in found)


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 7, 1_000])
async def test_paging_through_the_timeline_yields_each_entry_once_and_in_order(
    everybody: AsyncClient, order: str, limit: int
) -> None:
    entries = await items(everybody, "/v1/timeline", order=order, limit=limit)
    told = {one.envelope.id for story in (ACME, GLOBEX) for one in story.told}
    assert len(entries) == len(told)
    assert {one["event_id"] for one in entries} == told
    everything = await items(everybody, "/v1/timeline", limit=1_000)
    assert entries == (everything if order == "asc" else everything[::-1])


async def test_an_entry_is_told_exactly_as_was_agreed(everybody: AsyncClient) -> None:
    [entry] = await items(everybody, "/v1/timeline", study=ACME.study_id, kind="subject_enrolled")
    told = next(one for one in ACME.told if one.envelope.type.endswith("subject.enrolled.v1"))
    assert entry == {
        "event_id": told.envelope.id,
        "type": "studyline.sites.subject.enrolled.v1",
        "kind": "subject_enrolled",
        "study_id": ACME.study_id,
        "site_id": getattr(told.event, "site_id", None),
        "country": "DE",
        "occurred_at": "2024-02-05",
        "recorded_at": told.envelope.recorded_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "provenance": "recorded",
        "sponsor_id": sponsor_id("Acme"),
        "subject_key": "S-1",
    }


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ({"kind": ["study_start", "milestone_planned"]}, ["milestone_planned", "study_start"]),
        ({"country": "FR", "kind": "monitoring_visit_completed"}, ["monitoring_visit_completed"]),
        ({"from": "2024-09-01", "to": "2024-09-01"}, ["site_activated", "study_start"]),
        ({"from": "2025"}, ["monitoring_visit_completed"]),
        ({"as_of": "2026-01-01T00:00:01Z"}, ["study_registered", "milestone_planned"]),
        ({"as_of": "2025-12-31"}, []),
        ({"sponsor": "Globex"}, []),
        ({"site": "none"}, []),
    ],
)
async def test_the_timeline_is_narrowed_by_what_is_asked(
    everybody: AsyncClient, asked: dict[str, Any], kinds: list[str]
) -> None:
    entries = await items(everybody, "/v1/timeline", study=ACME.study_id, limit=3, **asked)
    dated = [one for one in entries if one["occurred_at"] or "as_of" in asked]
    assert sorted(one["kind"] for one in dated) == sorted(kinds)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "20x"}, "from"),
        ({"to": "2021-13"}, "to"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"country": "Germany"}, "country"),
        ({"kind": "Site Activated"}, "kind.0"),
        ({"order": "up"}, "order"),
        ({"limit": "0"}, "limit"),
        ({"limit": "1001"}, "limit"),
    ],
)
async def test_what_cannot_be_meant_is_refused_by_the_name_of_its_field(
    asking: Asking, asked: dict[str, str], field: str
) -> None:
    answer = await asking().get("/v1/timeline", params=asked)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_a_cursor_does_not_go_on_in_a_list_with_other_filters(everybody: AsyncClient) -> None:
    cursor = (await everybody.get("/v1/timeline", params={"limit": 1})).json()["next"]
    answer = await everybody.get("/v1/timeline", params={"limit": 1, "order": "desc", "cursor": cursor})
    assert answer.status_code == 400


async def test_freshness_tells_of_each_source_when_its_last_event_was_recorded(everybody: AsyncClient) -> None:
    sources = (await everybody.get("/v1/freshness")).json()["sources"]
    latest = {
        name: max(
            one.envelope.recorded_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            for one in ACME.told
            if one.envelope.source == f"/studyline/{name}"
        )
        for name in ("sites", "regulatory", "monitoring")
    }
    assert {one["source"]: one["recorded_at"] for one in sources} == latest


def api_routes(service: Service) -> list[str]:
    """Every path of the interface, whatever is added to it."""
    routes = [route.path for router in service.routers for route in router.routes if isinstance(route, APIRoute)]
    return [path for path in routes if path.startswith("/v1/")]


def names_of(story: Story) -> set[str]:
    """Everything by which a story could be recognised."""
    fields = ((name, value) for one in story.told for name, value in one.event.model_dump().items())
    ids = {value for name, value in fields if name.endswith("_id") and name not in {"rule_id", "unique_id"}}
    named = {story.study_id, sponsor_id(story.sponsor), story.sponsor, f"NCT-{story.number}"}
    return {str(one) for one in ids if one} | named | {one.envelope.id for one in story.told}


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize(("mine", "other"), [(ACME, GLOBEX), (GLOBEX, ACME)])
async def test_no_route_tells_one_sponsor_anything_of_another(
    service: Service, asking: Asking, mine: Story, other: Story
) -> None:
    client = asking(mine.sponsor)
    for path in api_routes(service):
        if path != STREAM:
            own = await client.get(path.format(study_id=mine.study_id))
            assert own.status_code == 200
            assert not [name for name in names_of(other) if name in own.text], path
        if "{study_id}" in path:
            assert (await client.get(path.format(study_id=other.study_id))).status_code == 404


async def test_no_filter_and_no_cursor_widens_what_may_be_seen(everybody: AsyncClient, asking: Asking) -> None:
    acme = asking("Acme")
    cursor = (await everybody.get("/v1/timeline", params={"limit": 1})).json()["next"]
    foreign: list[dict[str, str]] = [
        {"sponsor": "Globex"},
        {"sponsor": "*"},
        {"study": GLOBEX.study_id},
        {"cursor": cursor},
    ]
    for asked in foreign:
        answer = await acme.get("/v1/timeline", params={"limit": "1000", **asked})
        assert not [one for one in answer.json()["items"] if one["study_id"] == GLOBEX.study_id]
    answer = await acme.get(f"/v1/studies?registry_id={quote('NCT-G-1')}")
    assert answer.json() == {"items": [], "next": None}


async def test_without_a_token_nothing_is_told(service: Service, asking: Asking) -> None:
    client = asking()
    del client.headers["Authorization"]
    for path in api_routes(service):
        assert (await client.get(path.format(study_id=ACME.study_id))).status_code == 401
