"""Who a token speaks for: a role, the sponsors and the studies it may see."""

from collections.abc import Sequence

from chassis.http.roles import Role
from contracts.identifiers import sponsor_id
from pydantic import BaseModel, ConfigDict

EVERY_SPONSOR = ("*",)
OUTSIDE_ROLES = (Role.SPONSOR, Role.PARTNER)
"""Roles of people outside the CRO: they see only what belongs to the sponsors named."""


class IdentityError(ValueError):
    """The request does not describe an identity; the text says what to change."""


class Identity(BaseModel):
    """The part of a token's claims that says who it is."""

    model_config = ConfigDict(frozen=True)

    sub: str
    name: str
    roles: tuple[Role, ...]
    sponsors: tuple[str, ...]
    studies: tuple[str, ...] | None = None

    def claims(self) -> dict[str, object]:
        """Give the claims of a token; `studies` only where the token is limited to some."""
        return self.model_dump(mode="json", exclude_none=True)


def identity_of(
    role: str, sponsors: Sequence[str], studies: Sequence[str] = (), subject: str = "", name: str = ""
) -> Identity:
    """Build an identity; `sponsors` are names, `name` is what signatures print. Raises IdentityError."""
    chosen = role_of(role)
    names = [name.strip() for name in sponsors if name.strip()]
    if chosen in OUTSIDE_ROLES and not names:
        message = f"The role {chosen} sees only its own sponsors: name at least one sponsor"
        raise IdentityError(message)
    acting = subject.strip() or f"development-{chosen}"
    return Identity(
        sub=acting,
        name=" ".join(name.split()) or acting,
        roles=(chosen,),
        sponsors=tuple(sponsor_id(name) for name in names) or EVERY_SPONSOR,
        studies=tuple(studies) or None,
    )


def role_of(name: str) -> Role:
    """Recognise a role. Raises IdentityError naming the known ones."""
    if name not in tuple(Role):
        message = f"There is no role {name!r}: choose one of {', '.join(Role)}"
        raise IdentityError(message)
    return Role(name)
