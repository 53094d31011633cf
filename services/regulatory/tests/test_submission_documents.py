"""A dossier names approved versions of the documents that are kept here; what is kept elsewhere is taken by its id."""

from typing import Any

from known_files import pdf
from studyline.testing.known import ACME
from studyline.testing.service import Face

DAY: dict[str, Any] = {"occurred_at": "2022-02-01"}


async def done(face: Face, path: str, **body: Any) -> dict[str, Any]:
    """A command that must be carried out."""
    answer = await face.post(path, {**DAY, **body})
    assert answer.is_success, answer.text
    return answer.json()


async def drafted(face: Face) -> str:
    """A document whose version 1.0 has a file."""
    about = {"study_id": ACME.study_id, "type_id": "008", "title": "The plan"}
    document_id = (await done(face, "/v1/documents", **about))["document_id"]
    await done(face, f"/v1/documents/{document_id}/versions", version="1.0")
    content = pdf(document_id)
    await face.upload(f"/v1/documents/{document_id}/versions/1.0/file", content, "application/pdf", filename="plan.pdf")
    return document_id


async def approve(face: Face, document_id: str) -> None:
    path = f"/v1/documents/{document_id}/versions/1.0"
    await done(face, f"{path}/request-review", reviewers=["bob"])
    reviewed = await done(face.acting("quality", subject="bob"), f"{path}/complete-review")
    signing = face.acting("sponsor", "Acme", subject="cleo", name="Cleo", signing=True)
    await done(signing, f"{path}/approve", sha256=reviewed["versions"][0]["sha256"])


async def test_a_version_that_is_not_approved_keeps_the_dossier_here(face: Face) -> None:
    document_id = await drafted(face)
    plan = {"tmf_unique_id": "008", "document_id": document_id, "version": "1.0"}
    elsewhere = {"tmf_unique_id": "058", "document_id": "etmf-4711", "version": "3"}
    about = {"study_id": ACME.study_id, "body": "registry", "country": "DE", "kind": "notification"}
    submission = await done(face, "/v1/submissions", **about, documents=[plan, elsewhere])
    path = f"/v1/submissions/{submission['submission_id']}"
    for step in ("complete-preparation", "submit"):
        refused = await face.post(f"{path}/{step}", DAY)
        reasons = [(one["code"], one["field"]) for one in refused.json()["reasons"]]
        assert (refused.status_code, reasons) == (409, [("document_not_approved", "documents.008")])
    await approve(face, document_id)
    assert (await done(face, f"{path}/submit"))["stage"] == "submitted"


async def test_a_version_that_is_not_there_is_not_approved(face: Face) -> None:
    document_id = await drafted(face)
    await approve(face, document_id)
    other = {"tmf_unique_id": "008", "document_id": document_id, "version": "2.0"}
    about = {"study_id": ACME.study_id, "body": "registry", "country": "DE", "kind": "notification"}
    submission = await done(face, "/v1/submissions", **about, documents=[other])
    refused = await face.post(f"/v1/submissions/{submission['submission_id']}/submit", DAY)
    assert [one["code"] for one in refused.json()["reasons"]] == ["document_not_approved"]
