"""What stands before every route: ids, limits, hardened answers; and the headers that commands need."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from chassis import problems
from chassis.http.requests import (
    BodyGuard,
    CrashGuard,
    RequestContext,
    etag,
    fingerprint,
    idempotency_key,
    if_match,
    is_deeper_than,
    is_unicode,
)
from chassis.metrics import Metrics
from fastapi import Depends, FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, StreamingResponse

JSON = {"Content-Type": "application/json"}
LIMIT_BYTES = 1_000
METRICS = Metrics()


def app() -> FastAPI:
    app = FastAPI(
        middleware=[
            Middleware(RequestContext, metrics=METRICS),
            Middleware(CrashGuard),
            Middleware(BodyGuard, limit_bytes=LIMIT_BYTES, limits={"/batch": 10 * LIMIT_BYTES}),
        ]
    )
    problems.install(app, {})

    @app.post("/echo")
    @app.post("/batch")
    async def echo(request: Request) -> int:  # pyright: ignore[reportUnusedFunction]
        return len(await request.body())

    @app.post("/command")
    async def command(  # pyright: ignore[reportUnusedFunction]
        key: Annotated[str, Depends(idempotency_key)], version: Annotated[int | None, Depends(if_match)]
    ) -> tuple[str, int | None]:
        return key, version

    @app.get("/crash")
    async def crash() -> None:  # pyright: ignore[reportUnusedFunction]
        raise KeyError("subject Ada")

    @app.get("/late-crash")
    async def crash_late() -> StreamingResponse:  # pyright: ignore[reportUnusedFunction]
        async def stream() -> AsyncIterator[str]:
            yield "begun"
            raise KeyError("subject Ada")

        return StreamingResponse(stream())

    @app.get("/page")
    async def page() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse("hi", headers={"Content-Security-Policy": "default-src 'self'"})

    return app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app()), base_url="http://service") as client:
        yield client


async def chunks(total_bytes: int) -> AsyncIterator[bytes]:
    for _ in range(total_bytes // 100):
        yield b"x" * 100


async def test_a_sane_request_id_is_kept_and_another_is_replaced(client: httpx.AsyncClient) -> None:
    kept = await client.get("/page", headers={"X-Request-ID": "ticket-42"})
    assert kept.headers["x-request-id"] == "ticket-42"
    for odd in ("", "a b", "x" * 129, "<script>", "a\tb"):
        made = (await client.get("/page", headers={"X-Request-ID": odd})).headers["x-request-id"]
        assert made != odd
        assert len(made) == 36


async def test_a_crash_answers_a_problem_with_the_request_id_and_no_internals(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/crash", headers={"X-Request-ID": "r9"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["request_id"] == "r9"
    assert "Ada" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_crash_in_the_middle_of_an_answer_is_not_covered_up(client: httpx.AsyncClient) -> None:
    with pytest.raises(KeyError):
        await client.get("/late-crash")


async def test_answers_are_hardened_and_a_page_keeps_its_own_policy(client: httpx.AsyncClient) -> None:
    plain, page = await client.get("/nowhere"), await client.get("/page")
    assert plain.headers["content-security-policy"].startswith("default-src 'none'")
    assert plain.headers["cache-control"] == "no-store"
    assert page.headers["content-security-policy"] == "default-src 'self'"
    assert page.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("path", ["/echo", "/batch"])
async def test_a_body_up_to_the_limit_of_its_route_passes(client: httpx.AsyncClient, path: str) -> None:
    limit = LIMIT_BYTES if path == "/echo" else 10 * LIMIT_BYTES
    assert (await client.post(path, content=b"x" * limit)).json() == limit
    assert (await client.post(path, content=chunks(limit))).json() == limit
    for too_much in (b"x" * (limit + 1), chunks(limit + 100)):
        answer = await client.post(path, content=too_much)
        assert (answer.status_code, answer.json()["limit_bytes"]) == (413, limit)


async def test_an_announced_length_is_believed_before_the_body_is_read(client: httpx.AsyncClient) -> None:
    announced = {"Content-Length": "9" * 30}
    assert (await client.post("/echo", content=b"x", headers=announced)).status_code == 413


async def test_a_length_that_lies_helps_nobody(client: httpx.AsyncClient) -> None:
    for lie in ("0", "-5", "many"):
        answer = await client.post("/echo", content=b"x" * 2_000, headers={"Content-Length": lie})
        assert answer.status_code == 413


@pytest.mark.parametrize("text", [b"[" * 33 + b"]" * 33, b'{"a":' * 33 + b"1" + b"}" * 33, b"[" * 900])
async def test_deep_json_is_refused_before_it_is_parsed(client: httpx.AsyncClient, text: bytes) -> None:
    for headers in (JSON, {"Content-Type": "application/merge-patch+JSON"}, {}):
        answer = await client.post("/echo", content=text, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/too_deep")


@pytest.mark.parametrize(
    "text",
    [
        rb'"\ud800"',
        rb'"\uDC00\ud800"',
        rb'"\ud83d\ude00\ude00"',
        rb'"\\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'"\0"',
        '{"title": 1}'.encode("utf-16"),
        '{"title": 1}'.encode("utf-16-le"),
        '{"title": 1}'.encode("utf-32"),
    ],
)
async def test_text_that_is_not_unicode_is_refused(client: httpx.AsyncClient, text: bytes) -> None:
    answer = await client.post("/echo", content=text, headers=JSON)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/not_unicode")


@given(st.text(), st.booleans())
def test_whole_characters_pass_however_they_are_escaped(text: str, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    assert is_unicode(json.dumps(text, ensure_ascii=ascii_only).encode())


async def test_brackets_inside_texts_do_not_count(client: httpx.AsyncClient) -> None:
    text = json.dumps({"note": "[" * 200 + '\\"{' * 50 + "\\"})
    assert (await client.post("/echo", content=text, headers=JSON)).status_code == 200


async def test_a_caller_who_leaves_while_sending_gets_no_route() -> None:
    sent: list[object] = []

    async def leave() -> dict[str, str]:
        return {"type": "http.disconnect"}

    async def record(message: object) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/echo", "headers": [], "query_string": b""}
    await app()(scope, leave, record)
    assert sent == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='[]{}"\\a,:n'),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[{"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=20,
)


def depth_of(value: object) -> int:
    match value:
        case dict():
            return 1 + max(map(depth_of, value.values()), default=0)  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType, reportUnknownVariableType]
        case list():
            return 1 + max(map(depth_of, value), default=0)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return 0


@given(JSON_VALUES, st.booleans())
def test_the_depth_is_counted_as_a_parser_would(value: object, ascii_only: bool) -> None:  # noqa: FBT001 - drawn
    text, depth = json.dumps(value, ensure_ascii=ascii_only).encode(), depth_of(value)
    assert not is_deeper_than(text, depth)
    assert depth == 0 or is_deeper_than(text, depth - 1)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_measured(text: bytes) -> None:
    assert is_deeper_than(text, 3) in {True, False}


async def test_a_command_needs_an_idempotency_key(client: httpx.AsyncClient) -> None:
    for key in (None, b"", b"a b", "é".encode(), b"x" * 256):
        headers = [] if key is None else [(b"Idempotency-Key", key)]
        answer = await client.post("/command", headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")
    assert (await client.post("/command", headers={"Idempotency-Key": "k" * 255})).json() == ["k" * 255, None]


@pytest.mark.parametrize("tag", ['"v7"', '"7"', etag(7)])
async def test_if_match_names_a_version(client: httpx.AsyncClient, tag: str) -> None:
    answer = await client.post("/command", headers={"Idempotency-Key": "k", "If-Match": tag})
    assert answer.json() == ["k", 7]


@pytest.mark.parametrize("tag", ["", "7", "*", 'W/"v7"', '"v7", "v8"', '"v"', '"v-1"', '"v\u0667"', f'"{"9" * 19}"'])
async def test_another_if_match_is_a_clear_400(client: httpx.AsyncClient, tag: str) -> None:
    answer = await client.post("/command", headers=[(b"Idempotency-Key", b"k"), (b"If-Match", tag.encode())])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "If-Match")


def test_a_fingerprint_tells_requests_apart() -> None:
    seen = {fingerprint(*request) for request in [("POST", "/a", b"1"), ("POST", "/a1", b""), ("PUT", "/a", b"1")]}
    assert len(seen) == 3
    assert fingerprint("post", "/a", b"1") == fingerprint("POST", "/a", b"1")
