"""The form behind a link, without scripts: plain pages, strict headers, nothing lost, nothing shown to anybody else."""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from chassis import clock
from chassis.journal import journal_of
from chassis.scope import Scope
from feasibility_example import DEFINITION, RESPONDENT
from studyline.testing.service import Face
from test_feasibility_routes import answered, candidate_of, made, questionnaire, sent, study_of

HOSTILE = "<script>alert(1)</script>\"'&"
FORM = {"q.pharmacy": "yes", "q.storage": ["", "fridge"], "q.patients": "12", "q.staff": "Two nurses"}


async def link_of(face: Face, **more: Any) -> tuple[str, str]:
    """An assessment, and the path of its form."""
    study = await study_of(face)
    site, asked = await candidate_of(face, study), await questionnaire(face, study, **more)
    return path_of(await sent(face, site, asked))


def path_of(told: dict[str, Any]) -> tuple[str, str]:
    return told["assessment_id"], told["link"]["address"].removeprefix("http://service")


async def opened(face: Face, path: str) -> str:
    answer = await face.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def number_in(page: str) -> str:
    found = re.search(r'name="based_on" value="(\d+)"', page)
    assert found
    return found[1]


async def submit(
    face: Face, path: str, action: str, fields: Mapping[str, Any] | None = None, based_on: str = "0"
) -> httpx.Response:
    return await face.client.post(path, data={"action": action, "based_on": based_on, **(fields or {})})


async def test_the_form_asks_without_an_account_and_leaks_nothing(face: Face) -> None:
    _, path = await link_of(face)
    answer = await face.client.get(path)
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    secret = path.rpartition("/")[2]
    assert secret not in answer.text
    for file in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
        loaded = await face.client.get(file)
        assert (loaded.status_code, loaded.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert (await face.client.get("/static/links/0/nothing.css")).status_code == 404


async def test_what_was_typed_is_saved_and_there_when_the_link_is_opened_again(face: Face) -> None:
    key, path = await link_of(face)
    page = await submit(face, path, "save", FORM)
    assert page.status_code == 200
    assert "Saved" in page.text
    again = await opened(face, path)
    assert 'value="12"' in again
    assert re.search(r'value="fridge" checked', again)
    assert number_in(again) == "1"
    seen = (await face.get(f"/v1/feasibility/{key}")).json()
    assert (seen["answered"], seen["answers"], seen["status"]) == (4, None, "sent")
    await submit(face, path, "save", {"q.storage": ""}, "1")
    assert "checked" not in (await opened(face, path)).split('value="fridge"')[1][:10]


async def test_answers_are_sent_once_by_somebody_with_a_name(face: Face) -> None:
    key, path = await link_of(face)
    nameless = await submit(face, path, "return", {**FORM, "q.patients": ""})
    assert nameless.status_code == 422
    assert "3 answers need your attention" in nameless.text
    assert "Write your name." in nameless.text
    done = await submit(face, path, "return", {**FORM, **RESPONDENT})
    assert (done.status_code, "your answers were sent" in done.text) == (200, True)
    again = await submit(face, path, "return", {**FORM, "q.pharmacy": "no", **RESPONDENT})
    assert "sent already" in again.text
    assert "sent already" in await opened(face, path)
    seen = (await face.get(f"/v1/feasibility/{key}")).json()
    assert (seen["score"]["percent"], seen["respondent"]) == (
        68.3,
        {"name": "Maria Keller", "role": "Study coordinator"},
    )
    entries = await journal_of(face.database).find(
        Scope.everything(), {"aggregate.id": key}, sort=[("version.after", 1)]
    )
    assert entries[-1]["actor"]["id"] == f"link:{seen['link']['link_id']}"


async def test_everything_that_is_wrong_is_told_at_its_field_and_what_was_typed_stays(face: Face) -> None:
    _, path = await link_of(face)
    wrong = {**FORM, "q.patients": "a dozen", "q.pharmacy": "", "q.start": "soon"}
    answer = await submit(face, path, "return", {**wrong, **RESPONDENT})
    assert answer.status_code == 422
    assert "3 answers need your attention" in answer.text
    for text in (
        "Write a number in digits",
        "Answer this question.",
        "year-month-day",
        'value="a dozen"',
        "Two nurses",
    ):
        assert text in answer.text


async def test_what_is_typed_is_text_and_nothing_else(face: Face) -> None:
    asked = {"sections": [{"title": HOSTILE, "questions": [{"code": "a", "text": HOSTILE, "kind": "text"}]}]}
    _, path = await link_of(face, definition=asked)
    answer = await submit(face, path, "save", {"q.a": HOSTILE})
    assert answer.text.count("&lt;script&gt;") >= 3
    assert "<script>alert" not in answer.text


async def test_two_windows_do_not_overwrite_each_other(face: Face) -> None:
    _, path = await link_of(face)
    await submit(face, path, "save", {"q.staff": "One nurse"})
    behind = await submit(face, path, "save", {"q.staff": "Nobody"})
    assert behind.status_code == 409
    assert "changed in another window" in behind.text
    assert "Nobody" in behind.text
    assert "One nurse" in await opened(face, path)
    await submit(face, path, "save", {"q.staff": "Nobody"}, number_in(behind.text))
    assert "Nobody" in await opened(face, path)


async def draft(face: Face, path: str, based_on: int, **answers: Any) -> httpx.Response:
    body: dict[str, Any] = {"based_on": based_on, "answers": answers}
    return await face.client.put(f"{path}/draft", json=body)


async def test_a_script_saves_only_what_changed_and_hears_of_conflicts(face: Face) -> None:
    _, path = await link_of(face)
    saved = await draft(face, path, 0, staff="One", patients="x")
    assert (saved.json()["draft"], set(saved.json()["mistakes"])) == (1, {"patients"})
    assert saved.json()["saved_at"]
    repeated = await draft(face, path, 0, staff="One")
    assert repeated.json()["draft"] == 1
    behind = await draft(face, path, 0, staff="Two")
    assert (behind.status_code, behind.json()["code"], behind.json()["draft"]) == (409, "changed_elsewhere", 1)
    unknown = await draft(face, path, 1, shoe_size="43")
    assert (unknown.status_code, unknown.json()["code"]) == (409, "question_unknown")
    assert (await face.client.put(f"{path}/draft", json={"based_on": "x"})).status_code == 422


async def test_every_link_that_does_not_open_gives_the_same_page(face: Face) -> None:
    pages: list[str] = []
    key, path = await link_of(face)
    await made(face, f"/v1/feasibility/{key}/revoke-link", {})
    pages.append(path)
    key, path = await link_of(face)
    await made(face, f"/v1/feasibility/{key}/withdraw", {})
    pages += [path, f"/links/feasibility/{clock.new_secret()}", "/links/feasibility/x", "/links/feasibility/$where"]
    answers = [await face.client.get(page) for page in pages]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    posts = [await submit(face, page, "return", {**FORM, **RESPONDENT}) for page in pages]
    assert {(answer.status_code, answer.text) for answer in posts} == {(404, answers[0].text)}
    assert {(await draft(face, page, 0, staff="x")).status_code for page in pages} == {404}


async def test_a_body_that_is_no_form_is_told_as_a_page(face: Face) -> None:
    _, path = await link_of(face)
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await face.client.post(path, content=b"q.staff=\xff", headers=as_form)
    assert (answer.status_code, "cannot be read" in answer.text) == (400, True)
    odd = await submit(face, path, "save", {"q.staff": "x", "q.unknown": "y", "other": "z"}, "9" * 30)
    assert odd.status_code == 409


async def facility(face: Face) -> str:
    return (await made(face, "/v1/organisations", {"name": clock.new_id(), "country": "DE"}))["organisation_id"]


async def at(face: Face, place: str, sponsor: str, sender: Face | None = None) -> tuple[str, str]:
    """A candidate site of the sponsor at the facility, asked: the assessment, and the path of its form."""
    study = await study_of(face, sponsor)
    site, asked = await candidate_of(face, study), await questionnaire(face, study)
    await made(face, f"/v1/sites/{site}/facility", {"facility_id": place})
    return path_of(await sent(sender or face, site, asked))


async def test_what_the_facility_answered_before_is_offered_and_marked_when_taken_over(face: Face) -> None:
    place = await facility(face)
    first, _ = await at(face, place, "Zeta")
    await made(face, f"/v1/feasibility/{first}/answers", {"answers": {**FACILITY, "patients": "77"}, **RESPONDENT})
    key, path = await at(face, place, "Acme")
    page = await opened(face, path)
    assert page.count("Answered before:") == 3
    assert "Three nurses" in page
    assert "77" not in page
    assert "Zeta" not in page
    assert "Three nurses" not in (await face.acting("sponsor", "Acme").get(f"/v1/feasibility/{key}")).text
    taken = await submit(face, path, "save", {"use": "*", "q.pharmacy": "", "q.patients": "12"})
    assert "Taken over from an earlier questionnaire" in taken.text
    await submit(face, path, "return", RESPONDENT, number_in(taken.text))
    answers = {one["question"]: one for one in (await face.get(f"/v1/feasibility/{key}")).json()["answers"]}
    assert answers["staff"] == {"question": "staff", "value": "Three nurses", "reused": True}
    assert answers["storage"]["value"] == ["freezer"]
    assert answers["patients"]["reused"] is False


FACILITY = {"pharmacy": "yes", "storage": ["freezer"], "staff": "Three nurses"}


async def test_a_sender_who_sees_one_sponsor_hands_on_only_what_that_sponsor_was_told(face: Face) -> None:
    place, narrow = await facility(face), face.acting("operations", "Acme")
    theirs, _ = await at(face, place, "Zeta")
    await made(face, f"/v1/feasibility/{theirs}/answers", {"answers": {**FACILITY, "patients": "1"}, **RESPONDENT})
    _, path = await at(face, place, "Acme", sender=narrow)
    assert "Answered before" not in await opened(face, path)
    own, _ = await at(face, place, "Acme")
    told = {**FACILITY, "staff": "One nurse", "patients": "1"}
    await made(face, f"/v1/feasibility/{own}/answers", {"answers": told, **RESPONDENT})
    page = await opened(face, path)
    assert "One nurse" in page
    assert "Three nurses" not in page


async def test_nothing_is_offered_where_nobody_said_where_the_site_is(face: Face) -> None:
    study = await study_of(face)
    asked = await questionnaire(face, study)
    await answered(face, await candidate_of(face, study), asked)
    _, path = path_of(await sent(face, await candidate_of(face, study), asked))
    assert "Answered before" not in await opened(face, path)


async def test_an_offer_is_taken_over_one_by_one(face: Face) -> None:
    place = await facility(face)
    first, _ = await at(face, place, "Acme")
    await made(face, f"/v1/feasibility/{first}/answers", {"answers": {**FACILITY, "patients": "1"}, **RESPONDENT})
    _, path = await at(face, place, "Acme")
    page = await submit(face, path, "save", {"use": "staff"})
    assert page.text.count("Answered before:") == 2
    body = {"based_on": 1, "answers": {"pharmacy": "yes", "patients": "3"}, "reused": ["pharmacy", "patients"]}
    assert (await face.client.put(f"{path}/draft", json=body)).json()["draft"] == 2
    assert (await opened(face, path)).count("Answered before:") == 1


async def test_whoever_saves_without_end_is_asked_to_wait(face: Face) -> None:
    _, path = await link_of(face)
    answers = [await draft(face, path, 0) for _ in range(120)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert int(refused[0].headers["retry-after"]) >= 1
    page = await submit(face, path, "save", FORM)
    assert (page.status_code, "One moment" in page.text) == (429, True)


def test_the_example_is_what_the_form_is_tested_with() -> None:
    codes = [question["code"] for section in DEFINITION["sections"] for question in section["questions"]]
    assert {f"q.{code}" for code in codes} >= FORM.keys()
