"""Regulatory clocks: periods that run for an authority, a sponsor or an investigator, and what became of them."""

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from contracts.events import PublicEvent

ClockAbout = Literal["submission", "obligation"]
Obliged = Literal["authority", "sponsor", "investigator"]
IfMissed = Literal["nothing", "lapsed", "tacit_validity", "tacit_approval", "expired", "may_end"]


class ClockEvent(PublicEvent):
    """What every event of a clock carries. `due_on` is the last day in time where the authority is."""

    clock_id: str
    rule_id: str = Field(description="The rule row that the period follows")
    rule_version: int
    about_type: ClockAbout
    about_id: str = Field(description="The submission, or the key of the obligation, that it is about")
    country: str | None = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    site_id: str | None
    obliges: Obliged
    if_missed: IfMissed = Field(description="What the law makes of a miss")
    round: int | None = Field(description="The request for information that it is about, counted from 1")
    due_on: date
    due_at: datetime = Field(description="The first instant that is too late, in UTC")
    zone: str = Field(description="The authority's time zone (tzdata)")


class RegulatoryClockStarted(ClockEvent):
    """The period began. `occurredtime` of the envelope is its anchor."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.started.v1"
    due_by_body: bool = Field(description="Whether the body has set the end, and not the rule")


class RegulatoryClockPaused(ClockEvent):
    """No further day counts; `due_on` is what it was."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.paused.v1"


class RegulatoryClockResumed(ClockEvent):
    """Days count again; `due_on` is the new end."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.resumed.v1"


class RegulatoryClockExtended(ClockEvent):
    """The period is longer; `due_on` is the new end."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.extended.v1"
    under_rule_id: str
    more_days: int


class RegulatoryClockExtendedByBody(ClockEvent):
    """The body has set a later end: `due_on`. `occurredtime` of the envelope is the day on which it did."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.extended-by-body.v1"
    due_before: date = Field(description="The last day in time until then")
    percent: int | None = Field(ge=1, le=100, description="So much of the longer period was over and told already")
    reference: str | None = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,79}$", description="Of the body's letter")


class RegulatoryClockAnchorCorrected(ClockEvent):
    """What began it was on another day: `due_on` is the new end. `occurredtime` of the envelope is the anchor."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.anchor-corrected.v1"
    due_before: date = Field(description="The last day in time until then")
    percent: int | None = Field(
        ge=1, le=100, description="So much of the period as it is now was over and told already"
    )


class RegulatoryDeadlineApproaching(ClockEvent):
    """So many percent of the period are over; at 100 its last day has begun."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.approaching.v1"
    percent: int = Field(ge=1, le=100)


class RegulatoryDeadlineMissed(ClockEvent):
    """The deadline has passed, and what was due is not known to be done."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.missed.v1"


class RegulatoryClockStopped(ClockEvent):
    """What was due was done; in time also where that was learned of only after a miss was told."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.stopped.v1"
    in_time: bool


class RegulatoryClockEnded(ClockEvent):
    """What was due is due no more: neither kept nor missed."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.ended.v1"


class RegulatoryClockReopened(ClockEvent):
    """It runs again: that it was stopped or ended is taken back."""

    TYPE: ClassVar[str] = "studyline.regulatory.clock.reopened.v1"
    paused: bool = Field(default=False, description="Whether it stands still again, as it did before")


EVENTS: tuple[type[PublicEvent], ...] = (
    RegulatoryClockStarted,
    RegulatoryClockPaused,
    RegulatoryClockResumed,
    RegulatoryClockExtended,
    RegulatoryClockExtendedByBody,
    RegulatoryClockAnchorCorrected,
    RegulatoryDeadlineApproaching,
    RegulatoryDeadlineMissed,
    RegulatoryClockStopped,
    RegulatoryClockEnded,
    RegulatoryClockReopened,
)
