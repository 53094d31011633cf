"""A token for one sponsor sees, in every route, list, stream and page, nothing of another."""

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from contracts.obligations import OBLIGATIONS
from platform_user import User, eventually
from studyline.testing import Servers

OWNER, RIVAL = "Isolated Owner AG", "Isolated Rival SE"
SECRET_TITLE = "A title only its owner may read"
SECRET_NAME = "Unshown"
ASKED = {"sections": [{"title": "S", "questions": [{"code": "a", "text": SECRET_TITLE, "kind": "text"}]}]}
NURSE = "22222222-2222-5222-8222-222222222222"
SERVICES = ("sites", "regulatory", "monitoring", "reporting")


@dataclass(frozen=True)
class Estate:
    """One of everything, all of it the owner's."""

    ids: dict[str, str]

    @property
    def secrets(self) -> list[str]:
        """What a rival must never read."""
        return [*self.ids.values(), SECRET_TITLE, SECRET_NAME, OWNER]


async def made(user: User, service: str, path: str, **body: Any) -> dict[str, Any]:
    """A command that succeeds once the service has heard of what it rests on."""

    async def ask() -> Any:
        return await user.post(service, path, occurred_at="2026-01-01", **body)

    answer = await eventually(ask, lambda answer: answer.is_success)
    assert answer.is_success, answer.text
    return answer.json()


async def start_up_of(user: User, study: str, site: str, leader: str) -> dict[str, str]:
    """One of everything that start-up keeps."""
    nurse, at = NURSE, f"/sites/{site}"
    await made(user, "sites", f"/studies/{study}/checklist", product="drug")
    await made(user, "sites", f"{at}/checklist/insurance/evidence", document="ISO-CERT-1")
    contract = await made(user, "sites", f"{at}/contracts", parties=["sponsor", "institution"])
    shipment = await made(user, "sites", f"{at}/shipments")
    trainings = [
        await made(user, "sites", f"{at}/trainings", person_id=nurse, topic=one) for one in ("protocol", "gcp")
    ]
    about = {"person_id": nurse, "role": "study_nurse", "tasks": ["study_procedures"]}
    signed = {"authorised_by": leader, "signed_on": "2026-01-01"}
    delegation = await made(user, "sites", f"{at}/delegations", **about, **signed)
    return {
        "contract_id": contract["contract_id"],
        "shipment_id": shipment["shipment_id"],
        "training_id": trainings[0]["training_id"],
        "delegation_id": delegation["delegation_id"],
    }


@pytest.fixture(scope="module")
async def estate(stack: Servers) -> Estate:
    """The owner's study and one of everything in it; a study of the rival's beside it."""
    user = User(stack, "operations")
    about = {"protocol_number": "ISO-1", "countries": ["DE"]}
    await made(user, "sites", "/studies", sponsor={"name": RIVAL}, title="The rival's", **about)
    study = (await made(user, "sites", "/studies", sponsor={"name": OWNER}, title=SECRET_TITLE, **about))["study_id"]
    site = (await made(user, "sites", f"/studies/{study}/sites", country="DE", name="Site"))["site_id"]
    who = {"family_name": SECRET_NAME, "given_name": "Isolde", "profession": "physician", "country": "DE"}
    person = (await made(user, "sites", "/people", **who))["person_id"]
    organisation = (await made(user, "sites", "/organisations", name="Site", country="DE"))["organisation_id"]
    await made(user, "sites", f"/sites/{site}/facility", facility_id=organisation)
    await made(user, "sites", f"/sites/{site}/staff", person_id=person, role="principal_investigator")
    start_up = await start_up_of(user, study, site, person)
    asks = {"title": SECRET_TITLE, "definition": ASKED, "study_id": study}
    questionnaire = (await made(user, "sites", "/questionnaires", **asks))["questionnaire_id"]
    await made(user, "sites", f"/questionnaires/{questionnaire}/publish")
    sent = await made(user, "sites", f"/sites/{site}/feasibility", questionnaire_id=questionnaire)
    answers = {"answers": {"a": "x"}, "respondent_name": SECRET_NAME, "respondent_role": "C"}
    await made(user, "sites", f"/feasibility/{sent['assessment_id']}/answers", **answers)
    subject = (await made(user, "sites", f"/sites/{site}/subjects", subject_key="ISO-001"))["subject_id"]
    planned = {"countries": [{"country": "DE", "sites": 1, "subjects": 5}]}
    await made(user, "sites", f"/studies/{study}/plan", content=planned)
    agreed = {"reference": "ISO-MSA-1", "cro": "A CRO", "effective_from": "2026-01-01"}
    held = [{"obligation": code, "holder": "cro", "since": "2026-01-01"} for code in OBLIGATIONS]
    agreement = await made(user, "sites", f"/studies/{study}/agreements", **agreed, transfers=held)
    submission = await made(user, "regulatory", "/submissions", study_id=study, body="ethics_committee", country="DE")
    clock = await made(
        user, "regulatory", "/clocks", study_id=study, rule_id="eu-gdpr-breach", about_id="breach", country="DE"
    )
    plan = {"study_id": study, "type_id": "008", "title": SECRET_TITLE}
    document = (await made(user, "regulatory", "/documents", **plan))["document_id"]
    await made(user, "regulatory", f"/documents/{document}/versions", version="1.0")
    visit = await made(user, "monitoring", f"/sites/{site}/visits", visit_type="SIV", planned_on="2026-02-01")
    ids = {
        "study_id": study,
        "site_id": site,
        "person_id": person,
        "organisation_id": organisation,
        "questionnaire_id": questionnaire,
        "assessment_id": sent["assessment_id"],
        "subject_id": subject,
        "agreement_id": agreement["agreement_id"],
        "submission_id": submission["submission_id"],
        "document_id": document,
        "visit_id": visit["visit_id"],
        "clock_id": clock["clock_id"],
        **start_up,
    }

    async def told() -> str:
        return json.dumps(await user.all("reporting", "/timeline", study=study))

    await eventually(told, lambda text: "monitoring_visit_planned" in text and "submission_prepared" in text)
    return Estate(ids)


async def routes_of(user: User, service: str) -> list[tuple[str, str]]:
    address = getattr(user.addresses, service)
    document = (await user.http.get(f"{address}/openapi.json")).json()
    return [
        (method.upper(), path)
        for path, item in document["paths"].items()
        for method in item
        if not path.startswith("/health")
    ]


def filled(path: str, ids: dict[str, str]) -> str:
    """The path with the owner's ids; any id of theirs where the name is not known."""
    return re.sub(r"\{(\w+)\}", lambda name: ids.get(name[1], ids["study_id"]), path)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_route_shows_a_rival_anything_of_the_owner(stack: Servers, estate: Estate, service: str) -> None:
    rival = User(stack, "sponsor", RIVAL)
    routes = await routes_of(rival, service)
    assert routes
    for method, path in routes:
        if path.endswith("/stream"):
            continue
        address = f"{getattr(rival.addresses, service)}{filled(path, estate.ids)}"
        headers = {"Idempotency-Key": "isolation"} if method == "POST" else {}
        answer = await rival.http.request(method, address, headers=headers, json={} if method == "POST" else None)
        assert answer.status_code < 500, (method, path, answer.text)
        leaked = [secret for secret in estate.secrets if secret in answer.text.replace(filled(path, estate.ids), "")]
        if answer.status_code == 404:
            leaked = [one for one in leaked if one not in estate.ids.values()]
        assert not leaked, (method, path, answer.text)
        if "{" in path and method == "GET":
            # What only the platform's own staff may ask for is refused by role, whatever is there.
            expected = 403 if path.startswith("/v1/parked") else 404
            assert answer.status_code == expected, (path, answer.status_code, answer.text)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_route_answers_without_a_token(stack: Servers, estate: Estate, service: str) -> None:
    user = User(stack, "sponsor", RIVAL)
    routes = await routes_of(user, service)
    del user.http.headers["Authorization"]
    for method, path in routes:
        address = f"{getattr(user.addresses, service)}{filled(path, estate.ids)}"
        answer = await user.http.request(method, address, json={} if method == "POST" else None)
        assert answer.status_code == 401, (method, path, answer.status_code)


async def test_filters_do_not_reach_past_the_scope(stack: Servers, estate: Estate) -> None:
    rival, study = User(stack, "sponsor", RIVAL), estate.ids["study_id"]
    for service, path, query in (
        ("reporting", "/timeline", {"study": study}),
        ("reporting", "/timeline", {"site": estate.ids["site_id"]}),
        ("reporting", "/timeline", {"sponsor": OWNER}),
        ("reporting", "/studies", {"sponsor": OWNER}),
        ("reporting", "/studies", {"protocol_number": "ISO-1"}),
        *((one, "/journal", {"study": study}) for one in ("sites", "regulatory", "monitoring")),
        *((one, "/journal", {"aggregate": key}) for one in ("sites", "regulatory") for key in estate.ids.values()),
    ):
        items = await rival.all(service, path, **query)
        assert not any(secret in json.dumps(items) for secret in estate.secrets), (service, path, query)


async def test_another_sponsors_study_cannot_be_told_from_none(stack: Servers, estate: Estate) -> None:
    rival = User(stack, "sponsor", RIVAL)
    theirs = await rival.get("reporting", f"/studies/{estate.ids['study_id']}")
    nobodys = await rival.get("reporting", "/studies/00000000-0000-5000-8000-000000000000")
    assert theirs.status_code == nobodys.status_code == 404

    def plain(answer: Any) -> dict[str, Any]:
        told = {name: value for name, value in answer.json().items() if name != "request_id"}
        return {**told, "detail": re.sub(r"[0-9a-f-]{36}", "ID", told["detail"])}

    assert plain(theirs) == plain(nobodys)


async def test_the_stream_tells_each_sponsor_their_own_news_only(stack: Servers, estate: Estate) -> None:
    operations = User(stack, "operations")
    heard: dict[str, list[str]] = {OWNER: [], RIVAL: []}

    async def listen(sponsor: str) -> None:
        user = User(stack, "sponsor", sponsor)
        address = f"{user.addresses.reporting}/v1/timeline/stream"
        async with user.http.stream("GET", address, timeout=None) as stream:
            async for line in stream.aiter_lines():
                heard[sponsor].append(line)

    listening = [asyncio.create_task(listen(sponsor)) for sponsor in heard]
    await asyncio.sleep(1)
    await operations.done("sites", f"/sites/{estate.ids['site_id']}/select", occurred_at="2026-01-02")

    async def news() -> str:
        return "\n".join(heard[OWNER])

    assert "site_selected" in await eventually(news, lambda text: "site_selected" in text)
    await asyncio.sleep(0.5)
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)
    assert not any(secret in "\n".join(heard[RIVAL]) for secret in estate.secrets)


@pytest.mark.parametrize("page", ["", "timeline", "portal/timeline.json"])
async def test_the_portals_pages_show_each_sponsor_their_own_studies_only(
    stack: Servers, estate: Estate, page: str
) -> None:
    rival, owner = User(stack, "sponsor", RIVAL), User(stack, "sponsor", OWNER)
    theirs = await rival.http.get(f"{rival.addresses.portal}{page}")
    assert theirs.is_success
    assert not any(secret in theirs.text for secret in estate.secrets)
    if page != "timeline":
        assert SECRET_TITLE in (await owner.http.get(f"{owner.addresses.portal}{page}")).text


async def test_a_portal_page_of_anothers_study_is_not_there(stack: Servers, estate: Estate) -> None:
    rival = User(stack, "sponsor", RIVAL)
    page = await rival.http.get(f"{rival.addresses.portal}studies/{estate.ids['study_id']}")
    assert page.status_code == 404
    assert SECRET_TITLE not in page.text
