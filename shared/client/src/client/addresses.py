"""Where the services answer."""

from pydantic import BaseModel, ConfigDict


class Addresses(BaseModel):
    """Base addresses of the four services, such as `http://127.0.0.1:8001`; other members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", from_attributes=True)

    sites: str
    monitoring: str
    regulatory: str
    reporting: str
