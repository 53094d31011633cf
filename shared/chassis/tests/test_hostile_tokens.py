"""Some ninety kinds of tokens that must prove nothing: each is refused, and each in the same words."""

import base64
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from chassis import clock
from chassis.http.auth import Authenticator, BadToken, Caller
from chassis.problems import install
from fastapi import FastAPI
from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

ISSUER = "https://issuer.test"
AUDIENCE = "studyline"
KEY = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig", "alg": "ES256"})
STRANGER = ECKey.generate_key("P-256", {"kid": "k1"})
RSA_KEY = RSAKey.generate_key(2048, {"kid": "rsa"})
P384_KEY = ECKey.generate_key("P-384", {"kid": "p384"})
ENCRYPTION_SIGNER = ECKey.generate_key("P-256")
ENCRYPTION_KEY = ECKey.import_key(ENCRYPTION_SIGNER.as_dict(private=True), {"kid": "enc", "use": "enc"})
PUBLISHED: list[ECKey | RSAKey] = [KEY, RSA_KEY, P384_KEY, ENCRYPTION_KEY]
HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": "k1"}
ANY_ALGORITHM = jws.JWSRegistry(algorithms=["HS256", "ES256", "ES384", "RS256", "PS256"], strict_check_header=False)
ANY_ALGORITHM.max_header_length = 65_536


def claims(**changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "iat": now,
        "exp": now + 600,
        "jti": "t1",
        "roles": ["monitor"],
        "sponsors": ["acme"],
    }
    return {name: value for name, value in (usual | changes).items() if value is not ...}


def signed(payload: bytes, header: dict[str, Any] | None = None, key: Any = KEY) -> str:
    return jws.serialize_compact(header or HEADER, payload, key, registry=ANY_ALGORITHM)


def token(header: dict[str, Any] | None = None, key: Any = KEY, **changes: Any) -> str:
    return signed(json.dumps(claims(**changes)).encode(), header, key)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def part(number: int, replacement: Callable[[str], str]) -> str:
    parts = token().split(".")
    parts[number] = replacement(parts[number])
    return ".".join(parts)


def unsigned(header: dict[str, Any]) -> str:
    return f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims()).encode())}."


def hs256_with_the_public_key() -> str:
    text = unsigned({**HEADER, "alg": "HS256"})
    secret = KEY.as_pem(private=False)
    return text + b64(hmac.digest(secret, text.removesuffix(".").encode(), "sha256"))


def with_key_inside() -> str:
    return token({**HEADER, "jwk": STRANGER.as_dict(private=False)}, STRANGER)


def now_plus(seconds: int) -> int:
    return int(clock.now().timestamp()) + seconds


HOSTILE: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "a word": lambda: "letmein",
    "one dot": lambda: "a.b",
    "two dots only": lambda: "..",
    "three dots": lambda: token() + ".x",
    "five parts as an encrypted token": lambda: "a.b.c.d.e",
    "spaces inside": lambda: token().replace(".", ". "),
    "padding": lambda: part(2, lambda text: text + "="),
    "standard base64 alphabet": lambda: part(1, lambda text: text + "+/"),
    "bad base64 length": lambda: part(1, lambda text: text + "AAAAA"[: 5 - len(text) % 4]),
    "not ASCII": lambda: token() + "é",
    "oversized": lambda: token(note="x" * 9_000),
    "oversized header": lambda: token({**HEADER, "cty": "x" * 4_000}),
    "header is no JSON": lambda: part(0, lambda _: b64(b"{")),
    "header is a list": lambda: part(0, lambda _: b64(b"[]")),
    "header is a string": lambda: part(0, lambda _: b64(b'"alg"')),
    "header is null": lambda: part(0, lambda _: b64(b"null")),
    "header without an algorithm": lambda: part(0, lambda _: b64(b'{"typ":"at+jwt","kid":"k1"}')),
    "algorithm none": lambda: unsigned({**HEADER, "alg": "none"}) + "AA",
    "algorithm none, unsigned": lambda: unsigned({**HEADER, "alg": "none"}),
    "algorithm None in another case": lambda: part(0, lambda _: b64(json.dumps({**HEADER, "alg": "nOnE"}).encode())),
    "algorithm is a list": lambda: part(0, lambda _: b64(json.dumps({**HEADER, "alg": ["ES256"]}).encode())),
    "HS256 with the public key as secret": hs256_with_the_public_key,
    "HS256 with an empty-ish secret": lambda: token({**HEADER, "alg": "HS256"}, OctKey.import_key("0" * 32)),
    "RS256 by a published RSA key": lambda: token({**HEADER, "alg": "RS256", "kid": "rsa"}, RSA_KEY),
    "PS256": lambda: token({**HEADER, "alg": "PS256", "kid": "rsa"}, RSA_KEY),
    "ES384 by a published key": lambda: token({**HEADER, "alg": "ES384", "kid": "p384"}, P384_KEY),
    "key published for encryption": lambda: token({**HEADER, "kid": "enc"}, ENCRYPTION_SIGNER),
    "another's key under a known id": lambda: token(key=STRANGER),
    "unknown key id": lambda: token({**HEADER, "kid": "k2"}, STRANGER),
    "key id is a path": lambda: token({**HEADER, "kid": "../../dev/null"}),
    "key id is a query": lambda: token({**HEADER, "kid": "' or 1=1"}),
    "no key id": lambda: token({"alg": "ES256", "typ": "at+jwt"}),
    "empty key id": lambda: token({**HEADER, "kid": ""}),
    "key id is a number": lambda: part(0, lambda _: b64(json.dumps({**HEADER, "kid": 1}).encode())),
    "key id is an operator": lambda: part(0, lambda _: b64(json.dumps({**HEADER, "kid": {"$ne": 1}}).encode())),
    "key in the header": with_key_inside,
    "jku": lambda: token({**HEADER, "jku": "https://evil.test/keys"}),
    "x5u": lambda: token({**HEADER, "x5u": "https://evil.test/cert"}),
    "x5c": lambda: token({**HEADER, "x5c": ["MIIB"]}),
    "crit with a member nobody knows": lambda: part(
        0, lambda _: b64(json.dumps({**HEADER, "crit": ["x"], "x": 1}).encode())
    ),
    "crit with a known member": lambda: token({**HEADER, "crit": ["kid"]}),
    "unencoded payload (RFC 7797)": lambda: part(
        0, lambda _: b64(json.dumps({**HEADER, "b64": False, "crit": ["b64"]}).encode())
    ),
    "compressed": lambda: token({**HEADER, "zip": "DEF"}),
    "no type": lambda: token({"alg": "ES256", "kid": "k1"}),
    "type JWT": lambda: token({**HEADER, "typ": "JWT"}),
    "an identity token": lambda: token({**HEADER, "typ": "id+jwt"}),
    "a logout token": lambda: token({**HEADER, "typ": "logout+jwt"}),
    "signature cut off": lambda: part(2, lambda _: ""),
    "signature shortened": lambda: part(2, lambda text: text[:-4]),
    "signature of zeros": lambda: part(2, lambda _: b64(bytes(64))),
    "signature of another token": lambda: token(jti="a").rsplit(".", 1)[0] + "." + token(jti="b").rsplit(".", 1)[1],
    "claims changed": lambda: part(1, lambda _: b64(json.dumps(claims(roles=["admin"])).encode())),
    "claims are no JSON": lambda: signed(b"{"),
    "claims are a list": lambda: signed(b"[]"),
    "claims are deep": lambda: signed(b"[" * 5_000),
    "claims with a huge number": lambda: signed(b'{"exp":' + b"9" * 5_000 + b"}"),
    "claims not UTF-8": lambda: signed(b"\xff\xfe\xfd"),
    "a claim twice": lambda: signed(json.dumps(claims()).encode()[:-1] + b',"sub":"eve"}'),
    "no issuer": lambda: token(iss=...),
    "another issuer": lambda: token(iss="https://evil.test"),
    "issuer with a slash more": lambda: token(iss=ISSUER + "/"),
    "issuer as prefix": lambda: token(iss=ISSUER + ".evil.test"),
    "issuer in capitals": lambda: token(iss=ISSUER.upper()),
    "issuer in a list": lambda: token(iss=[ISSUER]),
    "issuers in a list": lambda: token(iss=["https://evil.test", ISSUER]),
    "no audience": lambda: token(aud=...),
    "another audience": lambda: token(aud="payroll"),
    "audience as prefix": lambda: token(aud=AUDIENCE + "-test"),
    "audiences in a list": lambda: token(aud=["payroll", AUDIENCE]),
    "expired": lambda: token(exp=now_plus(-31)),
    "no expiry": lambda: token(exp=...),
    "expiry is text": lambda: token(exp=str(now_plus(600))),
    "expiry is NaN": lambda: token(exp=float("nan")),
    "expiry is infinite": lambda: token(exp=float("inf")),
    "expiry is true": lambda: token(exp=True),
    "not yet valid": lambda: token(nbf=now_plus(60)),
    "issued in the future": lambda: token(iat=now_plus(60)),
    "no issue time": lambda: token(iat=...),
    "no token id": lambda: token(jti=...),
    "no subject": lambda: token(sub=...),
    "empty subject": lambda: token(sub=""),
    "subject is a number": lambda: token(sub=7),
    "subject too long": lambda: token(sub="x" * 256),
    "roles are text": lambda: token(roles="admin"),
    "roles are numbers": lambda: token(roles=[1]),
    "sponsors are an operator": lambda: token(sponsors={"$ne": ""}),
    "sponsors are a star": lambda: token(sponsors="*"),
    "studies are an operator": lambda: token(studies=[{"$gt": ""}]),
}


@pytest.fixture
async def authenticator() -> AsyncIterator[Authenticator]:
    issuer = FastAPI()

    @issuer.get("/keys")
    async def read_keys() -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        return {"keys": [key.as_dict(private=False) for key in PUBLISHED]}

    transport = httpx.ASGITransport(issuer)
    authenticator = Authenticator(ISSUER, AUDIENCE, jwks_url=f"{ISSUER}/keys", transport=transport)
    yield authenticator
    await authenticator.close()


async def test_the_token_from_which_they_are_made_is_good(authenticator: Authenticator) -> None:
    assert (await authenticator.verify(token())).subject == "ada"


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_token_proves_nothing(authenticator: Authenticator, kind: str) -> None:
    with pytest.raises(BadToken):
        await authenticator.verify(HOSTILE[kind]())


@pytest.mark.parametrize("kind", [kind for kind in HOSTILE if kind not in {"empty", "not ASCII"}])
async def test_every_hostile_token_gets_the_same_401(authenticator: Authenticator, kind: str) -> None:
    app = FastAPI()
    app.state.authenticator = authenticator
    install(app, {})

    @app.get("/who")
    async def read_caller(caller: Caller) -> str:  # pyright: ignore[reportUnusedFunction]
        return caller.subject

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        answer = await client.get("/who", headers={"Authorization": f"Bearer {HOSTILE[kind]()}"})
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The access token is not valid. Sign in again."
    assert answer.headers["www-authenticate"] == 'Bearer realm="studyline", error="invalid_token"'
