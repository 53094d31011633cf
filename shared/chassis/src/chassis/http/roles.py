"""The roles of the platform, as tokens name them."""

from enum import StrEnum


class Role(StrEnum):
    """What a person or a system does in the platform."""

    OPERATIONS = "operations"
    MONITOR = "monitor"
    REGULATORY = "regulatory"
    QUALITY = "quality"
    SPONSOR = "sponsor"
    PARTNER = "partner"
    ADMIN = "admin"
