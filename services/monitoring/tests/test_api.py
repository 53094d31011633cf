"""The service over HTTP, on real MongoDB and Kafka."""

import asyncio
from typing import Any

import pytest
from contracts import TOPICS, derived_id
from studyline.testing.known import ACME, ZETA, Known
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-03-07"}
SUBJECT = {"subject_key": "007-001"}
PLAN = {"visit_type": "SIV", "planned_on": "2022-03", "occurred_at": "2022-01"}
VISIT = {**DAY, **SUBJECT, "visit_name": "Week 12", "expected_on": "2022-04"}
DEVIATION = {**DAY, "category": "eligibility", "important": True}
ADVERSE_EVENT = {**DAY, **SUBJECT, "serious": True, "severity": "severe"}
NOWHERE = derived_id("nowhere")


def commands(of: Known) -> dict[str, tuple[str, dict[str, Any]]]:
    """What may be made in a study, each with its path."""
    return {
        "visits": (f"/v1/sites/{of.site_id}/visits", PLAN),
        "subject-visits": (f"/v1/sites/{of.site_id}/subject-visits", VISIT),
        "protocol-deviations": (f"/v1/studies/{of.study_id}/protocol-deviations", DEVIATION),
        "adverse-events": (f"/v1/sites/{of.site_id}/adverse-events", ADVERSE_EVENT),
    }


KINDS = sorted(commands(ACME))
ID_OF = {
    "visits": "visit_id",
    "subject-visits": "subject_visit_id",
    "protocol-deviations": "deviation_id",
    "adverse-events": "adverse_event_id",
}


async def made(face: Face, kind: str, of: Known = ACME, **more: Any) -> str:
    path, body = commands(of)[kind]
    answer = await face.post(path, {**body, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()[ID_OF[kind]]


async def test_the_service_becomes_ready(face: Face) -> None:
    while (answer := await face.get("/health/ready")).status_code != 200:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.1)
    assert {name for name, check in answer.json()["checks"].items() if not check["ok"]} == set()


async def test_a_monitoring_visit_goes_its_way_and_every_step_is_published(face: Face) -> None:
    visit_id = await made(face, "visits")
    await face.post(f"/v1/visits/{visit_id}/schedule", {**DAY, "scheduled_on": "2022-03-07"})
    answer = await face.post(f"/v1/visits/{visit_id}/complete", DAY)
    assert (answer.status_code, answer.json()["status"], answer.headers["etag"]) == (200, "completed", '"v3"')
    types = await face.published(TOPICS["monitoring"], f"monitoring-visit/{visit_id}", 3)
    assert types == [
        f"studyline.monitoring.monitoring-visit.{step}.v1" for step in ("planned", "scheduled", "completed")
    ]


async def test_a_visit_that_is_not_scheduled_is_not_completed_but_may_be_cancelled(face: Face) -> None:
    visit_id = await made(face, "visits")
    refused = await face.post(f"/v1/visits/{visit_id}/complete", DAY)
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (409, "wrong_status")
    assert (await face.post(f"/v1/visits/{visit_id}/cancel", DAY)).json()["status"] == "cancelled"


async def visited(face: Face) -> str:
    visit_id = await made(face, "visits")
    await face.post(f"/v1/visits/{visit_id}/schedule", {**DAY, "scheduled_on": "2022-03-07"})
    await face.post(f"/v1/visits/{visit_id}/complete", DAY)
    return visit_id


async def whole_report(face: Face) -> dict[str, Any]:
    topics = (await face.get("/v1/visit-report-topics", visit_type="SIV")).json()
    seen = [{"topic": one["code"], "outcome": "satisfactory"} for one in topics]
    return {"summary": "All of it.", "observations": seen, "conclusion": "Ready."}


async def test_a_report_is_written_reviewed_and_signed_by_three_people(face: Face) -> None:
    visit_id = await visited(face)
    report, content = f"/v1/visits/{visit_id}/report", await whole_report(face)
    writer, reviewer, approver = (face.acting("monitor", subject=one, signing=one == "c") for one in ("a", "b", "c"))
    drafted = await writer.post(report, {**DAY, "content": {"summary": "All of it."}})
    assert (drafted.status_code, drafted.json()["status"]) == (201, "draft")
    people = {**DAY, "reviewer": "b", "approver": "c"}
    refused = await writer.post(f"{report}/submit", people)
    lacking = len(content["observations"])
    assert [one["code"] for one in refused.json()["reasons"]] == [
        "conclusion_missing",
        *["observation_missing"] * lacking,
    ]
    await writer.post(f"{report}/revise", {**DAY, "content": content})
    await writer.post(f"{report}/submit", people)
    reviewed = await reviewer.post(f"{report}/review", DAY)
    shown = reviewed.json()["versions"][-1]
    signed = await approver.post(f"{report}/approve", {**DAY, "version": "1", "sha256": shown["sha256"]})
    assert (signed.status_code, signed.json()["status"]) == (200, "approved")
    assert signed.json()["versions"][-1]["signature"]["printed_name"]
    steps = ("drafted", "revised", "submitted", "reviewed", "approved")
    types = await face.published(TOPICS["monitoring"], f"visit-report/{visit_id}", len(steps))
    assert types == [f"studyline.monitoring.visit-report.{step}.v1" for step in steps]


async def test_a_report_is_signed_only_with_a_fresh_authentication(face: Face) -> None:
    report = f"/v1/visits/{await visited(face)}/report/approve"
    answer = await face.acting("monitor").post(report, {**DAY, "version": "1", "sha256": "0" * 64})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/insufficient_user_authentication")


async def test_another_sponsor_finds_neither_report_nor_visit(face: Face) -> None:
    visit_id = await visited(face)
    report = f"/v1/visits/{visit_id}/report"
    await face.post(report, {**DAY, "content": {"summary": "Nobody else's"}})
    stranger = face.acting("operations", ZETA.sponsor)
    for answer in (
        await stranger.get(report),
        await stranger.post(report, {**DAY, "content": {}}),
        await stranger.post(f"{report}/revise", {**DAY, "content": {}}),
    ):
        assert answer.status_code == 404
        assert "Nobody" not in answer.text
    assert (await stranger.get("/v1/visit-reports")).json()["items"] == []
    mine = (await face.acting("operations", ACME.sponsor).get("/v1/visit-reports", status="draft")).json()["items"]
    assert visit_id in [one["visit_id"] for one in mine]


@pytest.mark.parametrize(("step", "status"), [("complete", "completed"), ("miss", "missed")])
async def test_an_expected_subject_is_seen_or_not(face: Face, step: str, status: str) -> None:
    subject_visit_id = await made(face, "subject-visits")
    answer = await face.post(f"/v1/subject-visits/{subject_visit_id}/{step}", DAY)
    assert (answer.json()["status"], answer.json()["outcome_on"]) == (status, "2022-03-07")


async def test_a_deviation_may_name_a_site_of_its_study(face: Face) -> None:
    deviation_id = await made(face, "protocol-deviations", site_id=ACME.site_id)
    found = (await face.get(f"/v1/protocol-deviations/{deviation_id}")).json()
    assert (found["site_id"], found["country"]) == (ACME.site_id, "DE")
    path, body = commands(ACME)["protocol-deviations"]
    refused = await face.post(path, {**body, "site_id": ZETA.site_id})
    assert (refused.status_code, refused.json()["type"]) == (404, "/problems/site_not_found")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_made_can_be_read_and_found_in_lists(face: Face, kind: str) -> None:
    made_ids = {await made(face, kind, ZETA) for _ in range(3)}
    for made_id in made_ids:
        found = await face.get(f"/v1/{kind}/{made_id}")
        assert (found.json()["study_id"], found.headers["etag"]) == (ZETA.study_id, '"v1"')
    first = (await face.get(f"/v1/{kind}", study_id=ZETA.study_id, limit=2)).json()
    rest = (await face.get(f"/v1/{kind}", study_id=ZETA.study_id, limit=1000, cursor=first["next"])).json()
    assert made_ids <= {one[ID_OF[kind]] for one in first["items"] + rest["items"]}
    assert len(first["items"]) == 2
    assert (await face.get(f"/v1/{kind}", study_id=ZETA.study_id, site_id=ACME.site_id)).json()["items"] == []


async def test_visits_are_found_by_their_type_and_status(face: Face) -> None:
    visit_id = await made(face, "visits", visit_type="COV")
    for wanted, there in [({"status": "planned"}, True), ({"status": "completed"}, False)]:
        found = (await face.get("/v1/visits", visit_type="COV", **wanted)).json()["items"]
        assert any(one["visit_id"] == visit_id for one in found) is there


@pytest.mark.parametrize("kind", KINDS)
async def test_a_sponsor_sees_and_touches_nothing_of_another(face: Face, kind: str) -> None:
    made_id = await made(face, kind, ACME)
    zeta = face.acting("monitor", "Zeta")
    unseen, unknown = await zeta.get(f"/v1/{kind}/{made_id}"), await zeta.get(f"/v1/{kind}/{NOWHERE}")
    assert unseen.status_code == unknown.status_code == 404
    assert unseen.json()["type"] == unknown.json()["type"]
    assert (await zeta.get(f"/v1/{kind}", study_id=ACME.study_id)).json()["items"] == []
    path, body = commands(ACME)[kind]
    refused = await zeta.post(path, body)
    assert (refused.status_code, refused.json()["type"].partition("_")[2]) == (404, "not_found")


@pytest.mark.parametrize("kind", KINDS)
async def test_what_may_be_seen_can_be_read_by_any_role_but_made_by_few(face: Face, kind: str) -> None:
    made_id = await made(face, kind, ACME)
    caller = face.acting("sponsor", "Acme")
    assert (await caller.get(f"/v1/{kind}/{made_id}")).status_code == 200
    path, body = commands(ACME)[kind]
    assert (await caller.post(path, body)).status_code == 403


@pytest.mark.parametrize("flag", ["yes", 1, None])
async def test_whether_an_event_is_serious_is_said_plainly(face: Face, flag: object) -> None:
    path, body = commands(ACME)["adverse-events"]
    assert (await face.post(path, {**body, "serious": flag})).status_code == 422
