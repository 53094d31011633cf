"""Settings of `sites`: those every service has, and where sites find their forms."""

from chassis.settings import HttpUrl, ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """See `chassis.settings`."""

    forms_url: HttpUrl | None = Field(
        default=None,
        description="Where people at sites reach this service, for links to forms; None: where the caller reaches it",
    )
