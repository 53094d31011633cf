"""Facilities and people over HTTP: the CRO's own records, of which each study sees what its own links name."""

import asyncio
from typing import Any

from chassis import clock
from chassis.journal import journal_of
from chassis.scope import Scope
from contracts import TOPICS
from studyline.testing.service import Face

DAY = {"occurred_at": "2026-03-01"}
STUDY = {"protocol_number": "ONC-301", "title": "A study", "occurred_at": "2026-01"}
GCP = {**DAY, "kind": "gcp_certificate", "issued_on": "2025-01-01", "expires_on": "2199-01"}
CANARY = "Zanzibar"
"""Stands in every name of this file: no message may carry it."""


async def made(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, {**DAY, **body})
    assert answer.is_success, answer.text
    return answer.json()


async def facility(face: Face, name: str = "", **more: Any) -> str:
    about = {"name": name or f"{CANARY} Hospital {clock.new_id()}", "city": "Berlin", "country": "DE"}
    return (await made(face, "/v1/organisations", {**about, **more}))["organisation_id"]


async def person(face: Face, family_name: str = "", **more: Any) -> str:
    about = {"family_name": family_name or f"{CANARY}-{clock.new_id()[:8]}", "given_name": "Maria", "country": "DE"}
    return (await made(face, "/v1/people", {**about, "profession": "physician", **more}))["person_id"]


async def site_of(face: Face, sponsor: str = "Acme") -> dict[str, str]:
    study = (await made(face, "/v1/studies", {**STUDY, "sponsor": {"name": sponsor}}))["study_id"]
    site = await made(face, f"/v1/studies/{study}/sites", {"country": "DE"})
    return {"study_id": study, "site_id": site["site_id"]}


async def led_by(face: Face, person_id: str, sponsor: str = "Acme") -> dict[str, str]:
    site = await site_of(face, sponsor)
    lead = {"person_id": person_id, "role": "principal_investigator"}
    await made(face, f"/v1/sites/{site['site_id']}/staff", lead)
    return site


async def roles_of(face: Face, **asked: str) -> list[dict[str, Any]]:
    answer = await face.get("/v1/study-roles", **asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def test_a_facility_is_registered_found_and_corrected(face: Face) -> None:
    has = {"pharmacy": True, "equipment": ["-80 °C freezer"], "active_patients": 240}
    key = await facility(face, "Charité", identifiers=[{"scheme": "gln", "value": "4006381333931"}], capabilities=has)
    found = (await face.get("/v1/organisations", city="Berlin", limit=1000)).json()["items"]
    [mine] = [one for one in found if one["organisation_id"] == key]
    assert mine["capabilities"]["active_patients"] == 240
    assert mine["merged_into"] is None
    corrected = await made(face, f"/v1/organisations/{key}/correct", {"name": "Charité", "country": "DE"})
    assert (corrected["city"], corrected["version"]) == (None, 2)


async def test_a_wrong_check_digit_is_told(face: Face) -> None:
    body = {**DAY, "name": "X", "country": "DE", "identifiers": [{"scheme": "gln", "value": "4006381333932"}]}
    answer = await face.post("/v1/organisations", body)
    assert answer.status_code == 422
    assert "check" in answer.json()["errors"][0]["detail"]


async def test_a_credential_is_recorded_stands_and_is_voided(face: Face) -> None:
    key = await person(face)
    recorded = await made(face, f"/v1/people/{key}/credentials", GCP)
    [credential] = recorded["credentials"]
    assert credential["standing"] == "valid"
    lapsing = (await face.get("/v1/people", lapsing_before="2200-01-01T00:00:00Z", limit=1000)).json()["items"]
    assert key in {one["person_id"] for one in lapsing}
    not_yet = (await face.get("/v1/people", lapsing_before="2198-01-01T00:00:00Z", limit=1000)).json()["items"]
    assert key not in {one["person_id"] for one in not_yet}
    voided = await made(face, f"/v1/people/{key}/credentials/{credential['credential_id']}/void", {})
    assert voided["credentials"] == []


async def test_the_same_investigator_is_found_in_every_study(face: Face) -> None:
    key = await person(face)
    sites = [await led_by(face, key, sponsor) for sponsor in ("Acme", "Acme", "Zeta", "Globex", "Initech", "Umbrella")]
    roles = await roles_of(face, person_id=key, role="principal_investigator")
    assert {one["study_id"] for one in roles} == {one["study_id"] for one in sites}
    acme = await roles_of(face.acting("sponsor", "Acme"), person_id=key)
    assert {one["study_id"] for one in acme} == {one["study_id"] for one in sites[:2]}
    pages: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await face.get("/v1/study-roles", person_id=key, limit=4, **cursor)).json()
        pages += [one["site_id"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert pages == sorted(one["site_id"] for one in sites)


async def test_a_sponsor_sees_of_a_person_what_its_own_study_links_and_no_record(face: Face) -> None:
    key, place = await person(face), await facility(face)
    site, sponsor = await led_by(face, key), face.acting("sponsor", "Acme")
    await led_by(face, key, "Zeta")
    await made(face, f"/v1/people/{key}/credentials", {**GCP, "number": "SECRET-NUMBER"})
    await made(face, f"/v1/sites/{site['site_id']}/facility", {"facility_id": place})
    team = (await sponsor.get(f"/v1/sites/{site['site_id']}/team")).json()
    [lead] = team["members"]
    assert lead["name"].startswith("Maria Zanzibar")
    assert [one["standing"] for one in lead["credentials"]] == ["valid"]
    assert team["facility"]["known_as"] == place
    assert "SECRET-NUMBER" not in str(team)
    assert (await face.acting("sponsor", "Zeta").get(f"/v1/sites/{site['site_id']}/team")).status_code == 404
    for path in (f"/v1/people/{key}", f"/v1/organisations/{place}"):
        assert (await sponsor.get(path)).status_code == 404
    for path in ("/v1/people", "/v1/organisations", "/v1/person-duplicates", "/v1/organisation-duplicates"):
        assert (await sponsor.get(path)).json() == {"items": [], "next": None}
    journal = await sponsor.get("/v1/journal", aggregate=key)
    assert journal.json()["items"] == []


async def test_only_callers_who_see_every_sponsor_keep_master_records_and_link_them(face: Face) -> None:
    key, site = await person(face), await site_of(face)
    narrow = face.acting("operations", "Acme")
    who = {**DAY, "family_name": "K", "given_name": "M", "profession": "nurse", "country": "DE"}
    assert (await narrow.post("/v1/people", who)).status_code == 403
    assert (await narrow.post(f"/v1/people/{key}/correct", who)).status_code == 404
    joins = {**DAY, "person_id": key, "role": "rater"}
    assert (await narrow.post(f"/v1/sites/{site['site_id']}/staff", joins)).status_code == 404
    assert (await face.acting("monitor").post("/v1/people", who)).status_code == 403


async def test_merged_people_are_one_until_the_merge_is_taken_back(face: Face) -> None:
    name = f"{CANARY}-{clock.new_id()[:8]}"
    first, second = await person(face, name, city="Ulm"), await person(face, f" {name.upper()}", city="ULM")
    groups = (await face.get("/v1/person-duplicates", limit=1000)).json()["items"]
    assert {"shared": "same name and place", "ids": sorted([first, second])} in groups
    sites = {key: (await led_by(face, key))["site_id"] for key in (first, second)}

    merged = await made(face, f"/v1/people/{first}/merge", {"into": second, "reason": "entered twice"})
    assert merged["merged_into"] == second
    for key in (first, second):
        assert {one["site_id"] for one in await roles_of(face, person_id=key)} == set(sites.values())
    assert {one["known_as"] for one in await roles_of(face, person_id=first)} == {second}
    groups = (await face.get("/v1/person-duplicates", limit=1000)).json()["items"]
    assert not any(first in one["ids"] for one in groups)
    again = await face.post(f"/v1/people/{second}/merge", {**DAY, "into": first})
    assert [one["code"] for one in again.json()["reasons"]] == ["survivor_merged"]
    assert (await face.get(f"/v1/people/{second}")).json()["absorbed"] == [first]

    await made(face, f"/v1/people/{first}/unmerge", {"out_of": second, "reason": "two people after all"})
    assert {one["site_id"] for one in await roles_of(face, person_id=first)} == {sites[first]}
    assert (await face.get(f"/v1/people/{second}")).json()["absorbed"] == []
    for key in (first, second):
        told = (await face.get("/v1/journal", aggregate=f"person/{key}")).json()["items"]
        assert [one["reason"] for one in told[-2:]] == ["entered twice", "two people after all"]


async def test_two_merges_at_once_into_each_other_do_not_both_succeed(face: Face) -> None:
    first, second = await facility(face), await facility(face)
    ways = [(first, second), (second, first)]
    merges = [face.post(f"/v1/organisations/{key}/merge", {**DAY, "into": into}) for key, into in ways]
    answers = await asyncio.gather(*merges)
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_repeated_merge_gives_the_same_answer(face: Face) -> None:
    first, second, key = await facility(face), await facility(face), clock.new_id()
    body = {**DAY, "into": second}
    answers = [await face.post(f"/v1/organisations/{first}/merge", body, key=key) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert (await face.get(f"/v1/organisations/{second}")).json()["version"] == 2


async def test_the_lead_of_a_site_changes_hands_and_the_world_learns_ids_only(face: Face) -> None:
    old, new = await person(face), await person(face)
    site = await led_by(face, old)
    changed = await made(face, f"/v1/sites/{site['site_id']}/principal-investigator", {"person_id": new})
    assert [one["until"] for one in changed["members"]] == ["2026-03-01", None]
    left = f"/v1/sites/{site['site_id']}/staff/{changed['members'][1]['assignment_id']}/end"
    await made(face, left, {})
    current = await roles_of(face, site_id=site["site_id"], current="true")
    assert current == []
    names = ["staff-assigned", "principal-investigator-changed", "staff-ended"]
    types = await face.published(TOPICS["sites"], f"site-team/{site['site_id']}", 3)
    assert types == [f"studyline.sites.site-team.{name}.v1" for name in names]


async def test_a_team_nobody_has_entered_is_empty(face: Face) -> None:
    site = await site_of(face)
    team = (await face.get(f"/v1/sites/{site['site_id']}/team")).json()
    assert (team["facility"], team["members"], team["version"]) == (None, [], 0)


async def test_no_message_carries_a_name(face: Face) -> None:
    await led_by(face, await person(face))
    entries = await journal_of(face.database).find(Scope.everything(), {})
    assert any(CANARY in str(one["events"]) for one in entries)
    assert not any(CANARY in str(one["messages"]) for one in entries)
