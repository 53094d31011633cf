"""The service over HTTP, on real MongoDB and Kafka."""

import asyncio
from typing import Any

import pytest
from contracts import TOPICS, derived_id
from studyline.testing.known import ACME, ZETA, Known
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-02-01"}
AGREED = {"reference": "EC-1", "covers": ["Protocol 2.0"], "conditions": ["Report yearly."], "expires_on": "2024-06"}


def submission(of: Known, **more: Any) -> dict[str, Any]:
    return {**DAY, "study_id": of.study_id, "body": "ethics_committee", "country": of.country, **more}


async def prepared(face: Face, of: Known = ACME, **more: Any) -> str:
    answer = await face.post("/v1/submissions", submission(of, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()["submission_id"]


async def test_the_service_becomes_ready(face: Face) -> None:
    while (answer := await face.get("/health/ready")).status_code != 200:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.1)
    assert {name for name, check in answer.json()["checks"].items() if not check["ok"]} == set()


async def test_a_submission_goes_its_way_and_every_step_is_published(face: Face) -> None:
    submission_id = await prepared(face, site_id=ACME.site_id)
    for step in ("submit", "receive-questions", "answer-questions", "approve"):
        answer = await face.post(f"/v1/submissions/{submission_id}/{step}", DAY | (AGREED if step == "approve" else {}))
        assert answer.status_code == 200, answer.text
    answer = await face.post(f"/v1/submissions/{submission_id}/withdraw", DAY)
    assert (answer.json()["status"], answer.json()["conditions"]) == ("withdrawn", ["Report yearly."])
    assert answer.headers["etag"] == '"v6"'
    types = await face.published(TOPICS["regulatory"], f"submission/{submission_id}", 6)
    names = ["prepared", "submitted", "questions-received", "questions-answered", "approved", "withdrawn"]
    assert types == [f"studyline.regulatory.submission.{name}.v1" for name in names]


async def test_a_refused_approval_names_every_reason(face: Face) -> None:
    answer = await face.post(f"/v1/submissions/{await prepared(face)}/approve", DAY)
    codes = [reason["code"] for reason in answer.json()["reasons"]]
    assert (answer.status_code, codes) == (409, ["wrong_status", "reference_missing", "covers_missing"])


async def test_a_rejection_is_noted(face: Face) -> None:
    submission_id = await prepared(face)
    await face.post(f"/v1/submissions/{submission_id}/submit", DAY)
    answer = await face.post(f"/v1/submissions/{submission_id}/reject", {**DAY, "reference": "EC-2"})
    assert (answer.json()["status"], answer.json()["reference"]) == ("rejected", "EC-2")


async def test_the_same_request_again_has_the_same_answer(face: Face) -> None:
    first, again = [await face.post("/v1/submissions", submission(ACME), key="once") for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"study_id": derived_id("study", "nowhere")}, "study_not_found"),
        ({"site_id": derived_id("site", "nowhere")}, "site_not_found"),
        ({"site_id": ZETA.site_id, "country": ZETA.country}, "site_not_found"),
    ],
)
async def test_a_submission_needs_a_known_study_and_a_site_of_it(face: Face, more: dict[str, str], code: str) -> None:
    answer = await face.post("/v1/submissions", {**submission(ACME), **more})
    assert (answer.status_code, answer.json()["type"]) == (404, f"/problems/{code}")


async def test_a_submission_for_a_site_names_the_sites_country(face: Face) -> None:
    answer = await face.post("/v1/submissions", submission(ACME, site_id=ACME.site_id) | {"country": "FR"})
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (409, "country_differs")


async def test_lists_are_filtered_and_paged(face: Face) -> None:
    wanted = {await prepared(face, body="competent_authority", site_id=ACME.site_id) for _ in range(3)}
    filters = {"study_id": ACME.study_id, "site_id": ACME.site_id, "body": "competent_authority", "status": "prepared"}
    first = (await face.get("/v1/submissions", **filters, country="DE", limit=2)).json()
    rest = (await face.get("/v1/submissions", **filters, country="DE", limit=2, cursor=first["next"])).json()
    assert {one["submission_id"] for one in first["items"] + rest["items"]} == wanted
    assert (len(first["items"]), rest["next"]) == (2, None)
    assert (await face.get("/v1/submissions", **filters, country="FR")).json()["items"] == []


async def test_a_sponsor_sees_and_touches_nothing_of_another(face: Face) -> None:
    submission_id = await prepared(face, ACME)
    zeta = face.acting("regulatory", "Zeta")
    unseen = await zeta.get(f"/v1/submissions/{submission_id}")
    unknown = await zeta.get(f"/v1/submissions/{derived_id('nothing')}")
    assert unseen.status_code == unknown.status_code == 404
    assert unseen.json()["type"] == unknown.json()["type"]
    assert (await zeta.get("/v1/submissions", study_id=ACME.study_id)).json()["items"] == []
    assert (await zeta.post("/v1/submissions", submission(ACME))).status_code == 404
    assert (await zeta.post(f"/v1/submissions/{submission_id}/submit", DAY)).status_code == 404
    assert (await face.get(f"/v1/submissions/{submission_id}")).json()["status"] == "prepared"


async def test_what_may_be_seen_can_be_read_by_any_role_but_changed_by_few(face: Face) -> None:
    submission_id = await prepared(face)
    for role in ("monitor", "sponsor", "quality"):
        caller = face.acting(role, "Acme")
        seen = await caller.get(f"/v1/submissions/{submission_id}")
        assert (seen.status_code, seen.headers["etag"]) == (200, '"v1"')
        assert (await caller.post(f"/v1/submissions/{submission_id}/submit", DAY)).status_code == 403


async def test_nobody_reads_without_a_token(face: Face) -> None:
    assert (await face.client.get("/v1/submissions")).status_code == 401
