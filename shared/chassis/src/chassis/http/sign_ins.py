"""What a token tells of how its bearer signed in: name, time and class of the authentication (OpenID Connect Core).

What is not there or not usable counts as absent: it takes the right to sign, never the right to call.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

NAME_CHARACTERS_MAX: Final = 200
CLASS_CHARACTERS_MAX: Final = 255
LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999: no later instant can be written down."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How the bearer of a token signed in, as far as the token tells."""

    name: str | None = None
    authenticated_at: datetime | None = None
    acr: str | None = None
    client_id: str | None = None


def sign_in_of(claims: Mapping[str, Any]) -> SignIn:
    """The claims `name`, `auth_time`, `acr` (OpenID Connect Core 1.0, 2 and 5.1) and `client_id` (RFC 9068, 2.2)."""
    return SignIn(
        name=_printed(claims.get("name")),
        authenticated_at=_instant(claims.get("auth_time")),
        acr=_text(claims.get("acr")),
        client_id=_text(claims.get("client_id", claims.get("azp"))),
    )


def _printed(value: object) -> str | None:
    """A name that can stand on a page: one line, nothing invisible or turning the text around."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= NAME_CHARACTERS_MAX:
        return None
    return None if any(unicodedata.category(one).startswith("C") for one in value) else " ".join(value.split())


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= LAST_SECOND:
        return None
    return datetime.fromtimestamp(value, UTC)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= CLASS_CHARACTERS_MAX else None
