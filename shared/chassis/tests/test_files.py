"""A file is stored once for each owner, comes back as it was, and goes when nobody holds it: in either store."""

import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from datetime import timedelta

import httpx
import pytest
from chassis import clock
from chassis.files.arriving import Arrived
from chassis.files.blobs import GridFsBlobs
from chassis.files.s3 import S3Blobs
from chassis.files.store import FILES, FileDamaged, Files, ensure_files
from chassis.files.sweeping import Sweeper, sweeping
from chassis.http import uploads
from chassis.http.uploads import Download, handed_out, upload
from chassis.journal import Owner
from chassis.mongo import Database
from chassis.problems import install
from chassis.scope import Scope
from chassis.settings import FileStore
from fastapi import FastAPI, Request, Response
from known_files import pdf
from object_store import Store

ACME, ZETA = Owner("acme", "s1"), Owner("zeta", "s2")
LIMIT = 600_000
LARGE = bytes(range(256)) * 2_100


BOTH: tuple[FileStore, ...] = ("gridfs", "s3")
Counted = Callable[[], Awaitable[int]]


@pytest.fixture(params=BOTH)
async def files(database: Database, bucket: Store, request: pytest.FixtureRequest) -> Files:
    await ensure_files(database)
    return Files(database, {"gridfs": GridFsBlobs(database), "s3": S3Blobs(bucket.where, database.name)}, request.param)


@pytest.fixture
def contents(files: Files, bucket: Store) -> Counted:
    """How many contents there are, whole or in parts; each is small."""

    async def counted() -> int:
        objects = {*bucket.objects(), *bucket.hidden()}
        in_bucket = sum(one.startswith(files.database.name) for one in objects)
        in_database = await files.database.collection("blobs.chunks").count(Scope.everything(), {})
        assert (in_bucket, in_database)[files.store == "s3"] == 0
        return in_bucket + in_database

    return counted


def arrived(content: bytes) -> Arrived:
    return Arrived(io.BytesIO(content), hashlib.sha256(content).hexdigest(), len(content))


async def whole(files: Files, file_id: str, content: bytes) -> bytes:
    told = arrived(content)
    return b"".join([part async for part in files.read(file_id, told.sha256, told.size_bytes)])


async def rows(files: Files) -> set[str]:
    return {row["_id"] for row in await files.database.collection(FILES).find(Scope.everything(), {})}


async def age(files: Files, *ids: str, status: str | None = None) -> None:
    """Let nobody have touched these for more than a day."""
    old = {"touched_at": clock.now() - timedelta(days=1, seconds=1), **({"status": status} if status else {})}
    await files.database.collection(FILES).update({"_id": {"$in": list(ids)}}, {"$set": old})


async def nobody(_: Collection[str]) -> set[str]:
    return set()


async def test_a_file_of_several_chunks_comes_back_as_it_was(files: Files) -> None:
    file_id = await files.keep(ACME, arrived(LARGE))
    assert await whole(files, file_id, LARGE) == LARGE
    assert b"".join([part async for part in files.read_part(file_id, 261_000, 1_000)]) == LARGE[261_000:262_000]


async def test_the_same_content_is_stored_once_for_an_owner_and_again_for_another(
    files: Files, contents: Counted
) -> None:
    first, again, other = [await files.keep(owner, arrived(b"text")) for owner in (ACME, ACME, ZETA)]
    assert first == again != other
    assert (await rows(files), await contents()) == ({first, other}, 2)


async def test_what_is_damaged_is_not_handed_out_whole(files: Files) -> None:
    file_id = await files.keep(ACME, arrived(LARGE))
    changed = LARGE[:-1] + b"x"
    parts: list[bytes] = []
    with pytest.raises(FileDamaged):
        parts.extend([part async for part in files.read(file_id, arrived(changed).sha256, len(LARGE))])
    assert parts == []


async def test_the_sweep_removes_what_nobody_has_held_or_touched_for_a_day(files: Files, contents: Counted) -> None:
    held, orphan, fresh = [await files.keep(ACME, arrived(text)) for text in (b"held", b"orphan", b"fresh")]
    await age(files, held, orphan)

    async def holds(ids: Collection[str]) -> set[str]:
        return {held} & {*ids}

    assert await files.sweep(holds) == 1
    assert (await rows(files), await contents()) == ({held, fresh}, 2)
    assert await files.sweep(holds) == 0


async def test_who_stores_the_same_again_keeps_it_from_the_sweep(files: Files) -> None:
    file_id = await files.keep(ACME, arrived(b"text"))
    await age(files, file_id)

    async def stored_again_meanwhile(_: Collection[str]) -> set[str]:
        assert await files.keep(ACME, arrived(b"text")) == file_id
        return set()

    assert await files.sweep(stored_again_meanwhile) == 0
    assert await whole(files, file_id, b"text") == b"text"


async def test_a_file_that_is_leaving_is_not_relied_on_and_stored_anew(files: Files) -> None:
    file_id = await files.keep(ACME, arrived(b"text"))
    await age(files, file_id, status="leaving")
    anew = await files.keep(ACME, arrived(b"text"))
    assert anew != file_id
    assert await files.sweep(nobody) == 1
    assert await whole(files, anew, b"text") == b"text"


async def test_what_a_crash_left_behind_is_swept(files: Files, contents: Counted) -> None:
    class Broken(Arrived):
        async def parts(self) -> AsyncIterator[bytes]:
            yield LARGE
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await files.keep(ACME, Broken(io.BytesIO(), "0" * 64, 1))
    [left] = await rows(files)
    await age(files, left)
    assert await files.sweep(nobody) == 1
    assert (await rows(files), await contents()) == (set(), 0)


async def test_the_sweeper_sweeps_when_it_begins(files: Files) -> None:
    await age(files, await files.keep(ACME, arrived(b"text")))
    async with sweeping(Sweeper(files.database, files, nobody, None)):
        while await rows(files):
            await clock_tick()


async def clock_tick() -> None:
    from asyncio import sleep  # noqa: PLC0415

    await sleep(0.02)


def service(files: Files) -> httpx.AsyncClient:
    app = FastAPI()
    install(app, {})
    stored: dict[str, Download] = {}

    @app.post("/files")
    async def take(request: Request, filename: str) -> str:  # pyright: ignore[reportUnusedFunction]
        async with upload(request, filename, LIMIT) as (file, kind):
            file_id = await files.keep(ACME, file)
        stored["it"] = Download(file_id, file.sha256, file.size_bytes, kind.media_type, filename)
        return file_id

    @app.get("/file")
    async def give(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        return await handed_out(files, stored["it"], request)

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


PDF = {"Content-Type": "application/pdf"}


async def test_a_file_is_taken_and_handed_out_as_an_attachment_under_its_hash(files: Files) -> None:
    content = pdf("Protocol")
    async with service(files) as client:
        assert (await client.post("/files?filename=Prüfplan 1.pdf", content=content, headers=PDF)).status_code == 200
        answer = await client.get("/file")
        tag = answer.headers["etag"]
        assert (answer.content, tag) == (content, f'"{hashlib.sha256(content).hexdigest()}"')
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Pr%C3%BCfplan%201.pdf"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert (await client.get("/file", headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ({"Range": "bytes=5-9"}, 206, slice(5, 10)),
        ({"Range": "bytes=5-"}, 206, slice(5, None)),
        ({"Range": "bytes=5-9", "If-Range": '"other"'}, 200, slice(None)),
        ({"Range": "bytes=-5"}, 200, slice(None)),
        ({"Range": "bytes=1-2,4-5"}, 200, slice(None)),
    ],
)
async def test_one_range_is_handed_out_alone(files: Files, asked: dict[str, str], status: int, span: slice) -> None:
    content = pdf("Protocol")
    async with service(files) as client:
        await client.post("/files?filename=a.pdf", content=content, headers=PDF)
        answer = await client.get("/file", headers=asked)
        assert (answer.status_code, answer.content) == (status, content[span])
        beyond = await client.get("/file", headers={"Range": "bytes=999999-"})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(content)}")


@pytest.mark.parametrize("is_announced", [True, False])
async def test_what_is_too_large_is_refused_before_it_is_kept(files: Files, is_announced: bool) -> None:  # noqa: FBT001
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(7):
            yield b"%PDF-" + b"0" * 100_000

    content = b"0" * (LIMIT + 1) if is_announced else parts()
    async with service(files) as client:
        answer = await client.post("/files?filename=a.pdf", content=content, headers=PDF)
    assert (answer.status_code, answer.json()["limit_bytes"]) == (413, LIMIT)
    assert await rows(files) == set()


async def test_only_so_many_files_come_in_at_a_time(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "UPLOADS_MAX", 0)
    async with service(files) as client:
        answer = await client.post("/files?filename=a.pdf", content=pdf(), headers=PDF)
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


@pytest.mark.parametrize(("content", "status"), [(b"", 422), (b"MZ", 415)])
async def test_what_is_not_taken_leaves_nothing_behind(
    files: Files, content: bytes, status: int, contents: Counted
) -> None:
    async with service(files) as client:
        assert (await client.post("/files?filename=a.pdf", content=content, headers=PDF)).status_code == status
    assert (await rows(files), await contents()) == (set(), 0)
