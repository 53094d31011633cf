"""Controlled documents over HTTP, on real MongoDB and Kafka."""

import hashlib
import json
from typing import Any

import pytest
from chassis.files.store import FILES
from chassis.journal import journal_of
from chassis.scope import Scope
from contracts import TOPICS, derived_id
from known_files import pdf
from regulatory.store import files_held
from studyline.testing.known import ACME, ZETA, Known
from studyline.testing.service import Face
from told_documents import SYNOPSIS

DAY = {"occurred_at": "2022-02-01"}
DOCUMENTS = "/v1/documents"
PDF = "application/pdf"
NAME = "Cleopatra Philopator"
COMMENT = "Why does Mrs Miller wait three days?"


async def done(face: Face, path: str, status: int = 200, **body: Any) -> dict[str, Any]:
    """A command that must be carried out."""
    answer = await face.post(path, {**DAY, **body})
    assert answer.status_code == status, answer.text
    return answer.json()


async def created(face: Face, type_id: str = "008", of: Known = ACME, **more: Any) -> str:
    told = {"study_id": of.study_id, "type_id": type_id, "title": "The plan", **more}
    return (await done(face, DOCUMENTS, 201, **told))["document_id"]


async def drafted(face: Face, type_id: str = "008", content: bytes | None = None, **more: Any) -> str:
    """A document whose version 1.0 has a file (and a protocol its synopsis); the path of the version."""
    path = f"{DOCUMENTS}/{await created(face, type_id, **more)}"
    await done(face, f"{path}/versions", version="1.0")
    sent = await face.upload(f"{path}/versions/1.0/file", content or pdf(path), PDF, filename="plan.pdf")
    assert sent.status_code == 200, sent.text
    if type_id == "032":
        await done(face, f"{path}/versions/1.0/synopsis", synopsis=SYNOPSIS.model_dump(mode="json"))
    return f"{path}/versions/1.0"


async def reviewed(face: Face, type_id: str = "008", **more: Any) -> tuple[str, str]:
    """A version whose one reviewer is done, and what a signature of it binds."""
    path = await drafted(face, type_id, **more)
    await done(face, f"{path}/request-review", reviewers=["bob"])
    answer = await done(face.acting("quality", subject="bob"), f"{path}/complete-review")
    return path, answer["versions"][0]["sha256"]


async def approved(face: Face, type_id: str = "008", **more: Any) -> str:
    path, sha256 = await reviewed(face, type_id, **more)
    await done(cleo(face), f"{path}/approve", sha256=sha256)
    return path


def cleo(face: Face) -> Face:
    """Who approves, freshly authenticated."""
    return face.acting("sponsor", "Acme", subject="cleo", name=NAME, signing=True)


async def test_a_protocol_goes_its_way_and_every_step_is_published_without_a_name_or_a_text(face: Face) -> None:
    path = await drafted(face, "032")
    document_id = path.split("/")[3]
    change = {"summary": "All of it is new.", "substantial": True, "sections": ["1"]}
    await done(face, f"{path}/change", change=change)
    await done(face, f"{path}/request-review", reviewers=["bob"])
    bob = face.acting("quality", subject="bob")
    await done(bob, f"{path}/return", reason="A page is missing.")
    await done(face, f"{path}/request-review", reviewers=["bob"])
    answer = await done(bob, f"{path}/comments", text=COMMENT, section="6.2")
    comment_id = answer["versions"][0]["comments"][0]["comment_id"]
    await done(face, f"{path}/comments/{comment_id}/resolve", resolution="She does not any more.")
    sha256 = (await done(bob, f"{path}/complete-review"))["versions"][0]["sha256"]
    answer = await done(cleo(face), f"{path}/approve", sha256=sha256)
    assert answer["versions"][0]["approval"]["printed_name"] == NAME
    await done(face, f"{path}/assign-readers", readers=["eve"])
    eve = face.acting("monitor", subject="eve", name="Eve", signing=True)
    await done(eve, f"{path}/read-and-understood", sha256=sha256)
    await done(face, f"{path}/make-effective", site_id=ACME.site_id)
    await done(face, f"{DOCUMENTS}/{document_id}/end-effect", country="DE", occurred_at="2022-03", reason="Unreadable.")
    await done(face, f"{DOCUMENTS}/{document_id}/retire", occurred_at="2022-04", reason="The study was cancelled.")
    names = [
        *("created", "drafted", "file-attached", "synopsis-set", "change-described", "review-requested", "returned"),
        *("review-requested", "commented", "comment-resolved", "review-completed", "approved", "readers-assigned"),
        *("read-and-understood", "made-effective", "effect-ended", "retired"),
    ]
    types = await face.published(TOPICS["regulatory"], f"controlled-document/{document_id}", len(names))
    assert types == [f"studyline.regulatory.document.{name}.v1" for name in names]
    entries = await journal_of(face.database).find(Scope.everything(), {"aggregate.id": document_id})
    told = json.dumps([one["messages"] for one in entries])
    assert not [secret for secret in (NAME, "Miller", "cleo", "bob", "plan.pdf", "Tomography") if secret in told]
    signed = [one["signature"] for one in entries if one["signature"] is not None]
    assert [(one["signer_id"], one["meaning"]) for one in signed] == [("cleo", "approval"), ("eve", "acknowledgement")]


async def test_approval_wants_a_fresh_authentication_of_a_person_who_may_act(face: Face) -> None:
    path, sha256 = await reviewed(face)
    stale = await face.acting("sponsor", "Acme", subject="cleo").post(f"{path}/approve", {**DAY, "sha256": sha256})
    assert (stale.status_code, stale.json()["type"]) == (401, "/problems/insufficient_user_authentication")
    assert 'max_age="300"' in stale.headers["www-authenticate"]
    partner = face.acting("partner", "Acme", signing=True)
    assert (await partner.post(f"{path}/approve", {**DAY, "sha256": sha256})).status_code == 403
    machine = face.acting("operations", subject="studyline-command", signing=True)
    answer = await machine.post(f"{path}/approve", {**DAY, "sha256": sha256})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not_a_person")


async def test_a_signature_of_what_was_read_before_does_not_approve_what_is_there_now(face: Face) -> None:
    path, _ = await reviewed(face)
    refused = await cleo(face).post(f"{path}/approve", {**DAY, "sha256": hashlib.sha256(b"before").hexdigest()})
    assert [one["code"] for one in refused.json()["reasons"]] == ["signature_does_not_bind"]


async def test_a_refused_approval_names_every_reason(face: Face) -> None:
    path = await drafted(face)
    answer = await face.acting("operations", signing=True).post(f"{path}/approve", {**DAY, "sha256": "0" * 64})
    codes = [reason["code"] for reason in answer.json()["reasons"]]
    assert (answer.status_code, codes) == (409, ["wrong_status", "signature_does_not_bind", "author_is_approver"])


async def test_a_file_comes_back_as_it_was_under_its_hash_as_an_attachment(face: Face) -> None:
    content = pdf("The plan")
    path = await drafted(face, content=content)
    answer = await face.get(f"{path}/file")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_same_upload_again_has_the_same_answer_and_is_stored_once(face: Face) -> None:
    path = f"{DOCUMENTS}/{await created(face)}"
    await done(face, f"{path}/versions", version="1.0")
    content, of = pdf("Once"), {"key": f"once-{path}", "filename": "a.pdf"}
    first, again = [await face.upload(f"{path}/versions/1.0/file", content, PDF, **of) for _ in range(2)]
    assert (again.status_code, again.json()) == (200, first.json())
    other = await face.upload(f"{path}/versions/1.0/file", pdf("Other"), PDF, **of)
    assert other.json()["type"] == "/problems/idempotency_key_reused"
    same = {"sha256": hashlib.sha256(content).hexdigest(), "study": ACME.study_id}
    assert await face.database.collection(FILES).count(Scope.everything(), same) == 1


@pytest.mark.parametrize(
    ("content", "media_type", "name", "status", "code"),
    [
        (b"MZ", PDF, "a.pdf", 415, "media_type_not_taken"),
        (pdf(), "image/png", "a.png", 415, "media_type_differs"),
        (pdf() + b"/JavaScript", PDF, "a.pdf", 422, "active_content"),
        (b"", PDF, "a.pdf", 422, "file_empty"),
        (pdf(), PDF, "../a.pdf", 422, "invalid"),
    ],
)
async def test_what_is_not_taken_is_refused_by_name(
    face: Face, content: bytes, media_type: str, name: str, status: int, code: str
) -> None:
    path = f"{DOCUMENTS}/{await created(face)}"
    await done(face, f"{path}/versions", version="1.0")
    answer = await face.upload(f"{path}/versions/1.0/file", content, media_type, filename=name)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")


async def test_a_file_may_be_larger_than_other_bodies(face: Face) -> None:
    path = f"{DOCUMENTS}/{await created(face)}"
    await done(face, f"{path}/versions", version="1.0")
    content = b"A line of a long plan.\n" * 100_000
    sent = await face.upload(f"{path}/versions/1.0/file", content, "text/plain", filename="plan.txt")
    assert sent.json()["versions"][0]["files"][0]["size_bytes"] == len(content) > 1_048_576
    assert (await face.get(f"{path}/versions/1.0/file")).content == content


async def test_a_file_that_a_document_holds_is_not_swept(face: Face) -> None:
    path = await drafted(face)
    document = (await face.get(path.partition("/versions")[0])).json()
    held = document["versions"][0]["files"][0]["file_id"]
    assert await files_held(face.database, [held, "another"]) == {held}


async def test_an_effective_version_is_found_at_a_place_on_a_day(face: Face) -> None:
    path = await approved(face, "040")
    await done(face, f"{path}/make-effective", country="DE", occurred_at="2022-03-01")
    document_id = path.split("/")[3]
    asked = {"study_id": ACME.study_id, "kind": "informed_consent_form"}

    async def found(**more: str) -> list[tuple[str, str]]:
        answer = await face.get("/v1/effective-documents", **asked, **more)
        assert answer.status_code == 200, answer.text
        items = [one for one in answer.json()["items"] if one["document_id"] == document_id]
        return [(one["version"], one["since"]) for one in items]

    assert await found(site_id=ACME.site_id, on="2022-03-01") == [("1.0", "2022-03-01")]
    assert await found(country="DE") == [("1.0", "2022-03-01")]
    assert await found(site_id=ACME.site_id, on="2022-02-28") == await found(country="FR") == []
    assert await found(country="DE", type_id="032") == []
    unknown = await face.get("/v1/effective-documents", **asked, site_id=ZETA.site_id)
    differs = await face.get("/v1/effective-documents", **asked, site_id=ACME.site_id, country="FR")
    assert (unknown.status_code, differs.status_code) == (404, 422)


async def test_a_global_document_takes_effect_without_naming_a_place(face: Face) -> None:
    path = await approved(face, country="DE")
    answer = await done(face, f"{path}/make-effective")
    assert answer["effects"][0]["place"] == {"country": "DE", "site_id": None}
    both = await face.post(f"{path}/make-effective", {**DAY, "country": "DE", "site_id": ACME.site_id})
    assert both.status_code == 422


async def test_a_version_that_never_took_effect_is_given_up(face: Face) -> None:
    path = await drafted(face)
    answer = await done(face, f"{path}/withdraw", reason="Superfluous.")
    assert answer["versions"][0]["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"study_id": derived_id("study", "nowhere")}, "study_not_found"),
        ({"site_id": ZETA.site_id}, "site_not_found"),
    ],
)
async def test_a_document_needs_a_known_study_and_a_site_of_it(face: Face, more: dict[str, str], code: str) -> None:
    told = {"study_id": ACME.study_id, "type_id": "008", "title": "The plan"}
    answer = await face.post(DOCUMENTS, {**DAY, **told, **more})
    assert (answer.status_code, answer.json()["type"]) == (404, f"/problems/{code}")


async def test_what_is_not_there_is_not_found(face: Face) -> None:
    path = f"{DOCUMENTS}/{await created(face)}"
    assert (await face.get(f"{path}/versions/9.9/file")).status_code == 404
    for step in ("withdraw", "make-effective"):
        assert (await face.post(f"{path}/versions/9.9/{step}", {**DAY, "reason": "-"})).status_code == 404
    await done(face, f"{path}/versions")
    assert (await face.get(f"{path}/versions/0.1/file")).status_code == 404
    assert (await face.upload(f"{path}/versions/9.9/file", pdf(), PDF, filename="a.pdf")).status_code == 404


async def test_lists_are_filtered_and_paged(face: Face) -> None:
    wanted = {await created(face, "209", country="DE") for _ in range(3)}
    filters = {"study_id": ACME.study_id, "type_id": "209", "kind": "plan", "country": "DE"}
    first = (await face.get(DOCUMENTS, **filters, limit=2)).json()
    rest = (await face.get(DOCUMENTS, **filters, limit=2, cursor=first["next"])).json()
    assert {one["document_id"] for one in first["items"] + rest["items"]} == wanted
    assert (len(first["items"]), rest["next"]) == (2, None)
    assert (await face.get(DOCUMENTS, **filters, status="approved")).json()["items"] == []
    assert (await face.get(DOCUMENTS, type_id="209", kind="protocol")).json()["items"] == []
    types = (await face.get("/v1/document-types", kind="plan", limit=3)).json()
    more = (await face.get("/v1/document-types", kind="plan", limit=100, cursor=types["next"])).json()
    assert [one["unique_id"] for one in types["items"]] == ["001", "003", "006"]
    assert "209" in {one["unique_id"] for one in more["items"]}


async def test_a_sponsor_sees_and_touches_nothing_of_another(face: Face) -> None:
    path = await approved(face)
    document = path.partition("/versions")[0]
    zeta = face.acting("regulatory", "Zeta", signing=True)
    unseen, unknown = await zeta.get(document), await zeta.get(f"{DOCUMENTS}/{derived_id('nothing')}")
    assert unseen.status_code == unknown.status_code == 404
    assert unseen.json()["type"] == unknown.json()["type"]
    answers = [
        await zeta.get(f"{path}/file"),
        await zeta.upload(f"{path}/file", pdf(), PDF, filename="a.pdf"),
        await zeta.post(f"{path}/approve", {**DAY, "sha256": "0" * 64}),
        await zeta.post(f"{path}/make-effective", DAY),
        await zeta.post(f"{document}/retire", {**DAY, "reason": "-"}),
    ]
    assert [(one.status_code, "The plan" in one.text) for one in answers] == [(404, False)] * 5
    for route in (DOCUMENTS, "/v1/effective-documents"):
        assert (await zeta.get(route, study_id=ACME.study_id)).json()["items"] == []
    assert (await face.get(document)).json()["status"] == "active"


async def test_the_same_content_of_two_sponsors_lies_apart(face: Face) -> None:
    content = pdf("Alike")
    for of in (ACME, ZETA):
        await drafted(face, content=content, of=of)
    rows = await face.database.collection(FILES).find(
        Scope.everything(), {"sha256": hashlib.sha256(content).hexdigest()}
    )
    assert {row["study"] for row in rows} == {ACME.study_id, ZETA.study_id}
