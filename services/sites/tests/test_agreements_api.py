"""Agreements over HTTP: from the first one on, the CRO does what was transferred to it, and the journal says so."""

from typing import Any

from chassis.journal import journal_of
from chassis.scope import Scope
from contracts import TOPICS, derived_id
from contracts.obligations import OBLIGATIONS
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-03-01"}
STUDY = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": "2022-01"}
SELECTION = {"obligation": "site_selection", "holder": "cro", "since": "2022-02-01"}
SIGNED = {**DAY, "reference": "MSA-1", "cro": "Our CRO", "effective_from": "2022-01-15"}


async def done(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def study_of(face: Face) -> str:
    return (await done(face, "/v1/studies", STUDY))["study_id"]


async def signed(face: Face, study_id: str, **more: Any) -> str:
    return (await done(face, f"/v1/studies/{study_id}/agreements", {**SIGNED, **more}))["agreement_id"]


async def test_from_the_first_agreement_on_the_cro_does_only_what_is_transferred(face: Face) -> None:
    study_id = await study_of(face)
    identify = f"/v1/studies/{study_id}/sites", {**DAY, "country": "DE"}
    site = await done(face, *identify)
    agreement_id = await signed(face, study_id)

    refused = await face.post(*identify)
    assert refused.status_code == 409
    [reason] = refused.json()["reasons"]
    assert reason["code"] == "obligation_not_held"
    assert "Selection of investigators and sites (site_selection)" in reason["detail"]
    assert "MSA-1" in reason["detail"]

    await done(face, f"/v1/agreements/{agreement_id}/transfer", {**DAY, **SELECTION})
    await done(face, f"/v1/sites/{site['site_id']}/select", DAY)
    early = await face.post(f"/v1/sites/{site['site_id']}/reject", {"occurred_at": "2022-01-31", "because": "staff"})
    assert [one["code"] for one in early.json()["reasons"]] == ["obligation_not_held"]
    [shown] = (await face.get("/v1/journal", aggregate=f"study-site/{site['site_id']}")).json()["items"][1:]
    assert shown["authority"] == {"obligation": "site_selection", "agreement": agreement_id}
    assert shown["on_behalf_of"] == shown["sponsor_id"]


async def test_what_was_returned_is_the_sponsors_again_and_late_entry_of_earlier_acts_goes_on(face: Face) -> None:
    study_id = await study_of(face)
    agreement_id = await signed(face, study_id, transfers=[SELECTION])
    given_back = {**DAY, "obligation": "site_selection", "returned_on": "2022-06-01"}
    await done(face, f"/v1/agreements/{agreement_id}/return", given_back)
    path = f"/v1/studies/{study_id}/sites"
    assert (await face.post(path, {"occurred_at": "2022-05-31", "country": "DE"})).status_code == 201
    assert (await face.post(path, {"occurred_at": "2022-06-01", "country": "DE"})).status_code == 409


async def test_history_is_adopted_whatever_was_agreed(face: Face) -> None:
    study_id = await study_of(face)
    await signed(face, study_id)
    record = {"key": "1", "study_id": study_id, "country": "DE", "status": "closed"}
    report = await done(face, "/v1/adoptions/sites", {"source": "elsewhere", "records": [record]})
    assert [one["outcome"] for one in report["results"]] == ["adopted"]
    [entry] = await journal_of(face.database).find(Scope.everything(), {"aggregate.id": report["results"][0]["id"]})
    assert "authority" not in entry


async def test_the_matrix_says_who_holds_what_on_a_day(face: Face) -> None:
    study_id = await study_of(face)
    lab = {"obligation": "laboratories", "holder": "other", "party": "Labs Ltd", "since": "2022-03-01"}
    agreement_id = await signed(face, study_id, transfers=[SELECTION, lab])
    path = f"/v1/studies/{study_id}/obligations"
    matrix = {one["obligation"]: one for one in (await face.get(path, on="2022-03-01")).json()}
    assert set(matrix) == set(OBLIGATIONS)
    assert matrix["laboratories"]["party"] == "Labs Ltd"
    assert matrix["site_selection"]["agreement_id"] == agreement_id
    assert matrix["safety"]["holder"] == "sponsor"
    assert [one["obligation"] for one in (await face.get(path, on="2022-02-28", holder="cro")).json()] == [
        "site_selection"
    ]
    await done(face, f"/v1/agreements/{agreement_id}/end", {**DAY, "ended_on": "2022-12-31"})
    assert (await face.get(path, on="2022-12-31", holder="cro")).json() == []
    assert {one["holder"] for one in (await face.get(path)).json()} == {"sponsor"}


async def test_an_agreement_is_told_to_the_world_without_the_names_of_its_parties(face: Face) -> None:
    study_id = await study_of(face)
    lab = {"obligation": "laboratories", "holder": "other", "party": "Labs Ltd", "since": "2022-03-01"}
    agreement_id = await signed(face, study_id, transfers=[lab], parties=["Labs Ltd"])
    await done(face, f"/v1/agreements/{agreement_id}/amend", {**DAY, "reference": "A1", "effective_from": "2022-04-01"})
    returned = {**DAY, "obligation": "laboratories", "returned_on": "2022-05-01"}
    await done(face, f"/v1/agreements/{agreement_id}/return", returned)
    await done(face, f"/v1/agreements/{agreement_id}/end", {**DAY, "ended_on": "2022-12-31"})
    types = await face.published(TOPICS["sites"], f"sponsor-agreement/{agreement_id}", 5)
    assert types == [
        f"studyline.sites.{name}.v1"
        for name in (
            "agreement.signed",
            "obligation.transferred",
            "agreement.amended",
            "obligation.returned",
            "agreement.ended",
        )
    ]
    entries = await journal_of(face.database).find(Scope.everything(), {"aggregate.id": agreement_id})
    assert "Labs Ltd" not in "".join(message["body"] for entry in entries for message in entry["messages"])


async def test_two_agreements_cannot_take_one_obligation_at_the_same_time(face: Face) -> None:
    study_id = await study_of(face)
    first, second = await signed(face, study_id), await signed(face, study_id, reference="MSA-2")
    await done(face, f"/v1/agreements/{first}/transfer", {**DAY, **SELECTION})
    refused = await face.post(f"/v1/agreements/{second}/transfer", {**DAY, **SELECTION})
    assert [one["code"] for one in refused.json()["reasons"]] == ["obligation_held"]


async def test_agreements_are_read_and_listed_page_by_page_and_another_sponsor_sees_none(face: Face) -> None:
    study_id = await study_of(face)
    made = {await signed(face, study_id, reference=f"MSA-{number}") for number in range(3)}
    path = f"/v1/studies/{study_id}/agreements"
    first = (await face.get(path, limit=2)).json()
    rest = (await face.get(path, limit=2, cursor=first["next"])).json()
    assert {one["agreement_id"] for one in first["items"] + rest["items"]} == made
    [one, *_] = made
    assert (await face.get(f"/v1/agreements/{one}")).headers["etag"] == '"v1"'
    zeta = face.acting("sponsor", "Zeta")
    for unseen in (path, f"/v1/agreements/{one}", f"/v1/studies/{study_id}/obligations"):
        answer, unknown = await zeta.get(unseen), await zeta.get(f"/v1/agreements/{derived_id('nowhere')}")
        assert (answer.status_code, unknown.status_code) == (404, 404)
        assert "MSA" not in answer.text
    assert {one["code"] for one in (await zeta.get("/v1/obligations")).json()} == set(OBLIGATIONS)
