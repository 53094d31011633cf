"""Who calls: access tokens (RFC 9068 JWTs) checked by the issuer's keys, roles, and the `Scope`.

The rules are those of RFC 8725: one algorithm list, exact issuer and audience, an explicit type, known keys
only. Every failure is the same 401, so that an attacker learns nothing from it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Self, cast

import httpx
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwt import JWTClaimsRegistry

from chassis import clock
from chassis.health import Unhealthy
from chassis.http.roles import Role
from chassis.http.sign_ins import SignIn, sign_in_of
from chassis.http.signing_keys import PublicKey, SigningKeys
from chassis.journal import Actor
from chassis.problems import Problem
from chassis.scope import Scope
from chassis.settings import ServiceSettings

SESSION_COOKIE = "studyline_session"
MAX_TOKEN_CHARACTERS = 8_192
MAX_SUBJECT_CHARACTERS = 255
LEEWAY_SECONDS = 30
VERIFIED_TOKENS_MAX = 1_000
_COMPACT_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES = frozenset({"at+jwt", "application/at+jwt"})
_HEADERS = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256", "cty"})
_SAFE_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Principal:
    """The verified caller. Roles which the platform does not know are left out."""

    subject: str
    roles: frozenset[Role]
    scope: Scope
    sign_in: SignIn = field(default_factory=SignIn)

    @property
    def actor(self) -> Actor:
        """The caller as journals and logs tell it."""
        return Actor(self.subject, tuple(sorted(self.roles)))


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a token proved, and while which seconds of the clock it goes on to do so, as long as its key is known."""

    principal: Principal
    key_id: str
    key: PublicKey
    since: int
    until: float


class BadToken(Exception):  # noqa: N818 - an outcome of verifying, not shown to anybody
    """The token proves nothing; the text is for tests and never for callers."""


class Authenticator:
    """Verifies tokens of one issuer for one audience with one algorithm."""

    def __init__(
        self,
        issuer_url: str,
        audience: str,
        *,
        algorithm: str = "ES256",
        jwks_url: str | None = None,
        allow_cookie: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.allow_cookie = allow_cookie
        self._issuer_url = issuer_url
        self._audience = audience
        self._registry = jws.JWSRegistry(algorithms=[algorithm])
        self._keys = SigningKeys(issuer_url, algorithm, jwks_url, transport)
        self._verified: dict[str, _Verified] = {}

    @classmethod
    def from_settings(cls, settings: ServiceSettings, *, allow_cookie: bool = False) -> Self:
        """Build the authenticator of a service; `allow_cookie` also takes the portal's session cookie."""
        return cls(
            settings.issuer_url,
            settings.audience,
            algorithm=settings.signing_algorithm,
            jwks_url=settings.jwks_url,
            allow_cookie=allow_cookie,
        )

    async def authenticate(self, token: str) -> Principal:
        """Verify an access token: raises the 401 problem, or `Unavailable` while no key is known."""
        try:
            return await self.verify(token)
        except BadToken:
            raise unauthenticated("The access token is not valid. Sign in again.", 'error="invalid_token"') from None

    async def verify(self, token: str) -> Principal:
        """Verify an access token. Raises `BadToken` with the reason, which callers never see."""
        # What a token says never changes: once it was verified, only its time and its key are looked at.
        known, now = self._verified.get(token), int(clock.now().timestamp())
        if (
            known is None
            or not known.since <= now < known.until
            or await self._keys.find(known.key_id) is not known.key
        ):
            known = await self._verified_now(token, now)
            if len(self._verified) >= VERIFIED_TOKENS_MAX:
                self._verified.clear()
            self._verified[token] = known
        return known.principal

    async def _verified_now(self, token: str, now: int) -> _Verified:
        signed = _parsed(token)
        key_id = _checked_key_id(signed.headers())
        key = await self._keys.find(key_id)
        if key is None:
            raise BadToken("the issuer has no such key")
        self._check_signature(signed, key)
        claims = self._checked_claims(signed.payload or b"", now)
        return _Verified(_principal_of(claims), key_id, key, since=now, until=claims["exp"] + LEEWAY_SECONDS)

    def _check_signature(self, signed: jws.CompactSignature, key: PublicKey) -> None:
        try:
            genuine = jws.validate_compact(signed, key, registry=self._registry)
        except (JoseError, ValueError, TypeError) as error:
            raise BadToken("the signature cannot be checked") from error
        if not genuine:
            raise BadToken("the signature is wrong")

    async def check(self) -> str:
        """Health check: the issuer's keys are at hand."""
        if not await self._keys.known():
            raise Unhealthy("the issuer's keys are not reachable")
        return "the issuer's keys are known"

    async def close(self) -> None:
        """Release the connections to the issuer."""
        await self._keys.close()

    def _checked_claims(self, payload: bytes, now: int) -> dict[str, Any]:
        try:
            claims = json.loads(payload, object_pairs_hook=_object_without_repeated_names)
        except (ValueError, RecursionError) as error:
            raise BadToken("the claims are not JSON") from error
        if not isinstance(claims, dict):
            raise BadToken("the claims are not an object")
        rules = JWTClaimsRegistry(
            now=now,
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer_url},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
        )
        checked = cast("dict[str, Any]", claims)
        try:
            rules.validate(checked)
        except JoseError as error:
            raise BadToken(f"the claims are refused: {error}") from error
        if checked.get("aud") != self._audience:
            raise BadToken("the token is for another audience")
        return checked


def unauthenticated(detail: str, challenge: str = "") -> Problem:
    """Give the 401 problem with its challenge (RFC 6750)."""
    return Problem(401, "unauthenticated", detail, headers=challenged(challenge))


def challenged(terms: str = "") -> dict[str, str]:
    """Give the header that says which authentication is wanted."""
    return {"WWW-Authenticate": f'Bearer realm="studyline", {terms}' if terms else 'Bearer realm="studyline"'}


_bearer = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="Access token (at+jwt) of the configured issuer."
)


async def principal(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> Principal:
    """FastAPI dependency: the verified caller. Raises the 401 problem.

    The session cookie counts only where the app allows it, and only for requests that change nothing: a
    browser also sends it when another site asks.
    """
    authenticator: Authenticator = request.app.state.authenticator
    token = credentials.credentials if credentials else None
    if token is None and authenticator.allow_cookie and request.method in _SAFE_METHODS:
        token = request.cookies.get(SESSION_COOKIE)
    if token is None:
        raise unauthenticated("An access token is missing. Send it as 'Authorization: Bearer …'.")
    return await authenticator.authenticate(token)


Caller = Annotated[Principal, Depends(principal)]


class requires:  # noqa: N801 - reads as a word in a route: Depends(requires(Role.MONITOR))
    """FastAPI dependency: the verified caller, with one of these roles; else the 401 or 403 problem."""

    def __init__(self, *roles: Role) -> None:
        self.roles = frozenset(roles)

    async def __call__(self, caller: Caller) -> Principal:
        """Let the caller pass who has one of the roles."""
        if caller.roles.isdisjoint(self.roles):
            needed = sorted(self.roles)
            raise Problem(403, "forbidden", f"This needs the role {' or '.join(needed)}.", needed_roles=list(needed))
        return caller


def _parsed(token: str) -> jws.CompactSignature:
    if len(token) > MAX_TOKEN_CHARACTERS or not _COMPACT_JWS.fullmatch(token):
        raise BadToken("the token is not a compact JWS of at most 8 KiB")
    try:
        signed = jws.extract_compact(token.encode("ascii"))
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadToken("the token cannot be decoded") from error
    return signed


def _checked_key_id(decoded: object) -> str:
    if not isinstance(decoded, dict):
        raise BadToken("the header is not an object")
    header = cast("dict[str, object]", decoded)
    kind, key_id = header.get("typ"), header.get("kid")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise BadToken("the token is not an access token")
    if not header.keys() <= _HEADERS:
        raise BadToken("the header has members that are not allowed")
    if not isinstance(key_id, str) or not key_id:
        raise BadToken("the token names no key")
    return key_id


def _object_without_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is repeated")
    return members


def _principal_of(claims: dict[str, Any]) -> Principal:
    subject = claims["sub"]
    if not subject or len(subject) > MAX_SUBJECT_CHARACTERS:
        raise BadToken("the subject is empty or too long")
    studies = None if claims.get("studies") is None else _texts(claims, "studies")
    named = _texts(claims, "roles")
    return Principal(
        subject=subject,
        roles=frozenset(role for role in Role if role in named),
        scope=Scope.of(_texts(claims, "sponsors"), studies),
        sign_in=sign_in_of(claims),
    )


def _texts(claims: dict[str, Any], name: str) -> Sequence[str]:
    values = claims.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in cast("list[object]", values)):
        raise BadToken(f"{name} is not a list of strings")
    return cast("list[str]", values)
