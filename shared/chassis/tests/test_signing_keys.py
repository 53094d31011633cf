"""The issuer's keys: discovery, rotation, outages, and what is not a usable key."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from chassis.http import signing_keys
from chassis.http.signing_keys import SigningKeys
from chassis.problems import Unavailable
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

ISSUER = "https://issuer.test"


def key(key_id: str, **members: str) -> dict[str, Any]:
    return ECKey.generate_key("P-256").as_dict(private=False) | {"kid": key_id} | members


@dataclass
class Issuer:
    """Serves any documents over real HTTP semantics and counts how often its keys are read."""

    keys: Any = field(default_factory=lambda: {"keys": [{"kty": "AKP", "kid": "pq"}, 7, key("k1")]})
    discovery: Any = field(default_factory=lambda: {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/keys"})
    reads: int = 0

    async def read_keys(self, _: Request) -> Response:
        self.reads += 1
        return self.keys if isinstance(self.keys, Response) else JSONResponse(self.keys)

    async def read_discovery(self, _: Request) -> Response:
        return self.discovery if isinstance(self.discovery, Response) else JSONResponse(self.discovery)

    def client(self, jwks_url: str | None = None, algorithm: str = "ES256") -> SigningKeys:
        routes = [
            Route("/.well-known/openid-configuration", self.read_discovery),
            Route("/keys", self.read_keys),
        ]
        transport = httpx.ASGITransport(Starlette(routes=routes))
        return SigningKeys(ISSUER, algorithm, jwks_url, transport)


async def test_the_key_set_is_found_by_discovery_or_by_its_own_address() -> None:
    issuer = Issuer()
    assert await issuer.client().find("k1")
    issuer.discovery = {}
    assert await issuer.client(jwks_url=f"{ISSUER}/keys").find("k1")


async def test_known_keys_are_not_asked_for_again_and_unknown_ones_only_after_a_pause() -> None:
    issuer = Issuer()
    keys = issuer.client()
    for key_id in ("k1", "k1", "made up", "made up too", "k1"):
        await keys.find(key_id)
    assert issuer.reads == 1


async def test_a_new_key_is_found_after_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    keys = issuer.client()
    assert await keys.find("k1")
    issuer.keys = {"keys": [key("k2")]}
    monkeypatch.setattr(signing_keys, "COOL_DOWN_SECONDS", -1.0)
    assert await keys.find("k2")
    assert await keys.find("k1") is None


async def test_keys_that_are_no_longer_fresh_are_read_again_in_the_background(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    issuer = Issuer()
    keys = issuer.client()
    await keys.find("k1")
    monkeypatch.setattr(signing_keys, "FRESH_SECONDS", -1.0)
    monkeypatch.setattr(signing_keys, "COOL_DOWN_SECONDS", -1.0)
    issuer.keys = {"keys": [key("k2")]}
    assert await keys.find("k1"), "nobody waits for the issuer while a key is known"
    assert await keys.find("k2")


async def test_closing_ends_a_read_that_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Issuer().client()
    await keys.find("k1")
    monkeypatch.setattr(signing_keys, "FRESH_SECONDS", -1.0)
    await keys.find("k1")
    await keys.close()
    assert await keys.known()


BROKEN_KEYS: dict[str, Any] = {
    "no JSON": Response("<html>"),
    "no object": [],
    "no list": {"keys": {}},
    "empty": {"keys": []},
    "an error": JSONResponse({"keys": [key("k1")]}, status_code=500),
    "a redirect": RedirectResponse(f"{ISSUER}/elsewhere"),
    "too large": {"keys": [key("k1")], "note": "x" * 300_000},
    "deep": Response(b"[" * 100_000),
    "no id": {"keys": [{name: value for name, value in key("").items() if name != "kid"}]},
    "for encryption": {"keys": [key("k1", use="enc")]},
    "for another algorithm": {"keys": [key("k1", alg="ES384")]},
    "a shared secret": {"keys": [{"kty": "oct", "kid": "k1", "k": "AAAA"}]},
    "another curve": {"keys": [ECKey.generate_key("P-384").as_dict(private=False) | {"kid": "k1"}]},
    "an unknown curve": {"keys": [key("k1", crv="P-1")]},
    "coordinates missing": {"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1"}]},
    "coordinates wrong": {"keys": [key("k1", x="AAAA")]},
    "an RSA key": {"keys": [RSAKey.generate_key(2048).as_dict(private=False) | {"kid": "k1"}]},
}


@pytest.mark.parametrize("fault", BROKEN_KEYS)
async def test_a_key_set_that_is_not_usable_leaves_the_door_shut(fault: str) -> None:
    keys = Issuer(keys=BROKEN_KEYS[fault]).client()
    assert not await keys.known()
    with pytest.raises(Unavailable):
        await keys.find("k1")


@pytest.mark.parametrize(
    "discovery",
    [
        {"issuer": "https://evil.test", "jwks_uri": f"{ISSUER}/keys"},
        {"jwks_uri": f"{ISSUER}/keys"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/keys"},
        {"issuer": ISSUER, "jwks_uri": ["https://issuer.test/keys"]},
        [],
    ],
)
async def test_discovery_must_name_this_issuer_and_an_address(discovery: Any) -> None:
    assert not await Issuer(discovery=discovery).client().known()


async def test_a_short_rsa_key_is_refused() -> None:
    with pytest.warns(UserWarning, match="2048"):
        short = RSAKey.generate_key(1024)
    issuer = Issuer(keys={"keys": [short.as_dict(private=False) | {"kid": "k1"}]})
    assert not await issuer.client(algorithm="RS256").known()
    issuer.keys = {"keys": [RSAKey.generate_key(2048).as_dict(private=False) | {"kid": "k1"}]}
    assert await issuer.client(algorithm="RS256").find("k1")
