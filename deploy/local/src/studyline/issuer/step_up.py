"""When and how somebody authenticated, and stepping up to a class that is good for signing (RFC 9470)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from chassis import clock
from pydantic import BaseModel, ConfigDict

ORDINARY_CLASS: Final = "urn:studyline:acr:sign-in"


class Authentication(BaseModel):
    """The part of a token's claims that says when and how its bearer authenticated (OpenID Connect Core 1.0, 2)."""

    model_config = ConfigDict(frozen=True)

    auth_time: int
    acr: str


def authenticated_now(wanted: str, signing_classes: Sequence[str], at: datetime | None = None) -> Authentication:
    """An authentication of this moment, of the first class wanted (`acr_values`) that this issuer has."""
    known = [one for one in wanted.split() if one in signing_classes]
    return Authentication(auth_time=int((at or clock.now()).timestamp()), acr=known[0] if known else ORDINARY_CLASS)
