"""The audit trail over HTTP: who, when, why, before and after; each sponsor's own, for those who inspect."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from chassis import clock
from chassis.http.roles import Role
from contracts import derived_id, sponsor_id
from platform_user import User, eventually
from studyline.testing import Servers

OWNER, RIVAL = "Journal Owner AG", "Journal Rival SE"
DAY = "2026-01-01"
INSPECTING = {Role.OPERATIONS, Role.QUALITY, Role.ADMIN, Role.SPONSOR}
SERVICES = ("sites", "regulatory", "monitoring")
CANARY = "Erika-Mustermann-born-1964-08-12"


@dataclass(frozen=True)
class Trail:
    """A study of the owner's with one aggregate in each service: its id, and the study's."""

    study: str
    site: str
    aggregates: dict[str, str]


async def soon(user: User, service: str, path: str, **body: Any) -> dict[str, Any]:
    """A command that succeeds once the service has heard of the study."""
    answer = await eventually(
        lambda: user.post(service, path, occurred_at=DAY, **body), lambda answer: answer.is_success
    )
    assert answer.is_success, answer.text
    return answer.json()


@pytest.fixture(scope="module")
async def trail(stack: Servers) -> Trail:
    user = User(stack, "operations")
    about = {"protocol_number": "JRN-1", "title": "A study", "countries": ["DE"]}
    study = (await soon(user, "sites", "/studies", sponsor={"name": OWNER}, **about))["study_id"]
    site = (await soon(user, "sites", f"/studies/{study}/sites", country="DE", name="Charité"))["site_id"]
    await soon(user, "sites", f"/sites/{site}/select", reason="feasible")
    await soon(user, "sites", f"/sites/{site}/begin-start-up", reason="contract signed")
    submission = await soon(user, "regulatory", "/submissions", study_id=study, body="ethics_committee", country="DE")
    visit = await soon(user, "monitoring", f"/sites/{site}/visits", visit_type="SIV", planned_on="2026-02-01")
    made = {"sites": site, "regulatory": submission["submission_id"], "monitoring": visit["visit_id"]}
    return Trail(study, site, made)


async def test_an_inspector_reads_who_did_what_when_and_why(stack: Servers, trail: Trail) -> None:
    entries = await User(stack, "quality").all("sites", "/journal", aggregate=trail.site)
    assert [one["version"] for one in entries] == [{"before": n, "after": n + 1} for n in range(3)]
    assert [one["reason"] for one in entries] == [None, "feasible", "contract signed"]
    assert [[event["type"] for event in one["events"]] for one in entries] == [
        ["SiteIdentified"],
        ["SiteSelected"],
        ["SiteStartUpBegun"],
    ]
    assert [one["previous_hash"] for one in entries] == [None, *(one["hash"] for one in entries[:-1])]
    first = entries[0]
    assert first["actor"] == {"id": "development-operations", "roles": ["operations"]}
    assert (first["sponsor_id"], first["study_id"]) == (sponsor_id(OWNER), trail.study)
    assert first["aggregate"] == {"type": "study-site", "id": trail.site}
    assert (first["occurred_at"], first["provenance"]) == (DAY, "recorded")
    assert abs(datetime.fromisoformat(first["recorded_at"]) - clock.now()) < timedelta(hours=1)
    assert first["events"][0]["id"] == derived_id("event", f"study-site/{trail.site}", "1")
    assert first["events"][0]["facts"]["name"] == "Charité"


async def test_an_event_of_the_journal_is_found_in_the_timeline_by_its_id(stack: Servers, trail: Trail) -> None:
    user = User(stack, "operations")
    entries = await user.all("sites", "/journal", aggregate=f"study-site/{trail.site}")
    written = {event["id"] for one in entries for event in one["events"]}

    async def shown() -> set[str]:
        return {one["event_id"] for one in await user.all("reporting", "/timeline", site=trail.site)}

    assert written <= await eventually(shown, lambda seen: written <= seen)


@pytest.mark.parametrize("service", SERVICES)
async def test_a_studys_trail_is_read_page_by_page_in_the_order_of_recording(
    stack: Servers, trail: Trail, service: str
) -> None:
    user = User(stack, "operations")
    whole = await user.all(service, "/journal", study=trail.study)
    assert await user.all(service, "/journal", study=trail.study, limit=1) == whole
    recorded = [datetime.fromisoformat(one["recorded_at"]) for one in whole]
    assert recorded == sorted(recorded)
    assert {one["study_id"] for one in whole} == {trail.study}
    assert trail.aggregates[service] in {one["aggregate"]["id"] for one in whole}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_sponsor_reads_its_own_trail_and_of_anothers_not_a_byte(
    stack: Servers, trail: Trail, service: str
) -> None:
    owner, rival = User(stack, "sponsor", OWNER), User(stack, "sponsor", RIVAL)
    aggregate = trail.aggregates[service]
    own = await owner.get(service, "/journal", study=trail.study, limit=1)
    assert own.json()["items"]
    cursor = own.json()["next"]
    for query in (
        {"study": trail.study},
        {"aggregate": aggregate},
        {"aggregate": own.json()["items"][0]["aggregate"]["type"] + f"/{aggregate}"},
        {"study": trail.study, "aggregate": aggregate},
        *([{"study": trail.study, "limit": "1", "cursor": cursor}] if cursor else []),
    ):
        answer = await rival.get(service, "/journal", **query)
        assert (answer.status_code, answer.json()) == (200, {"items": [], "next": None}), query


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("service", SERVICES)
async def test_only_those_who_inspect_may_read_the_journal(
    stack: Servers, trail: Trail, service: str, role: Role
) -> None:
    answer = await User(stack, role.value, OWNER).get(service, "/journal", study=trail.study)
    assert answer.status_code == (200 if role in INSPECTING else 403)


async def test_the_journal_is_never_shown_whole(stack: Servers) -> None:
    answer = await User(stack, "operations").get("sites", "/journal")
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["aggregate", "study"]


async def test_a_page_is_continued_only_in_its_own_list(stack: Servers, trail: Trail) -> None:
    user = User(stack, "operations")
    page = (await user.get("sites", "/journal", study=trail.study, limit=1)).json()
    answer = await user.get("sites", "/journal", aggregate=trail.site, cursor=page["next"])
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid_cursor")


async def test_a_name_that_was_slipped_in_is_nowhere_and_a_reason_only_in_the_journal(
    stack: Servers, trail: Trail
) -> None:
    user = User(stack, "operations")
    user.http.headers.update({"User-Agent": CANARY, "X-Request-Id": CANARY, "tracestate": f"a={CANARY}"})
    path, reason = f"/sites/{trail.site}/subjects", "asked again by telephone 2026"
    refused = await user.post("sites", path, subject_key="JRN-1", occurred_at=DAY, name=CANARY)
    assert refused.status_code == 422
    await user.http.get(f"{user.addresses.sites}/v1/journal", params={"study": trail.study, "q": CANARY})
    made = await user.post("sites", path, CANARY, subject_key="JRN-1", occurred_at=DAY, reason=reason)
    assert made.status_code == 201, made.text
    journal = json.dumps(await user.all("sites", "/journal", study=trail.study))
    topic = await published(stack, trail.study)
    assert CANARY not in journal
    assert CANARY.encode() not in topic
    assert made.json()["subject_id"].encode() in topic
    assert reason in journal
    assert reason.encode() not in topic


async def test_the_name_of_a_party_to_an_agreement_stays_in_the_service(stack: Servers) -> None:
    user = User(stack, "operations")
    about = {"sponsor": {"name": "Journal Parties"}, "protocol_number": "JRN-P", "title": "A study"}
    study = (await user.done("sites", "/studies", occurred_at=DAY, **about))["study_id"]
    held = {"obligation": "laboratories", "holder": "other", "party": CANARY, "since": DAY}
    signed = {"reference": "MSA-1", "cro": CANARY, "parties": [CANARY], "effective_from": DAY, "transfers": [held]}
    await user.done("sites", f"/studies/{study}/agreements", occurred_at=DAY, **signed)
    topic = await published(stack, study)
    assert CANARY.encode() not in topic
    assert CANARY in json.dumps(await user.all("sites", "/journal", study=study))


async def published(stack: Servers, study: str) -> bytes:
    """All that Kafka carries of a study, once its last event is there."""
    user = User(stack, "operations")
    entries = await user.all("sites", "/journal", study=study)
    last = entries[-1]["events"][-1]["id"]
    consumer: Any = AIOKafkaConsumer("studyline.sites", bootstrap_servers=stack.kafka, auto_offset_reset="earliest")
    carried = b""
    async with consumer:
        while last.encode() not in carried:
            record = await consumer.getone()
            carried += repr(record.headers).encode() + record.value if record.key == study.encode() else b""
    return carried
