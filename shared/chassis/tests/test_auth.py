"""Who calls: what a good token gives, which roles open which door, and what happens without the issuer."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import httpx
import pytest
from chassis import clock
from chassis.http import signing_keys
from chassis.http.auth import Authenticator, BadToken, Caller, Principal, requires
from chassis.http.roles import Role
from chassis.problems import install
from chassis.scope import Scope
from fastapi import Depends, FastAPI, Request
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from starlette.responses import JSONResponse

ISSUER = "https://issuer.test"
AUDIENCE = "studyline"
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa"})
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}


def token(header: dict[str, str] | None = None, key: ECKey | RSAKey = KEY, **changes: Any) -> str:
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": now_plus(0),
        "exp": now_plus(600),
        "jti": "t1",
        "roles": ["monitor"],
    }
    payload = json.dumps(usual | changes)
    return jws.serialize_compact(header or HEADER, payload, key, algorithms=["ES256", "RS256"])


def now_plus(seconds: int) -> int:
    return int(clock.now().timestamp()) + seconds


@dataclass
class Issuer:
    """A small issuer behind real HTTP semantics; it can be taken down."""

    is_up: bool = True
    keys: tuple[ECKey | RSAKey, ...] = (KEY, RSA_KEY)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/.well-known/openid-configuration")
        async def read_discovery() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
            document = {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"}
            return JSONResponse(document, status_code=200 if self.is_up else 503)

        @app.get("/keys")
        async def read_keys() -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
            documents = [key.as_dict(private=False) for key in self.keys]
            return JSONResponse({"keys": documents}, status_code=200 if self.is_up else 503)

        return app

    def authenticator(self, **options: Any) -> Authenticator:
        return Authenticator(ISSUER, AUDIENCE, transport=httpx.ASGITransport(self.app()), **options)


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def authenticator(issuer: Issuer) -> AsyncIterator[Authenticator]:
    authenticator = issuer.authenticator()
    yield authenticator
    await authenticator.close()


def protected_app(authenticator: Authenticator) -> httpx.AsyncClient:
    app = FastAPI()
    app.state.authenticator = authenticator
    install(app, {})

    @app.api_route("/who", methods=["GET", "POST"])
    async def read_caller(caller: Caller) -> str:  # pyright: ignore[reportUnusedFunction]
        return caller.subject

    @app.get("/monitors")
    async def read_as_monitor(  # pyright: ignore[reportUnusedFunction]
        caller: Annotated[Principal, Depends(requires(Role.MONITOR, Role.QUALITY))], request: Request
    ) -> str:
        return f"{caller.subject} {request.method}"

    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service")


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def test_a_good_token_gives_subject_roles_and_scope(authenticator: Authenticator) -> None:
    found = await authenticator.authenticate(
        token(roles=["monitor", "of another app"], sponsors=["acme"], studies=["s1"])
    )
    assert found == Principal("ada", frozenset({Role.MONITOR}), Scope.of(["acme"], ["s1"]))


async def test_a_star_opens_all_sponsors_and_no_sponsors_opens_none(authenticator: Authenticator) -> None:
    assert (await authenticator.authenticate(token(sponsors=["*"]))).scope == Scope.everything()
    assert (await authenticator.authenticate(token())).scope == Scope.of([])


async def test_clocks_may_differ_by_half_a_minute(authenticator: Authenticator) -> None:
    late = token(exp=now_plus(-20), nbf=now_plus(20), iat=now_plus(20))
    assert (await authenticator.authenticate(late)).subject == "ada"


async def test_the_long_form_of_the_token_type_is_the_same_type(authenticator: Authenticator) -> None:
    assert await authenticator.authenticate(token({**HEADER, "typ": "application/AT+JWT"}))


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic YTpi"}, bearer("é")])
async def test_without_a_usable_token_the_answer_is_401(authenticator: Authenticator, header: dict[str, str]) -> None:
    async with protected_app(authenticator) as client:
        answer = await client.get("/who", headers=[(name.encode(), value.encode()) for name, value in header.items()])
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_rs256_is_taken_where_it_is_the_chosen_algorithm_and_es256_no_more(issuer: Issuer) -> None:
    authenticator = issuer.authenticator(algorithm="RS256")
    assert await authenticator.verify(token({**HEADER, "alg": "RS256", "kid": "rsa"}, RSA_KEY))
    with pytest.raises(BadToken):
        await authenticator.verify(token())


async def test_a_role_that_is_not_enough_gets_403_with_the_needed_ones(authenticator: Authenticator) -> None:
    async with protected_app(authenticator) as client:
        refused = await client.get("/monitors", headers=bearer(token(roles=["sponsor", "admin"])))
        passed = await client.get("/monitors", headers=bearer(token(roles=["quality"])))
    assert refused.status_code == 403
    assert refused.json()["needed_roles"] == ["monitor", "quality"]
    assert passed.status_code == 200


async def test_the_session_cookie_counts_only_where_allowed_and_only_for_reading(issuer: Issuer) -> None:
    cookie = {"Cookie": f"studyline_session={token()}"}
    async with protected_app(issuer.authenticator()) as client:
        assert (await client.get("/who", headers=cookie)).status_code == 401
    async with protected_app(issuer.authenticator(allow_cookie=True)) as client:
        assert (await client.get("/who", headers=cookie)).status_code == 200
        assert (await client.post("/who", headers=cookie)).status_code == 401
        assert (await client.get("/who", headers=cookie | bearer("bad"))).status_code == 401


async def test_known_keys_outlive_an_outage_of_the_issuer_and_nothing_else_passes(
    issuer: Issuer, authenticator: Authenticator
) -> None:
    assert await authenticator.verify(token())
    issuer.is_up = False
    assert await authenticator.verify(token())
    with pytest.raises(BadToken):
        await authenticator.verify(token({**HEADER, "kid": "k2"}))


async def test_a_token_that_was_good_is_refused_once_it_has_expired(
    authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, began = token(exp=now_plus(60)), clock.now()
    assert (await authenticator.verify(good)).subject == "ada"
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=85))
    assert (await authenticator.verify(good)).subject == "ada"
    monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=95))
    with pytest.raises(BadToken):
        await authenticator.verify(good)


async def test_a_token_that_was_good_is_refused_where_the_clock_goes_back_before_it(
    authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, began = token(), clock.now()
    assert (await authenticator.verify(good)).subject == "ada"
    monkeypatch.setattr(clock, "now", lambda: began - timedelta(seconds=600))
    with pytest.raises(BadToken):
        await authenticator.verify(good)


async def test_a_token_that_was_good_is_refused_once_its_key_is_withdrawn(
    issuer: Issuer, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = token()
    assert (await authenticator.verify(good)).subject == "ada"
    issuer.keys = (ECKey.generate_key("P-256", {"kid": "k2"}),)
    monkeypatch.setattr(signing_keys, "COOL_DOWN_SECONDS", -1.0)
    assert await authenticator.verify(token({**HEADER, "kid": "k2"}, issuer.keys[0]))
    with pytest.raises(BadToken):
        await authenticator.verify(good)


async def test_before_the_first_key_is_known_the_answer_is_503_and_never_open(issuer: Issuer) -> None:
    issuer.is_up = False
    async with protected_app(issuer.authenticator()) as client:
        answer = await client.get("/who", headers=bearer(token()))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
