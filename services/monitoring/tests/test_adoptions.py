"""History enters in batches: real dates, no gates, once, and only what is new."""

from collections import Counter
from typing import Any

import pytest
from chassis import clock
from contracts import TOPICS, derived_id
from studyline.testing.known import ACME, ZETA
from studyline.testing.service import Face

WHERE = {"study_id": ACME.study_id, "site_id": ACME.site_id, "subject_key": "007-001", "on": "2019-05"}
FACTS: dict[str, dict[str, Any]] = {
    "subject-visits": {"visit_name": "Week 12", "outcome": "completed"},
    "protocol-deviations": {"category": "other", "important": False},
    "adverse-events": {"serious": False, "severity": None},
}
CORRECTIONS: dict[str, dict[str, Any]] = {
    "subject-visits": {"outcome": "missed"},
    "protocol-deviations": {"important": True},
    "adverse-events": {"severity": "severe"},
}
KINDS = sorted(FACTS)


@pytest.fixture
def source() -> str:
    """A source that no other test adopts from."""
    return f"test-{clock.new_id()[:8]}"


def record(kind: str, key: str = "k1", **more: Any) -> dict[str, Any]:
    return {**WHERE, **FACTS[kind], "key": key, **more}


async def adopt(face: Face, kind: str, source: str, *records: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await face.post(f"/v1/adoptions/{kind}", {"source": source, "records": list(records)})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_record_is_adopted_once_and_told_again_only_when_it_changes(face: Face, kind: str, source: str) -> None:
    [first] = await adopt(face, kind, source, record(kind))
    [again] = await adopt(face, kind, source, record(kind))
    [corrected] = await adopt(face, kind, source, record(kind, **CORRECTIONS[kind]))
    assert [one["outcome"] for one in (first, again, corrected)] == ["adopted", "unchanged", "changed"]
    singular = kind.removesuffix("s")
    assert {one["id"] for one in (first, again, corrected)} == {derived_id(singular, ACME.study_id, source, "k1")}
    assert len(await face.published(TOPICS["monitoring"], f"{singular}/{first['id']}", 2)) == 2


async def test_an_expected_visit_is_adopted_with_its_day_ahead_and_may_be_completed(face: Face, source: str) -> None:
    [adopted] = await adopt(face, "subject-visits", source, record("subject-visits", outcome="expected"))
    found = (await face.get(f"/v1/subject-visits/{adopted['id']}")).json()
    assert (found["status"], found["expected_on"], found["outcome_on"]) == ("expected", "2019-05", None)
    await adopt(face, "subject-visits", source, record("subject-visits", on="2019-05-07"))
    found = (await face.get(f"/v1/subject-visits/{adopted['id']}")).json()
    assert (found["status"], found["expected_on"], found["outcome_on"]) == ("completed", "2019-05", "2019-05-07")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bad_record_is_rejected_alone(face: Face, kind: str, source: str) -> None:
    nowhere = derived_id("nowhere")
    records = [
        record(kind, "good"),
        record(kind, "study", study_id=nowhere),
        record(kind, "site", site_id=nowhere),
        record(kind, "others-site", site_id=ZETA.site_id),
        record(kind, "date", on="2019-02-30"),
        record(kind, "field", surname="x"),
    ]
    results = await adopt(face, kind, source, *records)
    assert [one["key"] for one in results] == [one["key"] for one in records]
    problems = [[(problem["code"], problem["field"]) for problem in one["problems"]] for one in results]
    assert problems == [
        [],
        [("study_not_found", "study_id")],
        [("site_not_found", "site_id")],
        [("site_not_found", "site_id")],
        [("invalid", "on")],
        [("invalid", "surname")],
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_another_sponsors_study_is_not_found(face: Face, kind: str, source: str) -> None:
    [result] = await adopt(face.acting("operations", "Zeta"), kind, source, record(kind))
    assert (result["outcome"], result["problems"][0]["code"]) == ("rejected", "study_not_found")


async def test_a_deviation_without_a_site_is_adopted_into_its_study(face: Face, source: str) -> None:
    orphan = record("protocol-deviations", site_id=None, subject_key=None, on=None)
    [adopted] = await adopt(face, "protocol-deviations", source, orphan)
    found = (await face.get(f"/v1/protocol-deviations/{adopted['id']}")).json()
    assert (found["site_id"], found["country"], found["occurred_on"]) == (None, None, None)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_full_batch_is_adopted_at_once(face: Face, kind: str, source: str) -> None:
    results = await adopt(face, kind, source, *[record(kind, f"k{number}") for number in range(500)])
    assert Counter(one["outcome"] for one in results) == {"adopted": 500}


@pytest.mark.parametrize("role", ["monitor", "sponsor"])
async def test_history_is_adopted_by_operations_only(face: Face, role: str, source: str) -> None:
    body = {"source": source, "records": [record("adverse-events")]}
    assert (await face.acting(role, "Acme").post("/v1/adoptions/adverse-events", body)).status_code == 403
