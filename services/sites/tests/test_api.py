"""The service over HTTP and Kafka, on real servers: studies, sites that open on evidence, subjects."""

import asyncio
from typing import Any

import httpx
import pytest
from contracts import TOPICS, PublicEvent, derived_id, monitoring, regulatory, sponsor_id
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-03-01"}
STUDY = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": "2022-01"}
PLACE = {**DAY, "country": "DE", "name": "Charité", "city": "Berlin"}
DECISION = {"reference": "R-1", "covers": ("Protocol 1.0",), "with_conditions": False, "expires_on": None}
NOWHERE = derived_id("nowhere")


async def made(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def study_of(face: Face, **more: Any) -> str:
    return (await made(face, "/v1/studies", {**STUDY, **more}))["study_id"]


async def site_in_start_up(face: Face) -> dict[str, str]:
    """A site's study, id and country."""
    site = await made(face, f"/v1/studies/{await study_of(face)}/sites", PLACE)
    for step in ("select", "begin-start-up"):
        assert (await face.post(f"/v1/sites/{site['site_id']}/{step}", DAY)).status_code == 200
    return {name: site[name] for name in ("study_id", "site_id", "country")}


def evidence_of(site: dict[str, str]) -> list[tuple[str, str, PublicEvent]]:
    """What neighbours tell that lets the site be activated: topic, subject, event."""
    told: list[tuple[str, str, PublicEvent]] = []
    for body in ("competent_authority", "ethics_committee"):
        about = {**site, **DECISION, "submission_id": f"{body}-{site['site_id']}", "body": body, "site_id": None}
        event = regulatory.SubmissionApproved.model_validate(about)
        told.append((TOPICS["regulatory"], f"submission/{about['submission_id']}", event))
    visit = {**site, "visit_id": f"siv-{site['site_id']}", "visit_type": "SIV"}
    completed = monitoring.MonitoringVisitCompleted.model_validate(visit)
    return [*told, (TOPICS["monitoring"], f"monitoring-visit/{visit['visit_id']}", completed)]


async def once_there_are(face: Face, site_id: str, pieces: int) -> dict[str, Any]:
    """What the site's activation needs and has, once so many pieces of evidence have come."""
    while True:
        seen = (await face.get(f"/v1/sites/{site_id}/readiness")).json()
        if sum(len(item["evidence"]) for item in seen["items"]) == pieces:
            return seen
        await asyncio.sleep(0.02)


async def activated(face: Face, site_id: str) -> httpx.Response:
    return await face.post(f"/v1/sites/{site_id}/activate", {"occurred_at": "2022-04-01"})


async def test_the_service_becomes_ready(face: Face) -> None:
    while (answer := await face.get("/health/ready")).status_code != 200:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.1)
    assert {name for name, check in answer.json()["checks"].items() if not check["ok"]} == set()


async def test_a_study_is_registered_found_and_moved_on(face: Face) -> None:
    study_id = await study_of(face, registry_ids=["NCT70000001"])
    [found] = (await face.get("/v1/studies", registry_id="NCT70000001")).json()["items"]
    assert (found["study_id"], found["sponsor"]["id"]) == (study_id, sponsor_id("Acme"))
    await face.post(f"/v1/studies/{study_id}/status", {**DAY, "status": "recruiting"})
    milestone = {**DAY, "kind": "study_start", "planned": "2022-02", "actual": "2022-03-01"}
    await face.post(f"/v1/studies/{study_id}/milestones", milestone)
    read = await face.get(f"/v1/studies/{study_id}")
    assert (read.json()["status"], read.headers["etag"]) == ("recruiting", '"v4"')
    names = ["registered", "status-changed", "milestone-planned", "milestone-reached"]
    types = await face.published(TOPICS["sites"], f"study/{study_id}", 4)
    assert types == [f"studyline.sites.study.{name}.v1" for name in names]


async def test_a_site_without_evidence_stays_closed_and_the_refusal_names_all_of_it(face: Face) -> None:
    site = await site_in_start_up(face)
    refused = await activated(face, site["site_id"])
    assert refused.status_code == 409
    assert [reason["code"] for reason in refused.json()["reasons"]] == [
        "authority_approval_missing",
        "ethics_approval_missing",
        "initiation_visit_missing",
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
async def test_a_site_opens_on_evidence_that_came_in_any_order(face: Face, order: tuple[int, ...]) -> None:
    site = await site_in_start_up(face)
    evidence = evidence_of(site)
    for index in order:
        topic, subject, event = evidence[index]
        await face.tell(topic, subject, event, sponsor="Acme")
    await once_there_are(face, site["site_id"], 3)
    answer = await activated(face, site["site_id"])
    assert (answer.status_code, answer.json()["status"]) == (200, "active")


async def test_an_approval_that_was_withdrawn_counts_no_more(face: Face) -> None:
    site = await site_in_start_up(face)
    for topic, subject, event in evidence_of(site):
        await face.tell(topic, subject, event, sponsor="Acme")
    await once_there_are(face, site["site_id"], 3)
    topic, subject, approved = evidence_of(site)[0]
    withdrawn = regulatory.SubmissionWithdrawn.model_validate(approved.model_dump())
    await face.tell(topic, subject, withdrawn, sponsor="Acme", version=2)
    await once_there_are(face, site["site_id"], 2)
    refused = await activated(face, site["site_id"])
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["authority_approval_missing"]


async def test_an_event_that_comes_twice_is_one_piece_of_evidence(face: Face) -> None:
    site = await site_in_start_up(face)
    topic, subject, event = evidence_of(site)[2]
    told = {await face.tell(topic, subject, event, sponsor="Acme") for _ in range(2)}
    seen = await once_there_are(face, site["site_id"], 1)
    [visits] = [item["evidence"] for item in seen["items"] if item["requirement"] == "initiation_visit"]
    assert {visit["event_id"] for visit in visits} == told


async def test_a_subject_enrols_only_at_a_site_that_is_open(face: Face) -> None:
    site = await site_in_start_up(face)
    subject = await made(face, f"/v1/sites/{site['site_id']}/subjects", {**DAY, "subject_key": "007-001"})
    path = f"/v1/subjects/{subject['subject_id']}"
    assert (await face.post(f"{path}/screen", DAY)).json()["status"] == "screened"
    refused = await face.post(f"{path}/enrol", DAY)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["site_not_active"]
    assert (await face.get(path)).headers["etag"] == '"v2"'
    [listed] = (await face.get(f"/v1/sites/{site['site_id']}/subjects")).json()["items"]
    assert listed["subject_key"] == "007-001"


async def test_a_sponsor_sees_and_touches_nothing_of_another(face: Face) -> None:
    site = await site_in_start_up(face)
    zeta = face.acting("operations", "Zeta")
    assert (await zeta.get("/v1/studies")).json()["items"] == []
    study, at = f"/v1/studies/{site['study_id']}", f"/v1/sites/{site['site_id']}"
    for path in (study, f"{study}/sites", at, f"{at}/readiness", f"{at}/subjects"):
        unseen, unknown = await zeta.get(path), await zeta.get(f"/v1/studies/{NOWHERE}")
        assert (unseen.status_code, unseen.json()["type"]) == (404, unknown.json()["type"])
    assert (await zeta.post(f"{study}/sites", PLACE)).status_code == 404
    assert (await zeta.post(f"{at}/select", DAY)).status_code == 404
    assert (await zeta.post(f"{at}/subjects", {**DAY, "subject_key": "1"})).status_code == 404


async def test_nobody_registers_a_study_for_a_sponsor_outside_the_token(face: Face) -> None:
    refused = await face.acting("operations", "Zeta").post("/v1/studies", STUDY)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/outside_scope")


async def test_a_site_is_not_chosen_or_ended_early_only_for_a_reason(face: Face) -> None:
    study_id = await study_of(face)
    day = {"occurred_at": "2022-03-01"}
    for step, reasons in (
        ("reject", ({"because": "staff"}, {"reason": "No staff."})),
        ("withdraw", ({"reason": "The hospital declined."},)),
        ("terminate", ({"reason": "Closed by the hospital."},)),
    ):
        for why in reasons:
            site = await made(face, f"/v1/studies/{study_id}/sites", {**day, "country": "DE"})
            path = f"/v1/sites/{site['site_id']}/{step}"
            assert (await face.post(path, day)).status_code == 422
            assert (await face.post(path, {**day, **why})).status_code == 200


async def test_sites_are_listed_page_by_page(face: Face) -> None:
    study_id = await study_of(face)
    identified = {(await made(face, f"/v1/studies/{study_id}/sites", PLACE))["site_id"] for _ in range(3)}
    first = (await face.get(f"/v1/studies/{study_id}/sites", limit=2)).json()
    rest = (await face.get(f"/v1/studies/{study_id}/sites", limit=2, cursor=first["next"])).json()
    assert {one["site_id"] for one in first["items"] + rest["items"]} == identified
    assert rest["next"] is None
