"""The issuer's public keys: kept through an outage of the issuer, refreshed when an unknown one appears.

Only the issuer's own documents are read, never an address or a key that a token brings along.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from chassis import clock
from chassis.problems import Unavailable

FRESH_SECONDS = 600.0
COOL_DOWN_SECONDS = 10.0
FIRST_KEYS_RETRY_SECONDS = 1.0
MAX_DOCUMENT_BYTES = 262_144
MIN_RSA_BITS = 2_048

PublicKey = ECKey | RSAKey
_log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(__name__)


class IssuerError(Exception):
    """The issuer's documents cannot be fetched or do not say what they must."""


class SigningKeys:
    """Public keys of one issuer by key id, all for one algorithm."""

    def __init__(
        self,
        issuer_url: str,
        algorithm: str,
        jwks_url: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._issuer_url = issuer_url
        self._algorithm = algorithm
        self._jwks_url = jwks_url
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(5.0, connect=2.0),
            trust_env=False,
            follow_redirects=False,
            transport=transport,
        )
        self._keys: dict[str, PublicKey] = {}
        self._lock = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._tried_at: float | None = None

    async def find(self, key_id: str) -> PublicKey | None:
        """Give the key with this id, or `None` if the issuer has no such key.

        Raises `Unavailable` while no key could ever be fetched: then no token can be judged.
        """
        key = self._keys.get(key_id)
        if key is None:
            await self._refresh()
            key = self._keys.get(key_id)
        elif self._tried_longer_ago_than(FRESH_SECONDS) and not self._refreshing:
            self._refreshing = asyncio.create_task(self._refresh())
            self._refreshing.add_done_callback(self._refreshed)
        if not self._keys:
            raise Unavailable("Sign-in cannot be checked: the issuer's keys are not reachable. Try again shortly.")
        return key

    async def known(self) -> bool:
        """Say whether any key is at hand, after trying to fetch them if not."""
        if not self._keys:
            await self._refresh()
        return bool(self._keys)

    async def close(self) -> None:
        """Release the connections to the issuer."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self._client.aclose()

    def _refreshed(self, _: asyncio.Task[None]) -> None:
        self._refreshing = None

    def _tried_longer_ago_than(self, seconds: float) -> bool:
        return self._tried_at is None or clock.monotonic() - self._tried_at > seconds

    async def _refresh(self) -> None:
        async with self._lock:
            # Whoever waited finds what the one before fetched; and made-up key ids cannot flood the issuer.
            pause = COOL_DOWN_SECONDS if self._keys else FIRST_KEYS_RETRY_SECONDS
            if not self._tried_longer_ago_than(pause):
                return
            self._tried_at = clock.monotonic()
            try:
                self._keys = await self._fetch()
            except (httpx.HTTPError, httpx.InvalidURL, IssuerError) as error:
                _log.warning("the issuer's keys could not be fetched", issuer=self._issuer_url, reason=repr(error))

    async def _fetch(self) -> dict[str, PublicKey]:
        document = await self._get(self._jwks_url or await self._discovered())
        listed = document.get("keys")
        if not isinstance(listed, list):
            raise IssuerError("the key set has no list of keys")
        keys = dict(filter(None, (self._usable(entry) for entry in cast("list[object]", listed))))
        if not keys:
            raise IssuerError(f"the key set has no usable {self._algorithm} key")
        return keys

    async def _discovered(self) -> str:
        document = await self._get(f"{self._issuer_url.rstrip('/')}/.well-known/openid-configuration")
        if document.get("issuer") != self._issuer_url:
            raise IssuerError("the discovery document names another issuer")
        address = document.get("jwks_uri")
        schemes = ("https://",) if self._issuer_url.startswith("https://") else ("https://", "http://")
        if not isinstance(address, str) or not address.startswith(schemes):
            raise IssuerError("the discovery document names no usable address of the key set")
        return address

    async def _get(self, url: str) -> Mapping[str, Any]:
        response = await self._client.get(url)
        if not response.is_success or len(response.content) > MAX_DOCUMENT_BYTES:
            raise IssuerError(f"{url} answered {response.status_code} with {len(response.content)} bytes")
        try:
            document = response.json()
        except (ValueError, RecursionError) as error:
            raise IssuerError(f"{url} did not answer JSON") from error
        if not isinstance(document, dict):
            raise IssuerError(f"{url} did not answer a JSON object")
        return cast("dict[str, Any]", document)

    def _usable(self, entry: object) -> tuple[str, PublicKey] | None:
        if not isinstance(entry, dict):
            return None
        members = cast("dict[str, Any]", entry)
        key_id = members.get("kid")
        fits = members.get("use", "sig") == "sig" and members.get("alg", self._algorithm) == self._algorithm
        if not fits or not isinstance(key_id, str):
            return None
        key = _imported(members, self._algorithm)
        return None if key is None else (key_id, key)


def _imported(members: dict[str, Any], algorithm: str) -> PublicKey | None:
    try:
        return _elliptic_key(members) if algorithm == "ES256" else _rsa_key(members)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _elliptic_key(members: dict[str, Any]) -> ECKey | None:
    key = ECKey.import_key({name: members[name] for name in ("kty", "crv", "x", "y")})
    return key if key.curve_name == "P-256" else None


def _rsa_key(members: dict[str, Any]) -> RSAKey | None:
    size_bits = 8 * len(urlsafe_b64decode(str(members["n"]).encode()))
    if size_bits < MIN_RSA_BITS:
        return None
    return RSAKey.import_key({name: members[name] for name in ("kty", "n", "e")})
