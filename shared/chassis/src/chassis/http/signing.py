"""Electronic signatures over HTTP: the signer authenticates again at the act (OAuth 2.0 step-up, RFC 9470).

21 CFR 11.100 (one person, one signature), 11.200(a) (signed with authentication at the act; several signings in one
continuous period share it, hence an age in minutes) and EU Annex 11 no. 14. The record keeps the `Signature`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from fastapi import Depends, Request
from kernel import Meaning, Signature, SignedContent

from chassis import clock
from chassis.http.auth import LEEWAY_SECONDS, Caller, Principal, challenged
from chassis.problems import Problem
from chassis.settings import ServiceSettings

INSUFFICIENT: Final = "insufficient_user_authentication"


@dataclass(frozen=True, slots=True)
class Signer:
    """A person who has just proved who they are."""

    subject: str
    printed_name: str
    authenticated_at: datetime

    def sign(self, meaning: Meaning, content: SignedContent) -> Signature:
        """Sign this content now, in this meaning."""
        return Signature(
            signer_id=self.subject,
            printed_name=self.printed_name,
            signed_at=clock.now(),
            authenticated_at=self.authenticated_at,
            meaning=meaning,
            binds=content,
        )


@dataclass(frozen=True, slots=True)
class SigningRules:
    """What an authentication must be so that its bearer may sign: of one of these classes, and so fresh."""

    classes: tuple[str, ...]
    max_age: timedelta

    @classmethod
    def from_settings(cls, settings: ServiceSettings) -> Self:
        """The rules of a service."""
        return cls(tuple(settings.signing_acr_values.split()), timedelta(seconds=settings.signing_max_age_seconds))

    def signer(self, caller: Principal) -> Signer:
        """The caller as a signer. Raises the 401 challenge of RFC 9470, or 403 where no person could ever sign."""
        sign_in = caller.sign_in
        if sign_in.client_id == caller.subject:
            raise Problem(403, "not_a_person", "A service account cannot sign: a person must, with a token of theirs.")
        if sign_in.authenticated_at is None or sign_in.acr not in self.classes:
            raise self._challenge("the token does not tell of an authentication that is good for signing")
        age = clock.now() - sign_in.authenticated_at
        if not -timedelta(seconds=LEEWAY_SECONDS) <= age <= self.max_age:
            raise self._challenge("the authentication is not of the last minutes")
        if sign_in.name is None:
            detail = "The token has no usable claim 'name', which a signature prints. Ask whoever runs the issuer."
            raise Problem(403, "printed_name_missing", detail)
        return Signer(caller.subject, sign_in.name, sign_in.authenticated_at)

    def _challenge(self, fault: str) -> Problem:
        classes, seconds = " ".join(self.classes), int(self.max_age.total_seconds())
        detail = (
            f"To sign, authenticate again: {fault}. Ask the issuer for a new token with prompt=login, "
            f"acr_values={classes} and max_age={seconds}, then send the same request with it."
        )
        terms = f'error="{INSUFFICIENT}", error_description="{fault}", acr_values="{classes}", max_age="{seconds}"'
        return Problem(401, INSUFFICIENT, detail, headers=challenged(terms), acr_values=classes, max_age=seconds)


async def signer(request: Request, caller: Caller) -> Signer:
    """FastAPI dependency: the caller, freshly authenticated to sign. Raises the 401 challenge or the 403 problem."""
    rules: SigningRules = request.app.state.signing_rules
    return rules.signer(caller)


Signing = Annotated[Signer, Depends(signer)]
"""A route that signs takes this after its desk, so that who may not act at all is told so first."""
