"""The pieces of a sign-in that need no network: the attempt in its cookie, PKCE, claims, safe ways back."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self, cast

from chassis import clock
from chassis.problems import Problem

COOKIE: Final = "studyline_sign_in"
LIFETIME_SECONDS: Final = 600
SAFE_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in on its way: what must come back unchanged, and where the user wanted to go."""

    state: str
    nonce: str
    verifier: str
    wanted: str
    expires_at: int

    @classmethod
    def new(cls, wanted: str) -> Self:
        """A fresh attempt; state, nonce and PKCE verifier are 256 random bits each."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, wanted, int(clock.now().timestamp()) + LIFETIME_SECONDS)

    def sealed(self, secret: str) -> str:
        """The attempt as a cookie's value, signed with a key made from the client's secret."""
        body = _encoded(json.dumps(asdict(self)).encode())
        return f"{body}.{_encoded(_signature(body, secret))}"

    @classmethod
    def unsealed(cls, cookie: str, secret: str) -> Self | None:
        """The attempt from its cookie; None where it was not sealed here or is too old."""
        body, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(), _encoded(_signature(body, secret)).encode()):
            return None
        attempt = cls(**json.loads(_decoded(body)))
        return attempt if attempt.expires_at > clock.now().timestamp() else None

    def is_answered_by(self, claims: Mapping[str, Any], issuer: str, client: str, subject: str) -> bool:
        """Whether an ID token's claims are the issuer's, for this client, attempt and user, and still hold."""
        audience = claims.get("aud")
        audiences = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        expires_at = claims.get("exp")
        return (
            (claims.get("iss"), claims.get("nonce"), claims.get("sub")) == (issuer, self.nonce, subject)
            and client in audiences
            and isinstance(expires_at, int)
            and expires_at > clock.now().timestamp()
        )


def safe_path(wanted: str) -> str:
    """The path where the user wanted to go if it lies on this server, else the first page: no open redirect."""
    return wanted if SAFE_PATH.fullmatch(wanted) else "/"


def challenge_of(verifier: str) -> str:
    """The S256 challenge (RFC 7636 section 4.2)."""
    return _encoded(hashlib.sha256(verifier.encode()).digest())


def claims_of(token: str) -> dict[str, Any]:
    """The claims which a token states; whether they are true is for the caller to know. Raises Problem."""
    try:
        claims = json.loads(_decoded(token.split(".")[1]))
    except (IndexError, ValueError, binascii.Error):
        claims = None
    if not isinstance(claims, dict):
        raise Problem(502, "sign_in", "The identity provider's answer holds no token that can be read.")
    return cast("dict[str, Any]", claims)


def _signature(body: str, secret: str) -> bytes:
    key = hashlib.sha256(b"studyline portal sign-in\0" + secret.encode()).digest()
    return hmac.digest(key, body.encode(), "sha256")


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
