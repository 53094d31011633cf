"""How long there is still time, reckoned when somebody asks: by the calendar of the authority, never stored. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import Field

from reporting.projections.clocks import COUNTING, zone_of
from reporting.queries.answers import Answer, instant


class Clock(Answer):
    """A period that runs, until the end of `due_on` where the authority is."""

    clock_id: str
    rule_id: str = Field(description="The rule row that the period follows, as regulatory lists it")
    status: str = Field(description="running, paused or missed; stopped or ended where it is over")
    obliges: str = Field(description="Who has to act: authority, sponsor or investigator")
    if_missed: str = Field(description="What the law makes of a miss")
    round: int | None = Field(description="The request for information that it is about, counted from 1")
    due_on: str = Field(description="The last day in time where the authority is")
    due_at: str = Field(description="The first instant that is too late, RFC 3339 in UTC")
    zone: str = Field(description="The authority's time zone (tzdata)")
    percent: int | None = Field(description="The last alert that was told: so many percent of the period were over")
    days_left: int | None = Field(
        description="Calendar days there; 0 on the last day, below 0 overdue; null where none counts"
    )


def clock(stored: Mapping[str, Any], now: datetime) -> Clock:
    """A stored clock as clients see it at this instant."""
    left = days_left(stored, now) if stored["status"] in COUNTING else None
    told = {name: stored[name] for name in Clock.model_fields if name not in {"due_at", "days_left"}}
    return Clock(**told, due_at=instant(stored["due_at"]), days_left=left)


def days_left(stored: Mapping[str, Any], now: datetime) -> int:
    """Calendar days from today to the last day in time, both where the authority is; below 0 once it is too late."""
    last = date.fromisoformat(stored["due_on"])
    days = (last - now.astimezone(zone_of(stored["zone"])).date()).days
    # A period in hours ends within a day: then that day alone does not tell that it is over.
    return min(days, -1) if stored["due_at"] <= now else max(days, 0)
