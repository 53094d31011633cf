"""Settings of `regulatory`: those every service has, and how large a transfer of a trial master file may be."""

from typing import Annotated

from chassis.settings import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """See `chassis.settings`."""

    tmf_package_limit_bytes: Annotated[int, Field(ge=1_024)] = Field(
        default=2_147_483_648, description="How large an eTMF-EMS package may be that is taken over"
    )
