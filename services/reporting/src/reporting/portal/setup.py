"""What the portal needs to be told: which of the service's settings it reads, and who it is to the issuer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from chassis.problems import Unavailable
from pydantic import SecretStr


class PortalSettings(Protocol):
    """The settings of `reporting` that concern the portal."""

    @property
    def issuer_url(self) -> str:
        """Exact `iss` of the tokens."""
        ...

    @property
    def portal_url(self) -> str | None:
        """Public base address of the portal, without a slash at its end."""
        ...

    @property
    def portal_client_id(self) -> str | None:
        """The portal's name at the issuer."""
        ...

    @property
    def portal_client_secret(self) -> SecretStr | None:
        """What proves that name."""
        ...

    @property
    def portal_vendor_dir(self) -> Path | None:
        """Folder of the installed browser libraries; None: beside the package."""
        ...


@dataclass(frozen=True, slots=True)
class Client:
    """The portal as the issuer knows it."""

    id: str
    secret: str
    issuer_url: str
    portal_url: str

    @classmethod
    def of(cls, settings: PortalSettings) -> Self:
        """From the settings. Raises the 503 problem that names what is missing."""
        secret = settings.portal_client_secret
        if not settings.portal_url or not settings.portal_client_id or secret is None:
            raise Unavailable(
                "Signing in is not set up here: the service needs STUDYLINE_PORTAL_URL, "
                "STUDYLINE_PORTAL_CLIENT_ID and STUDYLINE_PORTAL_CLIENT_SECRET."
            )
        portal_url = settings.portal_url.rstrip("/")
        return cls(settings.portal_client_id, secret.get_secret_value(), settings.issuer_url, portal_url)

    @property
    def redirect_uri(self) -> str:
        """Where the issuer sends the browser back to; must be registered there."""
        return f"{self.portal_url}/portal/callback"

    @property
    def is_https(self) -> bool:
        """Whether cookies may be kept to encrypted connections."""
        return self.portal_url.startswith("https://")
