"""The service with its files in an object store, over HTTP, also while that store fails."""

from collections.abc import AsyncGenerator, Generator

import pytest
from chassis.files import s3
from contracts import sponsor_id
from known_files import pdf
from object_store import BUCKET, Store, object_store
from regulatory.app import compose
from regulatory.consumers import LISTENS_TO
from regulatory.projections import SITES, STUDIES
from regulatory.settings import Settings
from studyline.testing import Servers
from studyline.testing.known import ACME, ZETA, tell_of
from studyline.testing.service import Face, running

DAY = {"occurred_at": "2022-02-01"}
PDF = "application/pdf"


@pytest.fixture(scope="module")
def bucket() -> Generator[Store]:
    with object_store() as store:
        yield store


@pytest.fixture(scope="module")
async def face(servers: Servers, bucket: Store) -> AsyncGenerator[Face]:
    patch = pytest.MonkeyPatch()
    patch.setattr(s3, "RETRIES", 0)
    where = {
        "s3_endpoint": bucket.where.endpoint,
        "s3_bucket": BUCKET,
        "s3_access_key_id": bucket.where.access_key_id,
        "s3_secret_access_key": bucket.where.secret_access_key,
    }
    async with running(servers, compose, Settings, listens_to=LISTENS_TO, files_store="s3", **where) as face:
        await tell_of(face, (ACME, ZETA), into=(STUDIES.collection, SITES.collection))
        yield face
    patch.undo()


async def draft(face: Face) -> str:
    """The path of a draft that waits for its file."""
    about = {**DAY, "study_id": ACME.study_id, "type_id": "008", "title": "The plan"}
    made = (await face.post("/v1/documents", about)).json()["document_id"]
    assert (await face.post(f"/v1/documents/{made}/versions", {**DAY, "version": "1.0"})).is_success
    return f"/v1/documents/{made}/versions/1.0"


def objects(bucket: Store) -> set[str]:
    return {one for one in bucket.objects() if not one.endswith(".probe")}


async def test_a_file_goes_to_the_object_store_under_its_owner_and_comes_back(face: Face, bucket: Store) -> None:
    path, content = await draft(face), pdf("Kept elsewhere")
    sent = await face.upload(f"{path}/file", content, PDF, filename="plan.pdf", **DAY)
    assert sent.status_code == 200, sent.text
    file_id = sent.json()["versions"][0]["files"][0]["file_id"]
    assert f"regulatory/{sponsor_id(ACME.sponsor)}/{ACME.study_id}/{file_id}" in objects(bucket)
    assert (await face.get(f"{path}/file")).content == content
    rival = face.acting("sponsor", ZETA.sponsor)
    assert (await rival.get(f"{path}/file")).status_code == 404


async def test_a_command_that_is_refused_after_its_upload_leaves_nothing_that_can_be_read(face: Face) -> None:
    path = await draft(face)
    await face.post(f"{path}/withdraw", {**DAY, "reason": "Superfluous."})
    assert (await face.upload(f"{path}/file", pdf("Late"), PDF, filename="plan.pdf", **DAY)).status_code == 409
    assert (await face.get(f"{path}/file")).status_code == 404


async def test_while_the_store_fails_files_are_turned_away_by_a_503_and_the_rest_goes_on(
    face: Face, bucket: Store
) -> None:
    path, content = await draft(face), pdf("Soon")
    key = "0b2f6c1e-6f0c-4b63-9d2b-6a6f0f6b9e10"
    kept = objects(bucket)
    with bucket.failing(lambda _: "500"):
        turned_away = await face.upload(f"{path}/file", content, PDF, filename="plan.pdf", key=key, **DAY)
        assert (turned_away.status_code, "retry-after" in turned_away.headers) == (503, True)
        health = await face.get("/health/ready")
        assert (health.status_code, health.json()["status"]) == (200, "degraded")
        assert (await face.get(path.partition("/versions")[0])).json()["versions"][0]["files"] == []
        await draft(face)
    assert objects(bucket) == kept
    again = await face.upload(f"{path}/file", content, PDF, filename="plan.pdf", key=key, **DAY)
    assert again.status_code == 200, again.text
    with bucket.failing(lambda _: "gone"):
        away = await face.get(f"{path}/file")
    assert (away.status_code, away.json()["type"]) == (503, "/problems/unavailable")
    assert (await face.get(f"{path}/file")).content == content


async def test_a_file_that_somebody_changed_in_the_store_is_not_handed_out(face: Face, bucket: Store) -> None:
    path, content = await draft(face), pdf("Signed")
    sent = await face.upload(f"{path}/file", content, PDF, filename="plan.pdf", **DAY)
    file_id = sent.json()["versions"][0]["files"][0]["file_id"]
    key = f"regulatory/{sponsor_id(ACME.sponsor)}/{ACME.study_id}/{file_id}"
    bucket.client.put_object(Bucket=BUCKET, Key=key, Body=content[:-1] + b"!")
    answer = await face.get(f"{path}/file")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/file_damaged")
