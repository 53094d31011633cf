"""Feasibility over HTTP: from a questionnaire to the order of candidates, and what nobody else gets to see of it."""

import asyncio
from typing import Any

import pytest
from chassis import clock
from chassis.journal import journal_of
from chassis.scope import Scope
from contracts import TOPICS, monitoring
from feasibility_example import DEFINITION, RESPONDENT, WHOLE
from studyline.testing.service import Face

DAY = {"occurred_at": "2026-03-01"}
STUDY = {"protocol_number": "ONC-301", "title": "A study", "occurred_at": "2026-01"}


async def made(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, {**DAY, **body})
    assert answer.is_success, answer.text
    return answer.json()


async def study_of(face: Face, sponsor: str = "Acme") -> str:
    return (await made(face, "/v1/studies", {**STUDY, "sponsor": {"name": sponsor}}))["study_id"]


async def candidate_of(face: Face, study: str, country: str = "DE") -> str:
    return (await made(face, f"/v1/studies/{study}/sites", {"country": country}))["site_id"]


async def questionnaire(face: Face, study: str | None, definition: dict[str, Any] = DEFINITION) -> str:
    about = {"title": "Feasibility", "definition": definition, "study_id": study}
    key = (await made(face, "/v1/questionnaires", about))["questionnaire_id"]
    await made(face, f"/v1/questionnaires/{key}/publish", {})
    return key


async def sent(face: Face, site: str, asked: str) -> dict[str, Any]:
    return await made(face, f"/v1/sites/{site}/feasibility", {"questionnaire_id": asked})


async def answered(face: Face, site: str, asked: str, **answers: Any) -> str:
    key = (await sent(face, site, asked))["assessment_id"]
    await made(face, f"/v1/feasibility/{key}/answers", {"answers": {**WHOLE, **answers}, **RESPONDENT})
    return key


async def test_a_questionnaire_is_drafted_revised_published_and_followed_by_a_version(face: Face) -> None:
    study = await study_of(face)
    about = {"title": "F", "definition": DEFINITION, "study_id": study}
    draft = await made(face, "/v1/questionnaires", about)
    path = f"/v1/questionnaires/{draft['questionnaire_id']}"
    await made(face, f"{path}/revise", {"title": "G", "definition": DEFINITION})
    published = await made(face, f"{path}/publish", {})
    assert (published["title"], published["status"], published["number"]) == ("G", "published", 1)
    late = await face.post(f"{path}/revise", {**DAY, "title": "H", "definition": DEFINITION})
    assert late.json()["reasons"][0]["code"] == "not_a_draft"
    second = await made(face, "/v1/questionnaires", {**about, "supersedes": draft["questionnaire_id"]})
    assert second["number"] == 2
    retired = await made(face, f"{path}/retire", {})
    listed = (await face.get("/v1/questionnaires", study_id=study, status="draft")).json()["items"]
    assert ([one["questionnaire_id"] for one in listed], retired["status"]) == ([second["questionnaire_id"]], "retired")


async def test_a_general_questionnaire_belongs_to_the_cro(face: Face) -> None:
    asked, narrow = await questionnaire(face, None), face.acting("operations", "Acme")
    assert (await narrow.get(f"/v1/questionnaires/{asked}")).status_code == 404
    about = {**DAY, "title": "F", "definition": DEFINITION}
    assert (await narrow.post("/v1/questionnaires", about)).status_code == 403
    site = await candidate_of(face, await study_of(face))
    assert (await narrow.post(f"/v1/sites/{site}/feasibility", {**DAY, "questionnaire_id": asked})).status_code == 404
    assert (await sent(face, site, asked))["status"] == "sent"


async def test_a_link_is_told_once_and_only_its_hash_is_kept(face: Face) -> None:
    study = await study_of(face)
    site, asked = await candidate_of(face, study), await questionnaire(face, study)
    body, key = {**DAY, "questionnaire_id": asked}, clock.new_id()
    first = (await face.post(f"/v1/sites/{site}/feasibility", body, key=key)).json()
    again = (await face.post(f"/v1/sites/{site}/feasibility", body, key=key)).json()
    secret = first["link"]["address"].rpartition("/")[2]
    assert len(secret) == 43
    assert again == {**first, "link": {**first["link"], "address": None}}
    read = await face.get(f"/v1/feasibility/{first['assessment_id']}")
    assert read.json()["definition"]["sections"][0]["title"] == "The facility"
    entries = await journal_of(face.database).find(Scope.everything(), {"aggregate.id": first["assessment_id"]})
    assert secret not in read.text + str(entries)


async def test_a_renewed_link_opens_and_the_old_one_does_not(face: Face) -> None:
    study = await study_of(face)
    first = await sent(face, await candidate_of(face, study), await questionnaire(face, study))
    path = f"/v1/feasibility/{first['assessment_id']}"
    second = await made(face, f"{path}/renew-link", {"link_days": 1})
    addresses = [one["link"]["address"].removeprefix("http://service") for one in (first, second)]
    assert [(await face.client.get(address)).status_code for address in addresses] == [404, 200]
    await made(face, f"{path}/revoke-link", {})
    assert (await face.client.get(addresses[1])).status_code == 404


async def test_answers_told_to_the_cro_are_returned_scored_and_published_without_them(face: Face) -> None:
    study = await study_of(face)
    site, asked = await candidate_of(face, study), await questionnaire(face, study)
    key = (await sent(face, site, asked))["assessment_id"]
    path = f"/v1/feasibility/{key}"
    assert (await face.get(path)).json()["answers"] is None
    refused = await face.post(f"{path}/answers", {**DAY, "answers": {"patients": "many"}, **RESPONDENT})
    told = {reason["field"]: reason["code"] for reason in refused.json()["reasons"]}
    assert told == {"patients": "answer_not_valid", "pharmacy": "answer_missing"}
    early = await face.post(f"{path}/answers", {"occurred_at": "2020", "answers": WHOLE, **RESPONDENT})
    assert [reason["code"] for reason in early.json()["reasons"]] == ["answered_before_asked"]
    await made(face, f"{path}/answers", {"answers": WHOLE, **RESPONDENT})
    read = (await face.get(path)).json()
    assert (read["returned_on"], read["entered_on_behalf"]) == (DAY["occurred_at"], True)
    assert (read["status"], read["score"]["percent"], read["respondent"]["name"]) == ("returned", 68.3, "Maria Keller")
    assert read["answers"][0] == {"question": "pharmacy", "value": "yes", "reused": False}
    await made(face, f"{path}/reopen", {"reason": "a slip of the pen"})
    await made(face, f"{path}/withdraw", {})
    names = ["sent", "returned", "scored", "reopened", "withdrawn"]
    types = await face.published(TOPICS["sites"], f"feasibility/{key}", 5)
    assert types == [f"studyline.sites.feasibility.{name}.v1" for name in names]
    entries = await journal_of(face.database).find(Scope.everything(), {"aggregate.id": key})
    messages = str([entry.get("messages") for entry in entries])
    assert not any(secret in messages for secret in ("Keller", "Two nurses", "coordinator"))


async def test_only_a_candidate_is_asked(face: Face) -> None:
    study = await study_of(face)
    site, asked = await candidate_of(face, study), await questionnaire(face, study)
    await made(face, f"/v1/sites/{site}/select", {})
    answer = await face.post(f"/v1/sites/{site}/feasibility", {**DAY, "questionnaire_id": asked})
    assert [reason["code"] for reason in answer.json()["reasons"]] == ["site_is_no_candidate"]


async def visited(face: Face, study: str, site: str) -> None:
    visit = f"psv-{site}"
    about = {"study_id": study, "site_id": site, "country": "DE", "visit_id": visit, "visit_type": "PSV"}
    event = monitoring.MonitoringVisitCompleted.model_validate(about)
    await face.tell(TOPICS["monitoring"], f"monitoring-visit/{visit}", event, sponsor="Acme")


async def test_candidates_are_ranked_and_a_pre_study_visit_breaks_a_tie(face: Face) -> None:
    study = await study_of(face)
    asked = await questionnaire(face, study)
    even, visited_site, best, out = [await candidate_of(face, study) for _ in range(4)]
    due = await candidate_of(face, study, "FR")
    for site, answers in ((even, {}), (visited_site, {}), (best, {"patients": "30"}), (out, {"pharmacy": "no"})):
        await answered(face, site, asked, **answers)
    await sent(face, due, asked)
    await visited(face, study, visited_site)
    path = f"/v1/studies/{study}/candidates"
    while not any(one["pre_study_visit_on"] for one in (await face.get(path)).json()["items"]):  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)
    ranked = (await face.get(path)).json()["items"]
    assert [one["site_id"] for one in ranked] == [best, visited_site, even, out, due]
    assert [one["ahead_by"] for one in ranked] == ["score", "pre_study_visit", "not_disqualified", None, None]
    assert (ranked[3]["disqualified_by"], ranked[4]["rank"]) == (["pharmacy"], None)
    first = (await face.get(path, limit=2)).json()
    second = (await face.get(path, limit=3, cursor=first["next"])).json()
    assert [*first["items"], *second["items"]] == ranked
    assert second["next"] is None
    assert [one["site_id"] for one in (await face.get(path, country="FR")).json()["items"]] == [due]


async def test_a_site_counts_by_what_it_returned_last(face: Face) -> None:
    study = await study_of(face)
    site, first = await candidate_of(face, study), await questionnaire(face, study)
    await answered(face, site, first)
    second = await questionnaire(face, study)
    later = await answered(face, site, second, patients="30")
    await sent(face, site, await questionnaire(face, study))
    [ranked] = (await face.get(f"/v1/studies/{study}/candidates")).json()["items"]
    assert (ranked["assessment_id"], ranked["status"], ranked["rank"]) == (later, "returned", 1)


@pytest.mark.parametrize(
    "path", ["/v1/feasibility/{key}", "/v1/questionnaires/{asked}", "/v1/studies/{study}/candidates"]
)
async def test_another_sponsor_sees_nothing_of_it(face: Face, path: str) -> None:
    study = await study_of(face)
    site, asked = await candidate_of(face, study), await questionnaire(face, study)
    key, zeta = await answered(face, site, asked), face.acting("sponsor", "Zeta")
    place = path.format(key=key, asked=asked, study=study)
    assert (await face.acting("sponsor", "Acme").get(place)).status_code == 200
    assert (await zeta.get(place)).status_code == 404
    for listing in ("/v1/feasibility", "/v1/questionnaires"):
        assert (await zeta.get(listing, study_id=study)).json()["items"] == []
