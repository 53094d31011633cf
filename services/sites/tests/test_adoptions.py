"""History enters in batches: real dates, no gates, once, and only what is new."""

from collections import Counter
from typing import Any

import pytest
from chassis import clock
from contracts import TOPICS, derived_id
from studyline.testing.service import Face

STUDY = {
    "key": "NCT1",
    "sponsor": {"name": "Acme"},
    "protocol_number": "ONC-301",
    "registry_ids": ["NCT1"],
    "title": "A study",
    "phase": "phase_3",
    "status": "completed",
    "countries": ["DE"],
    "planned_enrolment": 120,
    "milestones": [{"kind": "study_start", "planned": None, "actual": "2019-05"}],
    "as_of": "2022-01-10",
}
SITE = {"key": "1", "name": "Charité", "country": "DE", "status": "closed", "activated_on": "2019-06-01"}
SUBJECT = {"key": "007-001", "steps": [{"step": "consented", "on": "2019-07"}, {"step": "enrolled", "on": None}]}


@pytest.fixture
def source() -> str:
    """A source that no other test adopts from."""
    return f"test-{clock.new_id()[:8]}"


async def adopt(face: Face, kind: str, source: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await face.post(f"/v1/adoptions/{kind}", {"source": source, "records": list(records)})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


async def adopted(face: Face, kind: str, source: str, record: dict[str, Any]) -> str:
    [result] = await adopt(face, kind, source, record)
    assert result["outcome"] == "adopted", result
    return result["id"]


async def test_a_study_its_sites_and_subjects_are_adopted_and_again_change_nothing(face: Face, source: str) -> None:
    study_id = await adopted(face, "studies", source, STUDY)
    site = {**SITE, "study_id": study_id}
    site_id = await adopted(face, "sites", source, site)
    subject = {**SUBJECT, "study_id": study_id, "site_id": site_id}
    subject_id = await adopted(face, "subjects", source, subject)
    for kind, record in (("studies", STUDY), ("sites", site), ("subjects", subject)):
        assert [one["outcome"] for one in await adopt(face, kind, source, record)] == ["unchanged"]
    assert (await face.get(f"/v1/sites/{site_id}")).json()["activated_on"] == "2019-06-01"
    assert (await face.get(f"/v1/subjects/{subject_id}")).json()["status"] == "enrolled"
    types = await face.published(TOPICS["sites"], f"study-site/{site_id}", 3)
    assert types == [f"studyline.sites.site.{name}.v1" for name in ("identified", "activated", "status-reported")]


async def test_a_study_that_has_changed_at_its_source_is_changed(face: Face, source: str) -> None:
    study_id = await adopted(face, "studies", source, STUDY)
    [result] = await adopt(face, "studies", source, {**STUDY, "status": "terminated"})
    assert (result["outcome"], result["id"]) == ("changed", study_id)


async def test_a_bad_record_is_rejected_alone_with_its_fields(face: Face, source: str) -> None:
    bad = {**STUDY, "key": "NCT2", "status": "sleeping", "as_of": "2022-02-30", "surname": "x"}
    good, rejected = await adopt(face, "studies", source, STUDY, bad)
    assert (good["outcome"], rejected["outcome"], rejected["key"]) == ("adopted", "rejected", "NCT2")
    assert {problem["field"] for problem in rejected["problems"]} == {"status", "as_of", "surname"}


async def test_two_sponsors_may_use_one_protocol_number(face: Face, source: str) -> None:
    other = {**STUDY, "key": "NCT2", "sponsor": {"name": "Omega"}}
    first, second = await adopt(face, "studies", source, STUDY, other)
    assert first["id"] != second["id"]


async def test_a_site_of_an_unknown_study_is_rejected(face: Face, source: str) -> None:
    [result] = await adopt(face, "sites", source, {**SITE, "study_id": derived_id("nowhere")})
    assert (result["outcome"], result["problems"][0]["code"]) == ("rejected", "not_found")


async def test_a_key_may_be_as_long_as_a_client_can_send_it(face: Face, source: str) -> None:
    study_id = await adopted(face, "studies", source, {**STUDY, "key": "k" * 200})
    site = {**SITE, "study_id": study_id, "key": "k" * 200}
    assert await adopted(face, "sites", source, site) == derived_id("study-site", study_id, source, "k" * 200)


async def test_another_sponsors_history_is_not_taken_over(face: Face, source: str) -> None:
    [result] = await adopt(face.acting("operations", "Zeta"), "studies", source, STUDY)
    assert (result["outcome"], result["problems"][0]["code"]) == ("rejected", "outside_scope")


async def test_a_full_batch_is_adopted_at_once(face: Face, source: str) -> None:
    results = await adopt(face, "studies", source, *[{**STUDY, "key": f"k{number}"} for number in range(500)])
    assert Counter(one["outcome"] for one in results) == {"adopted": 500}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"step": "screen_failed", "reason_code": "lack_of_efficacy"}, "Give one of adverse_event, "),
        ({"step": "screened", "reason_code": "pregnancy"}, "It takes none."),
    ],
)
async def test_a_reason_that_is_none_of_its_step_rejects_its_record_and_no_other(
    face: Face, source: str, step: dict[str, str], said: str
) -> None:
    study_id = await adopted(face, "studies", source, STUDY)
    site_id = await adopted(face, "sites", source, {**SITE, "study_id": study_id})
    about = {**SUBJECT, "study_id": study_id, "site_id": site_id}
    left = {"step": "withdrawn", "on": "2020-03", "reason_code": "pregnancy"}
    wrong, right = [
        {**about, "key": name, "steps": [{"step": "consented"}, last]} for name, last in (("1", step), ("2", left))
    ]
    rejected, kept = await adopt(face, "subjects", source, wrong, right)
    assert (rejected["outcome"], kept["outcome"]) == ("rejected", "adopted")
    assert said in str(rejected["problems"])
    [_, taken] = (await face.get(f"/v1/subjects/{kept['id']}")).json()["steps"]
    assert taken["reason_code"] == "pregnancy"
