"""Authorization codes: given once, taken once, bound to client, redirect address and PKCE challenge."""

import base64
import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from chassis import clock

from studyline.issuer.identities import Identity
from studyline.issuer.step_up import Authentication

CODE_LIFETIME_SECONDS = 60.0
OPEN_CODES_LIMIT = 1_000


@dataclass(frozen=True)
class Grant:
    """What the user agreed to, until the application fetches its tokens."""

    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    identity: Identity
    authentication: Authentication
    expires_at: float


class CodeBook:
    """The codes that are out, oldest first; bounded."""

    def __init__(self) -> None:
        """Start with none."""
        self._grants: OrderedDict[str, Grant] = OrderedDict()

    def give(
        self,
        *,
        client_id: str,
        redirect_uri: str,
        challenge: str,
        nonce: str,
        identity: Identity,
        authentication: Authentication,
    ) -> str:
        """Note a grant and return its code."""
        code = secrets.token_urlsafe(32)
        expires_at = clock.monotonic() + CODE_LIFETIME_SECONDS
        self._grants[code] = Grant(client_id, redirect_uri, challenge, nonce, identity, authentication, expires_at)
        while len(self._grants) > OPEN_CODES_LIMIT:
            self._grants.popitem(last=False)
        return code

    def take(self, code: str, *, client_id: str, redirect_uri: str, verifier: str) -> Grant | None:
        """Return the grant if everything fits; either way the code is used up."""
        grant = self._grants.pop(code, None)
        if grant is None or clock.monotonic() > grant.expires_at:
            return None
        fits = (grant.client_id, grant.redirect_uri) == (client_id, redirect_uri)
        return grant if fits and hmac.compare_digest(challenge_of(verifier), grant.challenge) else None


def challenge_of(verifier: str) -> str:
    """Compute the S256 challenge of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
