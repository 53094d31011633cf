"""The service over HTTP, on real MongoDB and Kafka."""

import asyncio
from typing import Any

import pytest
from chassis import clock as wall
from contracts import TOPICS, derived_id
from studyline.testing.known import ACME, ZETA, Known
from studyline.testing.service import Face

DAY = {"occurred_at": "2022-02-01"}
AGREED = {"reference": "EC-1", "covers": ["Protocol 2.0"], "conditions": ["Report yearly."], "expires_on": "2024-06"}


def submission(of: Known, **more: Any) -> dict[str, Any]:
    return {**DAY, "study_id": of.study_id, "body": "ethics_committee", "country": of.country, **more}


async def prepared(face: Face, of: Known = ACME, **more: Any) -> str:
    answer = await face.post("/v1/submissions", submission(of, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()["submission_id"]


async def test_the_service_becomes_ready(face: Face) -> None:
    while (answer := await face.get("/health/ready")).status_code != 200:  # noqa: ASYNC110 - only asking tells
        await asyncio.sleep(0.1)
    assert {name for name, check in answer.json()["checks"].items() if not check["ok"]} == set()


async def test_a_submission_goes_its_way_and_every_step_is_published(face: Face) -> None:
    submission_id = await prepared(face, site_id=ACME.site_id)
    for step in ("submit", "receive-questions", "answer-questions", "approve"):
        answer = await face.post(f"/v1/submissions/{submission_id}/{step}", DAY | (AGREED if step == "approve" else {}))
        assert answer.status_code == 200, answer.text
    answer = await face.post(f"/v1/submissions/{submission_id}/withdraw", DAY)
    assert (answer.json()["status"], answer.json()["conditions"]) == ("withdrawn", ["Report yearly."])
    assert answer.headers["etag"] == '"v6"'
    types = await face.published(TOPICS["regulatory"], f"submission/{submission_id}", 6)
    names = ["prepared", "submitted", "questions-received", "questions-answered", "approved", "withdrawn"]
    assert types == [f"studyline.regulatory.submission.{name}.v1" for name in names]


DOCUMENTS = [
    {"tmf_unique_id": one, "document_id": f"doc-{one}", "version": "1.0"} for one in ("065", "032", "031", "040", "041")
]


async def test_a_planned_submission_goes_through_validation_and_beyond_its_approval(face: Face) -> None:
    about = {name: value for name, value in submission(ACME, kind="initial").items() if name != "documents"}
    planned = (await face.post("/v1/submissions/plan", about)).json()
    assert (planned["stage"], planned["status"]) == ("planned", "planned")
    path = f"/v1/submissions/{planned['submission_id']}"
    part = {"part": "I", "conclusion": "acceptable"}
    silence = {**AGREED, "conditions": [], "expires_on": "2199-06", "documents": DOCUMENTS[1:2]}
    for step, more, stage in (
        ("begin-preparation", {}, "in_preparation"),
        ("documents", {"documents": DOCUMENTS}, "in_preparation"),
        ("complete-preparation", {}, "ready"),
        ("submit", {}, "submitted"),
        ("start-validation", {}, "under_validation"),
        ("receive-validation-questions", {"due_on": "2022-02-20"}, "validation_rfi"),
        ("answer-validation-questions", {}, "under_validation"),
        ("validate", {}, "valid"),
        ("start-assessment", {}, "under_assessment"),
        ("receive-questions", {"part": "I"}, "rfi_received"),
        ("answer-questions", {}, "rfi_responded"),
        ("conclude-part", part, "rfi_responded"),
        ("approve-tacitly", silence, "tacitly_approved"),
        ("suspend", {}, "suspended"),
        ("reinstate", {}, "tacitly_approved"),
        ("renew", {"reference": "EC-2", "expires_on": "2199-07"}, "renewed"),
        ("expire", {}, "expired"),
    ):
        answer = await face.post(f"{path}/{step}", {**DAY, **more})
        assert (answer.status_code, answer.json()["stage"]) == (200, stage), answer.text


async def test_a_submission_is_refused_with_every_document_that_is_missing(face: Face) -> None:
    submission_id = await prepared(face, kind="initial", documents=DOCUMENTS[:2])
    answer = await face.post(f"/v1/submissions/{submission_id}/submit", DAY)
    fields = [reason["field"] for reason in answer.json()["reasons"]]
    assert (answer.status_code, fields) == (409, [f"documents.{one}" for one in ("031", "040", "041")])


async def test_conditions_are_fulfilled_and_an_approval_can_be_revoked(face: Face) -> None:
    submission_id = await prepared(face)
    path = f"/v1/submissions/{submission_id}"
    for step, more in (("submit", {}), ("approve", AGREED), ("fulfil-condition", {"number": 1}), ("revoke", {})):
        answer = await face.post(f"{path}/{step}", {**DAY, **more})
        assert answer.status_code == 200, answer.text
    assert (answer.json()["fulfilled"], answer.json()["stage"]) == ([{"number": 1, "on": "2022-02-01"}], "revoked")


async def test_a_modification_is_carried_out_at_a_site_after_its_approval(face: Face) -> None:
    documents = [{"tmf_unique_id": "065", "document_id": "doc-065", "version": "1"}]
    path = f"/v1/submissions/{await prepared(face, kind='substantial_modification', documents=documents)}"
    at_site = {**DAY, "site_id": ACME.site_id}
    refused = await face.post(f"{path}/implement", at_site)
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["not_approved"]
    for step, body in (("submit", DAY), ("approve", {**DAY, **AGREED}), ("implement", at_site)):
        answer = await face.post(f"{path}/{step}", body)
        assert answer.status_code == 200, answer.text
    assert answer.json()["implementations"][0]["site_id"] == ACME.site_id


async def eventually(face: Face, path: str, name: str, wanted: object, **asked: str | int) -> Any:
    """What a path answers, once this member of it, or of its only item, is so."""
    while True:
        told = (await face.get(path, **asked)).json()
        found: list[dict[str, Any]] = told.get("items", [told])
        if found and found[0][name] == wanted:
            return found[0]
        await asyncio.sleep(0.05)


def questions(day: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """A submission to the German authority that is asked a question on a day."""
    first = {"occurred_at": day}
    return (("submit", first), ("validate", first), ("receive-questions", first))


async def asked(face: Face, day: str) -> str:
    ids = ("052", "032", "033", "031", "040", "041", "087", "036")
    documents = [{"tmf_unique_id": one, "document_id": f"doc-{one}", "version": "1"} for one in ids]
    about: dict[str, Any] = {"kind": "initial", "occurred_at": day, "documents": documents}
    submission_id = await prepared(face, body="competent_authority", **about)
    for step, body in questions(day):
        answer = await face.post(f"/v1/submissions/{submission_id}/{step}", body)
        assert answer.status_code == 200, answer.text
    return submission_id


async def test_a_limit_that_nobody_kept_makes_the_submission_lapse_and_its_clocks_end(face: Face) -> None:
    submission_id = await asked(face, "2023-03-01")
    lapsed = await eventually(face, f"/v1/submissions/{submission_id}", "stage", "lapsed")
    assert lapsed["rounds"][0]["limit"]["due"]["due_on"] == "2023-03-13"
    about = {"about_id": submission_id, "rule_id": "eu-ctr-answer"}
    assert (await eventually(face, "/v1/clocks", "status", "missed", **about))["due_on"] == "2023-03-13"
    # It was answered in time, and is entered only now.
    answer = await face.post(f"/v1/submissions/{submission_id}/answer-questions", {"occurred_at": "2023-03-10"})
    assert answer.json()["stage"] == "rfi_responded"
    assert (await eventually(face, "/v1/clocks", "status", "stopped", **about))["in_time"] is True
    part_i = {"about_id": submission_id, "rule_id": "eu-ctr-part-i"}
    assert (await eventually(face, "/v1/clocks", "more_days", 31, **part_i))["due_on"] == "2023-05-16"


async def test_more_time_from_the_body_brings_a_lapsed_submission_back_and_its_clocks_with_it(face: Face) -> None:
    submission_id = await asked(face, "2023-03-01")
    await eventually(face, f"/v1/submissions/{submission_id}", "stage", "lapsed")
    about = {"about_id": submission_id, "rule_id": "eu-ctr-answer"}
    clock = await eventually(face, "/v1/clocks", "status", "missed", **about)
    # The body had given more time before the limit passed, and its letter is entered only now.
    letter = {"occurred_at": "2023-03-10", "due_on": "2198-12-31", "reason": "The authority's letter."}
    answer = await face.post(f"/v1/clocks/{clock['clock_id']}/extend", letter)
    assert answer.status_code == 200, answer.text
    back = await eventually(face, f"/v1/submissions/{submission_id}", "stage", "rfi_received")
    limit = back["rounds"][0]["limit"]
    assert (limit["due"]["due_on"], limit["by_body"]) == ("2198-12-31", True)
    answered = await face.post(f"/v1/submissions/{submission_id}/answer-questions", {"occurred_at": "2023-04-10"})
    assert answered.json()["stage"] == "rfi_responded"
    assert (await eventually(face, "/v1/clocks", "status", "stopped", **about))["in_time"] is True


async def test_an_answer_that_is_late_makes_the_submission_lapse(face: Face) -> None:
    submission_id = await asked(face, wall.now().date().isoformat())
    answer = await face.post(f"/v1/submissions/{submission_id}/answer-questions", {"occurred_at": "2199-01-01"})
    assert (answer.status_code, answer.json()["stage"]) == (200, "lapsed")


async def test_a_body_agrees_by_silence_when_its_period_is_over_and_not_before(face: Face) -> None:
    ids = ("052", "032", "031")
    documents = [{"tmf_unique_id": one, "document_id": f"ind-{one}", "version": "1"} for one in ids]
    about: dict[str, Any] = {"kind": "initial", "country": "US", "documents": documents, "occurred_at": "2024-03-01"}
    submission_id = await prepared(face, body="competent_authority", **about)
    path = f"/v1/submissions/{submission_id}"
    await face.post(f"{path}/submit", {"occurred_at": "2024-03-01"})
    in_effect = {"about_id": submission_id, "rule_id": "us-ind-in-effect"}
    assert (await eventually(face, "/v1/clocks", "status", "missed", **in_effect))["due_on"] == "2024-03-31"
    silent = {**AGREED, "conditions": [], "expires_on": None}
    refused = await face.post(f"{path}/approve-tacitly", {**silent, "occurred_at": "2024-03-20"})
    assert [one["code"] for one in refused.json()["reasons"]] == ["period_not_over"]
    agreed = await face.post(f"{path}/approve-tacitly", {**silent, "occurred_at": "2024-03-31"})
    assert agreed.json()["stage"] == "tacitly_approved", agreed.text


async def test_an_approval_that_runs_out_expires_by_its_clock(face: Face) -> None:
    submission_id = await prepared(face, kind="notification")
    for step, more in (("submit", {}), ("approve", AGREED)):
        await face.post(f"/v1/submissions/{submission_id}/{step}", {**DAY, **more})
    expired = await eventually(face, f"/v1/submissions/{submission_id}", "stage", "expired")
    assert expired["last_step_on"] == "2024-06-30T22:00:00Z"


async def test_questions_pause_a_clock_where_the_law_says_so(face: Face) -> None:
    documents = [
        {"tmf_unique_id": one["tmf_unique_id"], "document_id": "d-" + one["tmf_unique_id"], "version": "1"}
        for one in DOCUMENTS
    ]
    path = f"/v1/submissions/{await prepared(face, kind='initial', country='CH', documents=documents)}"
    about = {"about_id": path.rpartition("/")[2], "rule_id": "ch-ethics-decision"}
    days = {"submit": "2022-02-01", "validate": "2022-02-03", "receive-questions": "2022-02-10"}
    for step, day in days.items():
        await face.post(f"{path}/{step}", {"occurred_at": day})
    await eventually(face, "/v1/clocks", "status", "paused", **about)
    await face.post(f"{path}/answer-questions", {"occurred_at": "2022-03-10"})
    assert (await eventually(face, "/v1/clocks", "status", "missed", **about))["due_on"] == "2022-04-17"
    await face.post(f"{path}/reject", {"occurred_at": "2022-04-20"})
    assert (await eventually(face, "/v1/clocks", "status", "stopped", **about))["in_time"] is False


async def test_a_refused_approval_names_every_reason(face: Face) -> None:
    answer = await face.post(f"/v1/submissions/{await prepared(face)}/approve", DAY)
    codes = [reason["code"] for reason in answer.json()["reasons"]]
    assert (answer.status_code, codes) == (409, ["wrong_status", "reference_missing", "covers_missing"])


async def test_a_rejection_is_noted(face: Face) -> None:
    submission_id = await prepared(face)
    await face.post(f"/v1/submissions/{submission_id}/submit", DAY)
    answer = await face.post(f"/v1/submissions/{submission_id}/reject", {**DAY, "reference": "EC-2"})
    assert (answer.json()["status"], answer.json()["reference"]) == ("rejected", "EC-2")


async def test_the_same_request_again_has_the_same_answer(face: Face) -> None:
    first, again = [await face.post("/v1/submissions", submission(ACME), key="once") for _ in range(2)]
    assert (again.status_code, again.json()) == (201, first.json())


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"study_id": derived_id("study", "nowhere")}, "study_not_found"),
        ({"site_id": derived_id("site", "nowhere")}, "site_not_found"),
        ({"site_id": ZETA.site_id, "country": ZETA.country}, "site_not_found"),
    ],
)
async def test_a_submission_needs_a_known_study_and_a_site_of_it(face: Face, more: dict[str, str], code: str) -> None:
    answer = await face.post("/v1/submissions", {**submission(ACME), **more})
    assert (answer.status_code, answer.json()["type"]) == (404, f"/problems/{code}")


async def test_a_submission_for_a_site_names_the_sites_country(face: Face) -> None:
    answer = await face.post("/v1/submissions", submission(ACME, site_id=ACME.site_id) | {"country": "FR"})
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (409, "country_differs")


async def test_lists_are_filtered_and_paged(face: Face) -> None:
    wanted = {await prepared(face, body="competent_authority", site_id=ACME.site_id) for _ in range(3)}
    filters = {"study_id": ACME.study_id, "site_id": ACME.site_id, "body": "competent_authority", "status": "prepared"}
    first = (await face.get("/v1/submissions", **filters, country="DE", limit=2)).json()
    rest = (await face.get("/v1/submissions", **filters, country="DE", limit=2, cursor=first["next"])).json()
    assert {one["submission_id"] for one in first["items"] + rest["items"]} == wanted
    assert (len(first["items"]), rest["next"]) == (2, None)
    assert (await face.get("/v1/submissions", **filters, country="FR")).json()["items"] == []


async def test_a_sponsor_sees_and_touches_nothing_of_another(face: Face) -> None:
    submission_id = await prepared(face, ACME)
    zeta = face.acting("regulatory", "Zeta")
    unseen = await zeta.get(f"/v1/submissions/{submission_id}")
    unknown = await zeta.get(f"/v1/submissions/{derived_id('nothing')}")
    assert unseen.status_code == unknown.status_code == 404
    assert unseen.json()["type"] == unknown.json()["type"]
    assert (await zeta.get("/v1/submissions", study_id=ACME.study_id)).json()["items"] == []
    assert (await zeta.post("/v1/submissions", submission(ACME))).status_code == 404
    assert (await zeta.post(f"/v1/submissions/{submission_id}/submit", DAY)).status_code == 404
    assert (await face.get(f"/v1/submissions/{submission_id}")).json()["status"] == "prepared"


async def test_what_may_be_seen_can_be_read_by_any_role_but_changed_by_few(face: Face) -> None:
    submission_id = await prepared(face)
    for role in ("monitor", "sponsor", "quality"):
        caller = face.acting(role, "Acme")
        seen = await caller.get(f"/v1/submissions/{submission_id}")
        assert (seen.status_code, seen.headers["etag"]) == (200, '"v1"')
        assert (await caller.post(f"/v1/submissions/{submission_id}/submit", DAY)).status_code == 403


async def test_nobody_reads_without_a_token(face: Face) -> None:
    assert (await face.client.get("/v1/submissions")).status_code == 401
