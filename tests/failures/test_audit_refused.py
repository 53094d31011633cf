"""Where the audit entry cannot be written nothing is done, and nothing is answered as done (G14).

MongoDB itself refuses the journal here, by a validator that no entry meets.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from chassis import clock
from chassis.journal import JOURNAL, journal_of
from chassis.mongo import Document
from chassis.scope import Scope
from chassis.stream.parking import PARKED
from hostile_records import genuine
from neighbours import HEARING, approved, produce, running_service
from pymongo import AsyncMongoClient
from studyline.testing import Servers
from studyline.testing.known import ACME, tell_of
from studyline.testing.service import Face

ALL: Final = Scope.everything()
DAY: Final = "2026-01-01"
REFUSE_ALL: Final[Mapping[str, Any]] = {"nothing": {"$type": "minKey"}}
BY_PEOPLE: Final[Mapping[str, Any]] = {"actor.id": {"$not": {"$regex": "^service:"}}}
LOOK_SECONDS: Final = 0.3
QUIET_LOOKS: Final = 5
STUDY: Final = {"sponsor": {"name": "Acme"}, "protocol_number": "P-1", "title": "A study", "occurred_at": DAY}
SUBMISSION: Final = {"study_id": ACME.study_id, "body": "ethics_committee", "country": "DE", "occurred_at": DAY}
VISIT: Final = {"visit_type": "SIV", "planned_on": DAY, "occurred_at": DAY}
COMMANDS: Final[dict[str, tuple[str, Mapping[str, Any]]]] = {
    "sites": ("/v1/studies", STUDY),
    "regulatory": ("/v1/submissions", SUBMISSION),
    "monitoring": (f"/v1/sites/{ACME.site_id}/visits", VISIT),
}


@asynccontextmanager
async def refusing(face: Face) -> AsyncGenerator[None]:
    """The journal takes nothing while the context is open."""
    while JOURNAL not in await face.database.collection_names():  # noqa: ASYNC110 - the service makes it in its own time
        await asyncio.sleep(0.02)
    async with AsyncMongoClient[Document](face.servers.mongodb_uri) as client:
        database = client[face.database.name]
        await database.command({"collMod": JOURNAL, "validator": REFUSE_ALL})
        yield
        await database.command({"collMod": JOURNAL, "validator": {}})


async def everything(face: Face) -> dict[str, int]:
    """How much there is in each of the service's collections that is not empty."""
    names = await face.database.collection_names()
    counts = {name: await face.database.collection(name).count(ALL, {}) for name in names - {"leases"}}
    return {name: count for name, count in counts.items() if count}


async def settled(face: Face) -> dict[str, int]:
    """As `everything`, once what the service does by itself on what it was told has come to rest."""
    seen, quiet = await everything(face), 0
    while quiet < QUIET_LOOKS:
        await asyncio.sleep(LOOK_SECONDS)
        now = await everything(face)
        waiting = await journal_of(face.database).count(ALL, {"pending": True})
        quiet = quiet + 1 if now == seen and not waiting else 0
        seen = now
    return seen


@pytest.mark.parametrize("service", COMMANDS)
async def test_a_command_whose_entry_is_refused_changes_nothing_and_is_not_answered_as_done(
    servers: Servers, service: str
) -> None:
    path, body = COMMANDS[service]
    async with running_service(servers, service) as (_, face):
        if service != "sites":
            await tell_of(face, (ACME,), into=("studies", "sites"))
        key, before = clock.new_id(), await settled(face)
        async with refusing(face):
            refused = await face.post(path, dict(body), key=key)
            assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
            assert await everything(face) == before
        assert (await face.post(path, dict(body), key=key)).status_code == 201
        assert await journal_of(face.database).count(ALL, BY_PEOPLE) == 1


async def test_an_event_whose_entry_is_refused_has_no_effect_and_waits_to_be_redriven(servers: Servers) -> None:
    async with running_service(servers, "sites") as (_, face):
        async with refusing(face):
            await produce(face.cluster, HEARING["sites"].topic, [(0, genuine(approved("refused")))])
            while not (parked := await face.database.collection(PARKED).find(ALL, {})):  # noqa: ASYNC110 - the truth is in the database
                await asyncio.sleep(0.05)
            assert await face.database.collection("evidence").count(ALL, {}) == 0
        asked = {"by": "subject", "value": parked[0]["subject"], "reason": "the journal takes entries again"}
        assert (await face.post("/v1/parked/redrive", asked)).json()["records"] == 1
        while await face.database.collection(PARKED).count(ALL, {}):  # noqa: ASYNC110 - the truth is in the database
            await asyncio.sleep(0.05)
        assert await face.database.collection("evidence").count(ALL, {}) == 1
        assert await journal_of(face.database).count(ALL, {}) == 1
