"""Whatever is sent over HTTP: never a 5xx, always a problem that says what was wrong, never another sponsor's byte.

Requests are made from each service's own OpenAPI document (schemathesis) and from a list of attacks on parsers, queries
and limits. `STUDYLINE_EXAMPLES` sets how many are made for each operation.
"""

import json
import os
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import schemathesis
from chassis import clock
from hypothesis import HealthCheck, Phase, given, settings
from platform_user import User, eventually
from studyline.testing import Servers

OWNER, STRANGER = "Hostile Owner AG", "Hostile Stranger SE"
SECRET = "A title that no stranger may read"
SERVICES = ("sites", "regulatory", "monitoring", "reporting")
EXAMPLES = int(os.environ.get("STUDYLINE_EXAMPLES", "8"))
SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
UUID = "0b461f7d-7eed-534c-af0d-bec833ddc22f"
BODIES: dict[str, bytes] = {
    "no JSON": b"{",
    "nothing": b"",
    "null": b"null",
    "a number": b"17",
    "a list": b"[]",
    "an operator": b'{"$where": "sleep(1000)"}',
    "operators as values": b'{"study_id": {"$gt": ""}, "sponsor": {"$ne": null}, "occurred_at": {"$exists": true}}',
    "a prototype": b'{"__proto__": {"admin": true}, "constructor": {"prototype": {}}}',
    "unknown fields": b'{"occurred_at": "2026-01-01", "is_admin": true, "sponsor_id": "x", "version": 99}',
    "repeated names": b'{"occurred_at": "2026-01-01", "occurred_at": "1999-01-01"}',
    "NUL": b'{"occurred_at": "2026-01-01\\u0000", "title": "\\u0000"}',
    "a raw NUL": b'{"title": "\x00"}',
    "a lone surrogate": b'{"title": "\\ud800", "subject_key": "\\udfff"}',
    "no UTF-8": b'{"title": "\xff\xfe"}',
    "depth": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "lists in lists": b"[" * 50_000 + b"]" * 50_000,
    "a huge number": b'{"planned_enrolment": ' + b"9" * 4_000 + b"}",
    "an exponent": b'{"planned_enrolment": 1e400, "occurred_at": -1e400}',
    "NaN": b'{"planned_enrolment": NaN, "occurred_at": Infinity}',
    "a long text": b'{"title": "' + b"x" * 900_000 + b'"}',
    "more than is taken": b'{"title": "' + b"x" * 5_000_000 + b'"}',
    "many names": b"{" + b",".join(b'"f%d": 1' % number for number in range(20_000)) + b"}",
    "an impossible day": b'{"occurred_at": "2026-02-30"}',
    "an impossible month": b'{"occurred_at": "2026-13"}',
    "a year of five digits": b'{"occurred_at": "12026-01-01"}',
    "the last instant": b'{"occurred_at": "9999-12-31T23:59:59.999999+00:00"}',
    "an offset before time": b'{"occurred_at": "0001-01-01T00:00:00+14:00"}',
    "wrong types": b'{"occurred_at": 1767225600, "country": ["DE"], "study_id": true, "records": "none"}',
}
QUERIES = (
    "limit=0",
    "limit=1001",
    "limit=1e3",
    "limit=-1",
    "cursor=AAAA",
    "cursor=%00",
    "cursor=" + "A" * 5_000,
    "study[$ne]=x",
    "study=%7B%22$gt%22:%22%22%7D",
    "sponsor=" + "x" * 3_000,
    "from=2026-02-30",
    "from=%00",
    "to=tomorrow",
    "as_of=99999",
    "kind=$where",
    "q=.*(a+)+$",
    "q=%F0%9F%92%A9",
    "country=de",
    "order=sideways",
    "registry_id=NCT%27%20OR%201=1",
)


@pytest.fixture(scope="module")
async def attacked(stack: Servers) -> Servers:
    """A platform that holds something a stranger must not see."""
    operations = User(stack, "operations")
    about = {"protocol_number": "HOST-1", "title": SECRET, "countries": ["DE"], "occurred_at": "2026-01-01"}
    study = await operations.done("sites", "/studies", sponsor={"name": OWNER}, **about)

    async def told() -> list[dict[str, Any]]:
        return await operations.all("reporting", "/timeline", study=study["study_id"])

    assert await eventually(told, bool)
    return stack


def assert_harmless(status: int, media_type: str, text: str, what: object) -> None:
    """No failure of the service, a problem where something was wrong, nothing of the owner."""
    assert status < 500, (what, status, text[:500])
    assert status < 400 or media_type.startswith(("application/problem+json", "text/html")), (what, status, media_type)
    assert SECRET not in text, what
    assert OWNER not in text, what


def document_of(servers: Servers, service: str) -> Any:
    """A service's OpenAPI document; streams have no end and are tested elsewhere."""
    schema: Any = schemathesis.openapi.from_url(f"{getattr(servers.addresses, service)}/openapi.json")
    return schema.exclude(path_regex="(/stream$|^/health)")


@pytest.mark.parametrize("service", SERVICES)
def test_requests_made_from_the_services_own_document_do_no_harm(attacked: Servers, service: str) -> None:
    address = getattr(attacked.addresses, service)
    stranger = attacked.token("sponsor", [STRANGER])
    operations = attacked.token("operations")

    def attack(case: Any) -> None:
        for token in (stranger, operations):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": clock.new_id()}
            answer: Any = case.call(base_url=address, headers=headers, allow_redirects=False, timeout=20)
            if token == stranger:
                media_type = answer.headers.get("content-type", [""])[0]
                assert_harmless(answer.status_code, media_type, answer.text, case.as_curl_command())
            assert answer.status_code < 500, (case.as_curl_command(), answer.text[:500])

    operations_made: Any = document_of(attacked, service).get_all_operations()
    for result in operations_made:
        SETTINGS(given(case=result.ok().as_strategy())(attack))()


async def commands_of(user: User, service: str) -> list[str]:
    document = (await user.http.get(f"{getattr(user.addresses, service)}/openapi.json")).json()
    return [path for path, item in document["paths"].items() if "post" in item]


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("service", ["sites", "regulatory", "monitoring"])
async def test_a_hostile_body_is_refused_by_every_command(attacked: Servers, service: str, name: str) -> None:
    user = User(attacked, "operations")
    address = getattr(user.addresses, service)
    for path in await commands_of(user, service):
        target = f"{address}{path}".replace("{step}", "screen")
        for part in ("study_id", "site_id", "subject_id", "submission_id", "visit_id", "subject_visit_id"):
            target = target.replace(f"{{{part}}}", UUID)
        headers = {"Idempotency-Key": clock.new_id(), "Content-Type": "application/json"}
        answer = await user.http.post(target, content=BODIES[name], headers=headers)
        assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.text[:300])
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert json.loads(answer.text)["request_id"]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", ["/studies", "/timeline"])
async def test_a_hostile_query_finds_nothing_it_should_not(attacked: Servers, path: str, query: str) -> None:
    user = User(attacked, "sponsor", STRANGER)
    answer = await user.http.get(f"{user.addresses.reporting}/v1{path}?{query}")
    assert_harmless(answer.status_code, answer.headers["content-type"], answer.text, query)
    assert answer.status_code in {200, 400, 422}


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ", "a\tb"])
async def test_a_hostile_key_is_refused(attacked: Servers, key: str) -> None:
    user = User(attacked, "operations")
    headers = [(b"Idempotency-Key", key.encode())]
    answer = await user.http.post(f"{user.addresses.sites}/v1/studies", json={}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
async def test_a_method_nobody_offers_is_refused(attacked: Servers, method: str) -> None:
    user = User(attacked, "operations")
    answer = await user.http.request(method, f"{user.addresses.sites}/v1/studies")
    assert answer.status_code == 405


async def test_a_body_that_never_ends_does_not_take_the_service_with_it(attacked: Servers) -> None:
    user = User(attacked, "operations")

    async def endless() -> AsyncGenerator[bytes]:
        for _ in range(2_000):
            yield b" " * 65_536

    headers = {"Idempotency-Key": clock.new_id(), "Content-Type": "application/json"}
    try:
        answer = await user.http.post(f"{user.addresses.sites}/v1/studies", content=endless(), headers=headers)
        assert answer.status_code == 413
    except httpx.TransportError:
        # The service answered and closed while we were still talking, as HTTP allows.
        pass
    assert (await user.http.get(f"{user.addresses.sites}/health/live")).status_code == 200
