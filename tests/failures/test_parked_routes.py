"""Parked records over HTTP: who may act, what an act leaves in the parking log, and what a key stands for (G14)."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any, Final

import pytest
from chassis import clock
from chassis.http.roles import Role
from chassis.mongo import Document
from chassis.scope import Scope
from chassis.stream.parking import PARKED, PARKING_LOG
from contracts import derived_id
from hostile_records import hostile
from neighbours import HEARING, produce, running_service
from studyline.testing import Servers
from studyline.testing.service import Face

ALL: Final = Scope.everything()
STAFF: Final = {Role.OPERATIONS, Role.ADMIN}
ACTS: Final = ("redrive", "discard")


@pytest.fixture(scope="module")
async def faces(servers: Servers) -> AsyncGenerator[dict[str, Face]]:
    """Every service that listens."""
    async with AsyncExitStack() as stack:
        yield {name: (await stack.enter_async_context(running_service(servers, name)))[1] for name in HEARING}


async def parked(face: Face, service: str) -> Document:
    """A record that the service could not read, of an aggregate of its own."""
    name = clock.new_id()
    message = hostile("no JSON", HEARING[service].event(name))
    await produce(face.cluster, HEARING[service].topic, [(0, message)])
    while True:
        found = await face.database.collection(PARKED).find(ALL, {"subject": {"$regex": name}})
        if found:
            return found[0]
        await asyncio.sleep(0.02)


async def acts_in(face: Face) -> dict[str, Document]:
    """The acts in the parking log; what became of single records is not among them."""
    found = await face.database.collection(PARKING_LOG).find(ALL, {"action": {"$in": list(ACTS)}})
    return {one["_id"]: one for one in found}


def asked(record: Document, reason: str = "its sender was mended") -> dict[str, Any]:
    return {"by": "subject", "value": record["subject"], "reason": reason}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("service", HEARING)
async def test_every_role_leaves_one_complete_entry_or_is_refused_and_leaves_none(
    faces: dict[str, Face], service: str, act: str
) -> None:
    face = faces[service]
    record = await parked(face, service)
    for role in Role:
        before, began = await acts_in(face), clock.now()
        limited = await face.acting(role.value, "Acme").post(f"/v1/parked/{act}", asked(record))
        assert limited.status_code == 403
        assert await acts_in(face) == before
        if role not in STAFF:
            continue
        answer = await face.acting(role.value).post(f"/v1/parked/{act}", asked(record))
        assert answer.status_code == 200, answer.text
        [entry] = [one for key, one in (await acts_in(face)).items() if key not in before]
        assert entry["actor"] == {"id": f"development-{role}", "roles": [role.value]}
        assert (entry["action"], entry["by"], entry["value"]) == (act, "subject", record["subject"])
        assert entry["reason"] == "its sender was mended"
        assert began.timestamp() - 1 <= entry["at"].timestamp() <= clock.now().timestamp()
        assert entry["answer"] == answer.json()
        assert entry["request_fingerprint"]


@pytest.mark.parametrize("path", ["", "/some-record"])
@pytest.mark.parametrize("role", list(Role))
async def test_only_staff_who_may_see_all_sponsors_see_parked_records(
    faces: dict[str, Face], role: Role, path: str
) -> None:
    face = faces["sites"]
    assert (await face.acting(role.value, "Acme").get(f"/v1/parked{path}")).status_code == 403
    if role in STAFF:
        answer = await face.acting(role.value).get(f"/v1/parked{path}")
        assert answer.status_code == (404 if path else 200)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("service", HEARING)
async def test_a_key_that_comes_again_gets_the_same_answer_and_for_another_request_a_refusal(
    faces: dict[str, Face], service: str, act: str
) -> None:
    face, key = faces[service], clock.new_id()
    record = await parked(face, service)
    first = await face.post(f"/v1/parked/{act}", asked(record), key=key)
    assert (first.status_code, first.json()["records"]) == (200, 1)
    again = await face.post(f"/v1/parked/{act}", asked(record), key=key)
    assert (again.status_code, again.content) == (200, first.content)
    other = ACTS[1 - ACTS.index(act)]
    for path, body in ((act, asked(record, "another reason")), (other, asked(record))):
        refused = await face.post(f"/v1/parked/{path}", body, key=key)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency_key_reused")
    assert len([one for one in (await acts_in(face)).values() if one["value"] == record["subject"]]) == 1


async def test_a_discard_and_a_redrive_over_http_at_the_same_time_agree_on_what_became_of_the_record(
    faces: dict[str, Face],
) -> None:
    face = faces["sites"]
    for _ in range(5):
        record = await parked(face, "sites")
        posts = [face.post(f"/v1/parked/{act}", asked(record), key=derived_id(act, record["_id"])) for act in ACTS]
        redrive, discard = await asyncio.gather(*posts)
        assert (redrive.status_code, discard.status_code) == (200, 200)
        log = await face.database.collection(PARKING_LOG).find(ALL, {"record": record["_id"]})
        left = await face.database.collection(PARKED).count(ALL, {"_id": record["_id"]})
        assert [one["action"] for one in log].count("discarded") == discard.json()["records"]
        assert left == 1 - discard.json()["records"]
