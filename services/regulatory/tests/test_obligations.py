"""What an agreement that `sites` tells of does not transfer to the CRO is refused here, too."""

import asyncio
from typing import Any

from chassis.scope import Scope
from contracts import TOPICS
from contracts.obligations import OBLIGATIONS
from contracts.sites import AgreementSigned, ObligationTransferred
from regulatory import store
from regulatory.projections import AGREEMENTS, SITES, STUDIES
from studyline.testing.known import Known, tell_of
from studyline.testing.service import Face

KNOWN = Known.of("Agreed", "DE")
SUBJECT = "sponsor-agreement/agr-regulatory"
ABOUT: dict[str, Any] = {"study_id": KNOWN.study_id, "agreement_id": "agr-regulatory", "reference": "MSA-1"}


async def once_there(face: Face, collection: str, row: dict[str, Any]) -> None:
    rows = face.database.collection(collection)
    while await rows.find_one(Scope.everything(), row) is None:  # noqa: ASYNC110 - the truth is in the database
        await asyncio.sleep(0.02)


async def once_known(face: Face, version: int) -> None:
    await once_there(face, AGREEMENTS.collection, {"_id": "agr-regulatory", "version": version})


async def prepared(face: Face, body: str) -> Any:
    about = {"study_id": KNOWN.study_id, "body": body, "country": "DE", "occurred_at": "2022-03-01"}
    return await face.post("/v1/submissions", about)


async def test_a_submission_needs_the_obligation_of_its_body(face: Face) -> None:
    await tell_of(face, [KNOWN], into=())
    await once_there(face, STUDIES.collection, {"_id": KNOWN.study_id})
    await once_there(face, SITES.collection, {"_id": KNOWN.site_id})
    assert (await prepared(face, "ethics_committee")).status_code == 201
    signed = AgreementSigned.model_validate({**ABOUT, "effective_from": "2022-01-01"})
    await face.tell(TOPICS["sites"], SUBJECT, signed, sponsor="Agreed")
    await once_known(face, 1)
    refused = await prepared(face, "ethics_committee")
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["obligation_not_held"]
    terms = {"obligation": "ethics_submission", "holder": "cro", "since": "2022-02-01", "until": None}
    transferred = ObligationTransferred.model_validate({**ABOUT, **terms, "amendment": None})
    await face.tell(TOPICS["sites"], SUBJECT, transferred, sponsor="Agreed", version=2)
    await once_known(face, 2)
    made = await prepared(face, "ethics_committee")
    assert made.status_code == 201, made.text
    [entry] = (await face.get("/v1/journal", aggregate=made.json()["submission_id"])).json()["items"]
    assert entry["authority"] == {"obligation": "ethics_submission", "agreement": "agr-regulatory"}
    other = await prepared(face, "competent_authority")
    assert "Applications and notifications to authorities" in other.json()["reasons"][0]["detail"]


def test_every_command_that_the_list_governs_is_of_an_aggregate_of_this_service() -> None:
    names = {getattr(one, "name", None) for one in vars(store).values()}
    governed = [name for row in OBLIGATIONS.values() for name in row.governs if name.startswith("regulatory.")]
    assert governed
    assert {name.split(".")[1].partition("@")[0] for name in governed} <= names
