"""Subjects over HTTP and Kafka: consent forms from `regulatory`, limits that hold at once, attempts and transfers."""

import asyncio
from typing import Any

from chassis import clock
from contracts import TOPICS, derived_id, regulatory
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-03-01"}
WHY = {"fail-screening": {"reason_code": "eligibility_criteria_not_met"}}
STUDY = {"sponsor": {"name": "Acme"}, "protocol_number": "ONC-301", "title": "A study", "occurred_at": "2022-01"}


async def done(face: Face, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await face.post(path, body)
    assert answer.is_success, answer.text
    return answer.json()


async def codes(face: Face, path: str, body: dict[str, Any]) -> list[str]:
    answer = await face.post(path, body)
    assert answer.status_code == 409, answer.text
    return [reason["code"] for reason in answer.json()["reasons"]]


async def study_with_sites(face: Face, *countries: str) -> tuple[str, list[str]]:
    """A study and its open sites, one in each country."""
    study_id = (await done(face, "/v1/studies", STUDY))["study_id"]
    records = [
        {"key": str(number), "study_id": study_id, "country": country, "status": "active", "activated_on": "2022-01"}
        for number, country in enumerate(countries)
    ]
    report = await done(face, "/v1/adoptions/sites", {"source": "elsewhere", "records": records})
    return study_id, [one["id"] for one in report["results"]]


async def subject_at(face: Face, site_id: str, *steps: str, **more: Any) -> str:
    told = await done(face, f"/v1/sites/{site_id}/subjects", {**DAY, "subject_key": clock.new_id()[:8], **more})
    for step in steps:
        await done(face, f"/v1/subjects/{told['subject_id']}/{step}", {**DAY, **WHY.get(step, {})})
    return told["subject_id"]


async def made_effective(face: Face, study_id: str, version: str, nth: int, country: str | None = None) -> None:
    """What `regulatory` tells once a version of the form is in effect, and until it is known here."""
    document = f"icf-{study_id}"
    about = {"study_id": study_id, "document_id": document, "kind": "informed_consent_form", "tmf_unique_id": "033"}
    event = regulatory.DocumentMadeEffective.model_validate(
        {**about, "version": version, "country": country, "site_id": None}
    )
    subject = f"controlled-document/{document}"
    await face.tell(TOPICS["regulatory"], subject, event, sponsor="Acme", version=nth)


async def once_in_effect(face: Face, site_id: str, version: str) -> dict[str, str]:
    """The form, once this version of it is known to be in effect at the site."""
    while True:
        found = (await face.get(f"/v1/sites/{site_id}/consent-forms")).json()
        if version in {one["version"] for one in found}:
            return next(one for one in found if one["version"] == version)
        await asyncio.sleep(0.02)


async def test_a_subject_goes_its_whole_way_and_every_step_is_told(face: Face) -> None:
    _, [site_id] = await study_with_sites(face, "DE")
    steps = ("screen", "enrol", "randomise", "start-treatment", "end-treatment", "follow-up", "complete")
    subject_id = await subject_at(face, site_id, *steps)
    assert (await face.get(f"/v1/subjects/{subject_id}")).json()["status"] == "completed"
    types = await face.published(TOPICS["sites"], f"subject/{subject_id}", 8)
    after_enrolment = ["randomised", "treatment-started", "treatment-ended", "follow-up-begun", "completed"]
    names = ["consented", "screened", "enrolled", *after_enrolment]
    assert types == [f"studyline.sites.subject.{name}.v1" for name in names]


async def test_consent_is_to_the_form_in_effect_once_one_is_known_and_anew_when_another_replaces_it(face: Face) -> None:
    study_id, [site_id, elsewhere] = await study_with_sites(face, "DE", "FR")
    await subject_at(face, site_id)
    await made_effective(face, study_id, "1.0", 1, country="DE")
    form = await once_in_effect(face, site_id, "1.0")
    path = f"/v1/sites/{site_id}/subjects"
    assert await codes(face, path, {**DAY, "subject_key": "7"}) == ["consent_form_missing"]
    wrong = {"document_id": form["document_id"], "version": "9.9"}
    assert await codes(face, path, {**DAY, "subject_key": "7", "consent_form": wrong}) == ["consent_form_not_in_effect"]
    nowhere = {**DAY, "subject_key": "8", "consent_form": form}
    assert await codes(face, f"/v1/sites/{elsewhere}/subjects", nowhere) == ["consent_form_not_in_effect"]
    subject_id = await subject_at(face, site_id, "screen", consent_form=form)
    await made_effective(face, study_id, "2.0", 2, country="DE")
    newer = await once_in_effect(face, site_id, "2.0")
    while not (await face.get(f"/v1/subjects/{subject_id}")).json()["reconsent_required"]:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.02)
    subject = f"/v1/subjects/{subject_id}"
    assert await codes(face, f"{subject}/enrol", DAY) == ["reconsent_required"]
    again = await done(face, f"{subject}/reconsent", {**DAY, "consent_form": newer})
    assert [one["form"]["version"] for one in again["consents"]] == ["1.0", "2.0"]
    assert (await done(face, f"{subject}/enrol", DAY))["status"] == "enrolled"


async def test_no_two_enrolments_at_once_pass_a_limit(face: Face) -> None:
    study_id, [site_id, other] = await study_with_sites(face, "DE", "DE")
    await done(face, f"/v1/studies/{study_id}/enrolment-limits", {**DAY, "country": "DE", "subjects": 2})
    subjects = [await subject_at(face, at, "screen") for at in (site_id, other, site_id, other)]
    answers = await asyncio.gather(*(face.post(f"/v1/subjects/{one}/enrol", DAY) for one in subjects))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["country_limit_reached"]
    await done(face, f"/v1/studies/{study_id}/enrolment-limits", {**DAY, "country": "DE", "subjects": None})
    late = subjects[answers.index(refused)]
    assert (await done(face, f"/v1/subjects/{late}/enrol", DAY))["status"] == "enrolled"
    assert (await face.get(f"/v1/studies/{study_id}/enrolment-limits")).json()["limits"] == []


async def test_a_subject_moves_to_another_site_of_its_study_and_to_no_other(face: Face) -> None:
    study_id, [site_id, other] = await study_with_sites(face, "DE", "FR")
    await done(face, f"/v1/studies/{study_id}/enrolment-limits", {**DAY, "subjects": 1})
    subject_id = await subject_at(face, site_id, "screen", "enrol")
    moved = await done(face, f"/v1/subjects/{subject_id}/transfer", {**DAY, "site_id": other})
    assert (moved["site_id"], moved["country"], moved["sites_before"]) == (other, "FR", [site_id])
    assert (await face.get(f"/v1/sites/{site_id}/subjects")).json()["items"] == []
    [listed] = (await face.get(f"/v1/sites/{other}/subjects")).json()["items"]
    assert listed["subject_id"] == subject_id
    _, [foreign] = await study_with_sites(face, "DE")
    assert (await face.post(f"/v1/subjects/{subject_id}/transfer", {**DAY, "site_id": foreign})).status_code == 404


async def test_a_failed_screening_may_be_tried_again_and_stays(face: Face) -> None:
    _, [site_id] = await study_with_sites(face, "DE")
    subject_id = await subject_at(face, site_id, "screen", "fail-screening")
    again = await done(face, f"/v1/subjects/{subject_id}/rescreen", {"occurred_at": "2022-05-01"})
    assert (again["attempt"], again["status"], len(again["steps"])) == (2, "consented", 4)


async def test_another_sponsor_sees_and_touches_no_subject(face: Face) -> None:
    study_id, [site_id] = await study_with_sites(face, "DE")
    subject_id = await subject_at(face, site_id)
    await done(face, f"/v1/studies/{study_id}/enrolment-limits", {**DAY, "subjects": 5})
    zeta, subject = face.acting("operations", "Zeta"), f"/v1/subjects/{subject_id}"
    for path in (subject, f"/v1/sites/{site_id}/consent-forms", f"/v1/studies/{study_id}/enrolment-limits"):
        assert (await zeta.get(path)).status_code == 404
    form = {"document_id": derived_id("icf"), "version": "1.0"}
    bodies: dict[str, Any] = {"screen": DAY, "reconsent": {**DAY, "consent_form": form}, "rescreen": DAY}
    bodies["transfer"] = {**DAY, "site_id": site_id}
    for act, body in bodies.items():
        assert (await zeta.post(f"{subject}/{act}", body)).status_code == 404
    assert (await zeta.post(f"/v1/studies/{study_id}/enrolment-limits", {**DAY, "subjects": 1})).status_code == 404
