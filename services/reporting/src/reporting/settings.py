"""Settings of `reporting`: those every service has, and the portal's."""

from pathlib import Path
from typing import Annotated

from chassis.settings import HttpUrl, ServiceSettings
from pydantic import Field, SecretStr


class Settings(ServiceSettings):
    """See `chassis.settings`. Without the portal's client, people cannot sign in; tokens work all the same."""

    portal_url: HttpUrl | None = Field(default=None, description="Public base address of the portal")
    portal_client_id: str | None = Field(default=None, description="OpenID Connect client of the portal at the issuer")
    portal_client_secret: SecretStr | None = None
    portal_vendor_dir: Path | None = Field(
        default=None, description="Folder of the portal's installed browser libraries; by default beside its code"
    )
    stream_connections_max: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=500, description="Event streams one process keeps open; the next one is told to come back later"
    )
