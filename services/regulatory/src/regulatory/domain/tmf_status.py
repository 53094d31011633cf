"""Where a document of the trial master file stands: facts are stored, its status on a day is derived and never stored.

`queries/tmf_standing.py` says the same to the database; a test compares the two on the same facts.
"""

from datetime import date, timedelta
from typing import Final, Literal

from kernel import bounds
from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["awaited", "waived", "released", "in_review", "returned", "filed", "superseded"]
Review = Literal["none", "in_review", "returned"]
Status = Literal[
    "not_due",
    "missing",
    "waived",
    "not_required",
    "in_review",
    "returned",
    "current",
    "expiring",
    "expired",
    "superseded",
]
EXPIRING_DAYS: Final = 60
"""So many calendar days before its own expiry a document is told as expiring."""

NEEDLESS: Final[tuple[Stage, ...]] = ("waived", "released")
"""The study does without the document."""
OPEN: Final[tuple[Stage, ...]] = ("awaited", "in_review", "returned", "superseded")
"""No version of the document is in force, whether it is due already or not."""


class Standing(BaseModel):
    """The facts of a document from a day on, until the next standing. `since` is "" where no day was reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: str = ""
    stage: Stage
    review: Review = Field(default="none", description="Of a newer version, beside the one in force")
    due_on: str | None = None
    expires_on: str | None = Field(default=None, description="The last day on which the version in force holds")

    def is_due(self, on: str) -> bool:
        """Whether the document must be there on this day."""
        return self.due_on is not None and self.due_on <= on


def status_on(standing: Standing, on: str) -> Status:
    """The status on a day (ISO 8601 date)."""
    match standing.stage:
        case "awaited":
            return "missing" if standing.is_due(on) else "not_due"
        case "released":
            return "not_required"
        case "waived" | "in_review" | "returned" | "superseded":
            return standing.stage
        case "filed":
            return _of_filed(standing.expires_on, on)


def is_open(standing: Standing, on: str) -> bool:
    """Whether a document that the study needs is not in force on a day."""
    return standing.stage in OPEN or status_on(standing, on) == "expired"


def _of_filed(expires_on: str | None, on: str) -> Status:
    if expires_on is None or expires_on > notice_until(on):
        return "current"
    return "expired" if expires_on < on else "expiring"


def notice_until(on: str) -> str:
    """The last expiry that is soon, seen from this day."""
    return (date.fromisoformat(on) + timedelta(days=EXPIRING_DAYS)).isoformat()


def notice_from(expires_on: str) -> str:
    """The first day on which a document with this expiry is expiring."""
    return (date.fromisoformat(expires_on) - timedelta(days=EXPIRING_DAYS)).isoformat()


def standing_at(history: tuple[Standing, ...], on: str) -> Standing | None:
    """What was so on a day, by the dates of the facts; None before the document was expected."""
    return next((one for one in reversed(history) if one.since <= on), None)


def day_of(at: str | None) -> str:
    """The last day a business time may mean: from then on a fact has certainly happened. "" where none was told."""
    if at is None:
        return ""
    return (bounds(at)[1] - timedelta(microseconds=1)).date().isoformat()


def days_between(earlier: str | None, later: str | None) -> int | None:
    """Calendar days from one business time to another; None where either is not told, or they lie the other way."""
    if not earlier or not later:
        return None
    days = (date.fromisoformat(day_of(later)) - date.fromisoformat(day_of(earlier))).days
    return days if days >= 0 else None
