"""The links through which candidate sites answer: a secret of which only the hash is known, and until when it opens."""

from datetime import datetime

from kernel import Reason

from sites.domain.feasibility_questions import Shape

LINK_ID_CHARACTERS = 16
"""A link is called by the beginning of its secret's hash, from which nobody finds the secret."""


class Link(Shape):
    """The way to the form: the SHA-256 of its secret, and until when it opens.

    `offers_all`: whoever made it sees every sponsor, so it may show what the facility answered to any of them.
    """

    secret_hash: str
    expires_at: datetime
    offers_all: bool
    revoked: bool = False

    def opens(self, at: datetime) -> bool:
        """Whether it leads to the form at this instant."""
        return not self.revoked and at < self.expires_at


class Access(Shape):
    """Somebody came through the link that has this hash, at this instant."""

    secret_hash: str
    at: datetime


def not_open(link: Link, access: Access) -> list[Reason]:
    """What is wrong with an access through the link; nothing where it is the one, in time and not revoked."""
    if link.secret_hash == access.secret_hash and link.opens(access.at):
        return []
    return [Reason(code="link_closed", detail="The link opens no more. Ask whoever sent it for a new one.")]
