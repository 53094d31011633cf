"""Regulatory clocks for tests' stories, as regulatory would tell them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from contracts import PublicEvent, Received, derived_id
from contracts import regulatory as public

if TYPE_CHECKING:
    from telling import Story

BERLIN = "Europe/Berlin"


def first_instant_after(last_day: date, zone: str) -> datetime:
    """The first instant that is too late for what is due on this day, in UTC."""
    return datetime.combine(last_day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)


@dataclass
class ClockStory:
    """One clock of a submission; each event is told with the end that holds then."""

    story: Story
    about: str
    due_on: date
    rule: str = "eu-ctr-part-i"
    zone: str = BERLIN
    about_type: str = "submission"
    country: str = "DE"
    more: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def clock_id(self) -> str:
        """Follows from what it is about."""
        return derived_id("clock", self.about, self.rule)

    def tell(self, event: type[PublicEvent], occurred: str | None = None, **more: Any) -> Received:
        """The clock's next event."""
        about: dict[str, Any] = {
            "study_id": self.story.study_id,
            "clock_id": self.clock_id,
            "rule_id": self.rule,
            "rule_version": 1,
            "about_type": self.about_type,
            "about_id": self.about,
            "country": self.country,
            "site_id": None,
            "obliges": "authority",
            "if_missed": "nothing",
            "round": None,
            "due_on": self.due_on,
            "due_at": first_instant_after(self.due_on, self.zone),
            "zone": self.zone,
        }
        told = event.model_validate({**about, **self.more, **more})
        return self.story.tell(f"clock/{self.clock_id}", told, occurred)

    def started(self, occurred: str | None = None) -> Received:
        """The period began."""
        return self.tell(public.RegulatoryClockStarted, occurred, due_by_body=False)
