"""Every error is a problem document that says what is wrong, what was expected, and no internals."""

from collections.abc import AsyncIterator
from typing import Any, Literal

import httpx
import pytest
from chassis import problems
from chassis.problems import FieldError, Problem, Unavailable
from fastapi import FastAPI, HTTPException
from kernel import Reason, Refused
from pydantic import BaseModel, ConfigDict, Field, field_validator


class Milestone(BaseModel):
    """A part of a body."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["study_start", "study_completion"]
    days: int = Field(ge=1)


class Body(BaseModel):
    """A body with a rule of its own."""

    model_config = ConfigDict(extra="forbid")

    title: str
    milestones: list[Milestone] = []

    @field_validator("title")
    @classmethod
    def must_not_shout(cls, title: str) -> str:
        if title.isupper():
            raise ValueError("must not be in capitals only")
        return title


class VersionMoved(Exception):  # noqa: N818 - as a service names its own
    """An exception of a service."""


RAISED: dict[str, Exception] = {
    "refused": Refused(
        Reason(code="no_ethics", detail="Ethics approval is missing.", field="site_id"),
        Reason(code="no_visit", detail="The initiation visit is missing."),
    ),
    "away": Unavailable("The database does not answer.", retry_after_seconds=7),
    "teapot": HTTPException(418, headers={"X-Pot": "1"}),
    "moved": VersionMoved(),
    "missing": problems.not_found("study", "s1"),
    "stale": problems.stale(8),
    "reused": problems.key_reused(),
    "fields": Problem(400, "bad", "Bad.", errors=[FieldError("limit", "is odd", "an even number", "query")], more=1),
}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    problems.install(app, {VersionMoved: lambda _: problems.stale(9)})

    @app.get("/raise/{name}")
    async def fail(name: str) -> None:  # pyright: ignore[reportUnusedFunction]
        raise RAISED[name]

    @app.post("/bodies/{number}")
    async def create(number: int, body: Body) -> str:  # pyright: ignore[reportUnusedFunction]
        return f"{number} {body.title}"

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        yield client


async def document(client: httpx.AsyncClient, name: str, status: int) -> dict[str, Any]:
    answer = await client.get(f"/raise/{name}")
    assert answer.status_code == status == answer.json()["status"]
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


async def errors(client: httpx.AsyncClient, path: str, **request: Any) -> dict[str, dict[str, str]]:
    answer = await client.post(path, **request)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    return {error["field"]: error for error in answer.json()["errors"]}


async def test_a_refusal_names_every_reason_at_once(client: httpx.AsyncClient) -> None:
    found = await document(client, "refused", 409)
    assert found["type"] == "/problems/refused"
    assert found["detail"] == "Ethics approval is missing. The initiation visit is missing."
    assert found["reasons"] == [
        {"code": "no_ethics", "detail": "Ethics approval is missing.", "field": "site_id"},
        {"code": "no_visit", "detail": "The initiation visit is missing."},
    ]


async def test_an_outage_says_when_to_come_back(client: httpx.AsyncClient) -> None:
    answer = await client.get("/raise/away")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert answer.json()["type"] == "/problems/unavailable"


async def test_a_services_own_exception_becomes_its_problem(client: httpx.AsyncClient) -> None:
    assert (await document(client, "moved", 412))["current_version"] == 9


@pytest.mark.parametrize(
    ("name", "status", "type_"),
    [
        ("missing", 404, "/problems/not_found"),
        ("stale", 412, "/problems/stale"),
        ("reused", 422, "/problems/idempotency_key_reused"),
        ("teapot", 418, "/problems/i'm_a_teapot"),
    ],
)
async def test_known_answers_keep_their_type(client: httpx.AsyncClient, name: str, status: int, type_: str) -> None:
    assert (await document(client, name, status))["type"] == type_


async def test_fields_and_further_members_are_told(client: httpx.AsyncClient) -> None:
    found = await document(client, "fields", 400)
    assert found["errors"] == [{"in": "query", "field": "limit", "detail": "is odd", "expected": "an even number"}]
    assert found["more"] == 1


async def test_an_unknown_path_and_a_wrong_method_are_problems(client: httpx.AsyncClient) -> None:
    unknown, wrong = await client.get("/nowhere"), await client.delete("/bodies/1")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/not_found")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")


async def test_every_wrong_field_is_named_with_what_was_expected(client: httpx.AsyncClient) -> None:
    body = {"title": "LOUD", "status": "open", "milestones": [{"kind": "party", "days": 0}, {"days": "x"}]}
    found = await errors(client, "/bodies/one", json=body)
    assert found["number"]["in"] == "path"
    assert found["title"]["detail"] == "must not be in capitals only"
    assert found["status"]["expected"] == "only documented fields"
    assert found["milestones.0.kind"]["expected"] == "'study_start' or 'study_completion'"
    assert found["milestones.0.days"]["expected"] == "greater than or equal to 1"
    assert found["milestones.1.kind"]["detail"] == "is missing"
    assert found["milestones.1.days"]["expected"].startswith("a valid integer")


@pytest.mark.parametrize("text", ["{", '{"title": tru}', "\x00"])
async def test_a_body_that_is_not_json_is_told_where(client: httpx.AsyncClient, text: str) -> None:
    found = await errors(client, "/bodies/1", content=text, headers={"Content-Type": "application/json"})
    assert "is not JSON (at character" in found["body"]["detail"]


async def test_what_the_caller_sent_is_not_repeated(client: httpx.AsyncClient) -> None:
    answer = await client.post("/bodies/1", json={"title": {"secret": "canary"}, "milestones": "canary"})
    assert answer.status_code == 422
    assert "canary" not in answer.text


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"title": ' + b"9" * 5_000 + b"}", b"[" * 500])
async def test_odd_bodies_are_the_callers_fault(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/bodies/1", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
