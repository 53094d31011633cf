"""The client against a real socket that answers what a test lays down."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from client import Addresses, ApiProblem, Studyline, Unreachable
from client.adoption import SponsorName, StudyRecord

pytestmark = pytest.mark.asyncio

STUDY = StudyRecord(
    key="NCT00000001",
    sponsor=SponsorName(name="Acme"),
    protocol_number="A-1",
    title="A study",
    phase=None,
    status="unknown",
)
ADOPTED = {"results": [{"index": 0, "key": "NCT00000001", "outcome": "adopted", "id": "s-1"}]}


def answer(status: str, body: object = None, **headers: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    fields = {"Content-Length": str(len(content)), "Connection": "close", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


@asynccontextmanager
async def a_service(*answers: bytes) -> AsyncGenerator[tuple[str, list[str]], None]:
    """Give a base address and the heads of requests that came; answers go out in turn, b"" hangs up."""
    waiting, heads = list(answers), list[str]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head)
        await reader.readexactly(int(header(head, "content-length") or 0))
        writer.write(waiting.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", heads
    finally:
        server.close()
        await server.wait_closed()


def at(url: str, patience_seconds: float = 20.0) -> Studyline:
    addresses = Addresses(sites=url, monitoring=url, regulatory=url, reporting=url)
    return Studyline(addresses, "t0ken", patience_seconds=patience_seconds)


def header(head: str, name: str) -> str | None:
    fields = (line.partition(": ") for line in head.split("\r\n"))
    return next((value for key, _, value in fields if key.lower() == name), None)


async def adopt(url: str) -> Sequence[str]:
    async with at(url) as studyline:
        return [result.outcome for result in await studyline.sites.adopt_studies("test", [STUDY])]


async def test_a_lost_connection_and_a_busy_service_are_met_with_the_same_idempotency_key() -> None:
    busy = answer("503 Service Unavailable", Retry_After="0")
    async with a_service(b"", busy, answer("200 OK", ADOPTED)) as (url, heads):
        assert await adopt(url) == ["adopted"]
    keys = {header(head, "idempotency-key") for head in heads}
    assert len(heads) == 3
    assert len(keys) == 1
    assert None not in keys


async def test_two_commands_carry_two_keys_and_the_token() -> None:
    async with a_service(answer("200 OK", ADOPTED), answer("200 OK", ADOPTED)) as (url, heads):
        await adopt(url)
        await adopt(url)
    assert header(heads[0], "idempotency-key") != header(heads[1], "idempotency-key")
    assert header(heads[0], "authorization") == "Bearer t0ken"


async def test_a_refusal_is_an_exception_with_its_reasons_and_is_not_repeated() -> None:
    problem = {
        "type": "/problems/refused",
        "title": "Refused by a rule",
        "status": 409,
        "detail": "No approval.",
        "reasons": [{"code": "no_approval", "detail": "No approval."}],
    }
    async with a_service(answer("409 Conflict", problem)) as (url, heads), at(url) as studyline:
        with pytest.raises(ApiProblem) as caught:
            await studyline.sites.command("/v1/sites/1/activate", {})
    assert (caught.value.status, caught.value.code) == (409, "refused")
    assert caught.value.document.reasons[0]["code"] == "no_approval"
    assert len(heads) == 1


async def test_a_file_is_the_body_and_what_is_told_of_it_stands_in_the_query() -> None:
    async with a_service(answer("200 OK", {"version": 2})) as (url, heads), at(url) as studyline:
        told = {"filename": "plan 1.pdf", "label": "1.0"}
        taken = await studyline.regulatory.upload("/v1/documents/d/file", b"%PDF", "application/pdf", told, key="k-1")
    assert taken == {"version": 2}
    assert heads[0].startswith("POST /v1/documents/d/file?filename=plan+1.pdf&label=1.0 HTTP")
    assert (header(heads[0], "content-type"), header(heads[0], "idempotency-key")) == ("application/pdf", "k-1")


async def test_a_redirect_is_not_followed() -> None:
    moved = answer("302 Found", Location="http://127.0.0.1:1/elsewhere")
    async with a_service(moved) as (url, _), at(url) as studyline:
        with pytest.raises(ApiProblem, match="Found"):
            await studyline.reporting.study("s-1")


async def test_a_list_is_read_page_by_page_with_its_filters() -> None:
    entry = {
        "type": "x",
        "kind": "x",
        "study_id": "s",
        "recorded_at": "2026-01-01T00:00:00Z",
        "provenance": "x",
    }
    first = answer("200 OK", {"items": [{"event_id": "1", **entry}], "next": "c=1&"})
    last = answer("200 OK", {"items": [{"event_id": "2", "added_later": 1, **entry}], "next": None})
    async with a_service(first, last) as (url, heads), at(url) as studyline:
        found = [each.event_id async for each in studyline.reporting.timeline(study="s")]
    assert found == ["1", "2"]
    assert heads[0].startswith("GET /v1/timeline?limit=1000&study=s HTTP")
    assert "cursor=c%3D1%26" in heads[1]


async def test_the_stream_of_the_timeline_skips_keep_alives() -> None:
    entry = {
        "event_id": "9",
        "type": "x",
        "kind": "x",
        "study_id": "s",
        "recorded_at": "now",
        "provenance": "x",
    }
    body = f": still here\n\nid: 9\ndata: {json.dumps(entry)}\n\n".encode()
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + body
    async with a_service(stream) as (url, heads), at(url) as studyline:
        found = [each.event_id async for each in studyline.reporting.timeline_stream(last_event_id="8")]
    assert found == ["9"]
    assert header(heads[0], "last-event-id") == "8"


async def test_a_service_that_stays_away_is_named_when_patience_ends() -> None:
    async with a_service() as (url, _):
        pass
    async with at(url, patience_seconds=0.3) as studyline:
        with pytest.raises(Unreachable, match=f"The service at {url} does not answer"):
            await studyline.reporting.study("s-1")
