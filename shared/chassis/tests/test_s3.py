"""Files in an object store that fails: nothing half is ever shown, nothing kept is lost, and health tells of it."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from typing import Any

import httpx
import pytest
from chassis.files import s3
from chassis.files.arriving import Arrived
from chassis.files.blobs import BlobsAway, GridFsBlobs
from chassis.files.keeping import keeping
from chassis.files.s3 import PART_BYTES, S3Blobs
from chassis.files.store import FileDamaged, Files, ensure_files
from chassis.files.sweeping import Sweeper
from chassis.health import Health
from chassis.journal import Owner
from chassis.mongo import Database
from chassis.scope import Scope
from fastapi import FastAPI
from object_store import BUCKET, Fault, Request, Store
from pydantic import SecretStr

ACME = Owner("acme", "s1")
PARTS = 3
LARGE = bytes(range(256)) * (PART_BYTES * PARTS // 256)
KEY = "acme/s1/f1"


@pytest.fixture(autouse=True)
def forget(bucket: Store) -> None:
    """Requests are counted from here on."""
    bucket.requests.clear()


@pytest.fixture
def blobs(bucket: Store, database: Database) -> S3Blobs:
    return S3Blobs(bucket.where, database.name)


@pytest.fixture
async def files(database: Database, blobs: S3Blobs) -> Files:
    await ensure_files(database)
    return Files(database, {"gridfs": GridFsBlobs(database), "s3": blobs}, "s3")


async def parts(content: bytes = LARGE) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 261_120):
        yield content[start : start + 261_120]


def arrived(content: bytes) -> Arrived:
    return Arrived(io.BytesIO(content), hashlib.sha256(content).hexdigest(), len(content))


async def whole(files: Files, file_id: str, content: bytes) -> bytes:
    told = arrived(content)
    return b"".join([part async for part in files.read(file_id, told.sha256, told.size_bytes)])


def completing(request: Request) -> bool:
    return request[0] == "POST" and "uploadId" in request[2]


async def test_a_file_of_several_parts_comes_back_as_it_was(bucket: Store, files: Files) -> None:
    file_id = await files.keep(ACME, arrived(LARGE))
    assert await whole(files, file_id, LARGE) == LARGE
    span = [part async for part in files.read_part(file_id, PART_BYTES - 10, 20)]
    assert b"".join(span) == LARGE[PART_BYTES - 10 : PART_BYTES + 10]
    assert len([one for one in bucket.requests if "partNumber" in one[2]]) == PARTS


async def test_an_owners_files_lie_together_under_the_services_name(bucket: Store, files: Files) -> None:
    file_id = await files.keep(ACME, arrived(b"text"))
    assert f"{files.database.name}/acme/s1/{file_id}" in bucket.objects()


async def test_what_fails_once_is_sent_again_and_nobody_notices(bucket: Store, files: Files) -> None:
    failed: list[Request] = []

    def once(request: Request) -> Fault | None:
        if request[2].get("partNumber") == ["2"] and not failed:
            failed.append(request)
            return "500"
        return None

    with bucket.failing(once):
        file_id = await files.keep(ACME, arrived(LARGE))
    assert await whole(files, file_id, LARGE) == LARGE
    assert failed


@pytest.mark.parametrize("fault", ["500", "gone"])
async def test_a_server_that_fails_in_mid_upload_leaves_nothing(
    bucket: Store, blobs: S3Blobs, fault: Fault, database: Database
) -> None:
    with (
        bucket.failing(lambda request: fault if request[2].get("partNumber") == ["2"] else None),
        pytest.raises(BlobsAway),
    ):
        await blobs.put(KEY, parts())
    assert bucket.hidden() == []
    assert not any(one.startswith(database.name) for one in bucket.objects())


async def test_an_upload_whose_end_is_not_acknowledged_is_not_kept_and_can_be_sent_again(
    bucket: Store, files: Files
) -> None:
    with bucket.failing(lambda request: "500" if completing(request) else None), pytest.raises(BlobsAway):
        await files.keep(ACME, arrived(LARGE))
    [left] = await files.database.collection("files").find(Scope.everything(), {})
    assert left["status"] == "arriving"
    file_id = await files.keep(ACME, arrived(LARGE))
    assert file_id != left["_id"]
    assert await whole(files, file_id, LARGE) == LARGE


async def test_a_caller_who_goes_away_in_mid_upload_leaves_nothing(bucket: Store, blobs: S3Blobs) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield bytes(261_120)
            if any("partNumber" in one[2] for one in bucket.requests):
                begun.set()
            await asyncio.sleep(0)

    sending = asyncio.create_task(blobs.put(KEY, endless()))
    await begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert bucket.hidden() == []


async def test_content_that_breaks_off_leaves_nothing(bucket: Store, blobs: S3Blobs) -> None:
    async def broken() -> AsyncIterator[bytes]:
        async for part in parts():
            yield part
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await blobs.put(KEY, broken())
    assert bucket.hidden() == []


async def test_an_object_that_somebody_changed_is_not_handed_out_whole(bucket: Store, files: Files) -> None:
    file_id = await files.keep(ACME, arrived(LARGE))
    key = f"{files.database.name}/acme/s1/{file_id}"
    bucket.client.put_object(Bucket=BUCKET, Key=key, Body=LARGE[:-1] + b"x")
    received: list[bytes] = []
    with pytest.raises(FileDamaged):
        received.extend([part async for part in files.read(file_id, arrived(LARGE).sha256, len(LARGE))])
    assert received == []


@pytest.mark.parametrize("left", [b"", b"sho"])
async def test_an_object_that_is_gone_or_cut_is_told_as_damaged(bucket: Store, files: Files, left: bytes) -> None:
    file_id = await files.keep(ACME, arrived(b"shortened"))
    key = f"{files.database.name}/acme/s1/{file_id}"
    bucket.client.delete_object(Bucket=BUCKET, Key=key)
    if left:
        bucket.client.put_object(Bucket=BUCKET, Key=key, Body=left)
    with pytest.raises(FileDamaged):
        await whole(files, file_id, b"shortened")


async def test_what_was_kept_in_the_database_stays_readable_and_is_swept_there(files: Files) -> None:
    before = replace(files, store="gridfs")
    file_id = await before.keep(ACME, arrived(b"from before"))
    rows = files.database.collection("files")
    assert await whole(files, file_id, b"from before") == b"from before"
    # Rows from before there were two stores say neither which nor under which key.
    await files.stores["gridfs"].put(file_id, parts(b"from before"))
    await rows.update({"_id": file_id}, {"$unset": {"store": "", "key": ""}})
    assert await whole(files, file_id, b"from before") == b"from before"


async def test_a_file_in_a_store_that_is_no_longer_set_up_is_away_and_not_swept(files: Files, bucket: Store) -> None:
    file_id = await files.keep(ACME, arrived(b"text"))
    without = Files(files.database, {"gridfs": files.stores["gridfs"]})
    with pytest.raises(BlobsAway, match="not set up: s3"):
        await whole(without, file_id, b"text")
    await files.database.collection("files").update({}, {"$set": {"touched_at": None}})
    assert await without.sweep(nobody) == 0
    assert f"{files.database.name}/acme/s1/{file_id}" in bucket.objects()


async def nobody(_: Collection[str]) -> set[str]:
    return set()


@pytest.mark.parametrize(
    ("mistake", "told"),
    [
        ({"secret_access_key": SecretStr("wrong")}, "the object store refuses the credentials, or what they ask for"),
        ({"bucket": "another-bucket"}, "the object store has no such bucket, or it was emptied"),
        ({"endpoint": "http://127.0.0.1:9"}, "the object store does not answer as it should"),
    ],
)
async def test_a_place_that_cannot_be_used_is_told_by_its_reason(
    bucket: Store, database: Database, mistake: dict[str, Any], told: str
) -> None:
    where = replace(bucket.where, **mistake)
    blobs = S3Blobs(where, database.name)
    for act in (blobs.reach(), blobs.put(KEY, parts(b"text"))):
        with pytest.raises(BlobsAway) as away:
            await act
        assert away.value.reason == told
        assert where.secret_access_key.get_secret_value() not in f"{away.value} {away.value.detail}"


async def test_a_store_that_is_silent_for_too_long_is_away(
    bucket: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "RETRIES", 0)
    monkeypatch.setattr(s3, "SILENCE_SECONDS", 0.1)
    blobs = S3Blobs(bucket.where, database.name)
    with bucket.failing(lambda _: "slow"):
        for act in (blobs.put(KEY, parts(b"text")), blobs.check(), blobs.remove(KEY), anext(blobs.read(KEY, 0, 4))):
            with pytest.raises(BlobsAway):
                await act


async def test_the_environments_own_credentials_do_not_count(
    bucket: Store, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_BUCKET", "AWS_REGION"):
        monkeypatch.setenv(name, "another")
    monkeypatch.setenv("AWS_SKIP_SIGNATURE", "true")
    await S3Blobs(bucket.where, database.name).reach()


async def ready(health: Health) -> tuple[int, str, dict[str, object]]:
    app = FastAPI()
    app.include_router(health.router())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/health/ready")
    return answer.status_code, answer.json()["status"], answer.json()["checks"]


async def test_a_service_is_ready_once_every_store_was_reached_and_an_outage_later_is_only_told(
    bucket: Store, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "RETRIES", 0)
    away, health = {"is": True}, Health()
    sound = replace(files, stores={"s3": S3Blobs(bucket.where, files.database.name)})
    with bucket.failing(lambda _: "500" if away["is"] else None):
        async with keeping(Sweeper(files.database, sound, nobody, None), health):
            status, told, checks = await ready(health)
            assert (status, told) == (503, "not_ready")
            assert checks["files"] == {"ok": False, "detail": "the object store does not answer as it should"}
            away["is"] = False
            async with asyncio.timeout(30):
                while (await ready(health))[0] == 503:  # noqa: ASYNC110 - what is waited for is an answer
                    await asyncio.sleep(0.05)
            assert (await ready(health))[1] == "ready"
            away["is"] = True
            assert (await ready(health))[:2] == (200, "degraded")
