"""What an agreement that `sites` tells of does not transfer to the CRO is refused here, too."""

import asyncio
from typing import Any

from chassis.scope import Scope
from contracts import TOPICS
from contracts.obligations import OBLIGATIONS
from contracts.sites import AgreementSigned, ObligationTransferred
from monitoring import store
from monitoring.projections import AGREEMENTS, SITES, STUDIES
from studyline.testing.known import Known, tell_of
from studyline.testing.service import Face

KNOWN = Known.of("Agreed", "DE")
SUBJECT = "sponsor-agreement/agr-monitoring"
ABOUT: dict[str, Any] = {"study_id": KNOWN.study_id, "agreement_id": "agr-monitoring", "reference": "MSA-1"}


async def once_there(face: Face, collection: str, row: dict[str, Any]) -> None:
    rows = face.database.collection(collection)
    while await rows.find_one(Scope.everything(), row) is None:  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(0.02)


async def once_known(face: Face, version: int) -> None:
    await once_there(face, AGREEMENTS.collection, {"_id": "agr-monitoring", "version": version})


async def planned(face: Face) -> Any:
    about = {"visit_type": "IMV", "planned_on": "2022-04-01", "occurred_at": "2022-03-01"}
    return await face.post(f"/v1/sites/{KNOWN.site_id}/visits", about)


async def test_a_visit_needs_the_obligation_to_monitor_and_an_adverse_event_that_of_safety(face: Face) -> None:
    await tell_of(face, [KNOWN], into=())
    await once_there(face, STUDIES.collection, {"_id": KNOWN.study_id})
    await once_there(face, SITES.collection, {"_id": KNOWN.site_id})
    assert (await planned(face)).status_code == 201
    signed = AgreementSigned.model_validate({**ABOUT, "effective_from": "2022-01-01"})
    await face.tell(TOPICS["sites"], SUBJECT, signed, sponsor="Agreed")
    await once_known(face, 1)
    refused = await planned(face)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["obligation_not_held"]
    terms = {"obligation": "monitoring", "holder": "cro", "since": "2022-02-01", "until": None}
    transferred = ObligationTransferred.model_validate({**ABOUT, **terms, "amendment": None})
    await face.tell(TOPICS["sites"], SUBJECT, transferred, sponsor="Agreed", version=2)
    await once_known(face, 2)
    made = await planned(face)
    assert made.status_code == 201, made.text
    [entry] = (await face.get("/v1/journal", aggregate=made.json()["visit_id"])).json()["items"]
    assert entry["authority"] == {"obligation": "monitoring", "agreement": "agr-monitoring"}
    event = {"subject_key": "7", "serious": True, "occurred_at": "2022-03-02"}
    other = await face.post(f"/v1/sites/{KNOWN.site_id}/adverse-events", event)
    assert "safety information (safety)" in other.json()["reasons"][0]["detail"]


def test_every_command_that_the_list_governs_is_of_an_aggregate_of_this_service() -> None:
    names = {getattr(one, "name", None) for one in vars(store).values()}
    governed = [name for row in OBLIGATIONS.values() for name in row.governs if name.startswith("monitoring.")]
    assert governed
    assert {name.split(".")[1].partition("@")[0] for name in governed} <= names
