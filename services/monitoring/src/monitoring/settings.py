"""Settings of `monitoring`: those every service has."""

from chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """See `chassis.settings`."""
