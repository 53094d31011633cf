"""What is asked of a clock and what happens to it: the commands and events of `clock.py`."""

from datetime import date, datetime
from typing import Literal

from kernel import BusinessTime, Command, Event
from pydantic import BaseModel, ConfigDict

from regulatory.domain.calendar import Alert, Deadline
from regulatory.domain.clock_rules import IfMissed, Obliged

AboutType = Literal["submission", "obligation"]


class Period(BaseModel):
    """What a clock is about, and the rule's version that it follows. `due_by_body` where the body has set the end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock_id: str
    study_id: str
    sponsor_id: str
    country: str | None
    site_id: str | None
    about_type: AboutType
    about_id: str
    rule_id: str
    rule_version: int
    obliges: Obliged
    if_missed: IfMissed
    round: int | None = None
    due_by_body: bool = False


# Commands


class StartClock(Command):
    """Begin a period. `now` and `deadline` are facts of the handler; `over` where what ends it is on record already."""

    period: Period
    deadline: Deadline
    now: datetime
    over: bool = False


class ReckonObligation(Command):
    """Have an obligation's clock run as the course of its trial says; `occurred_at` is its anchor. For policies.

    Without a `deadline` nothing begins it, or no more; `done_on` is when it was met. It is `held_by_another` where
    somebody began the period by hand: that clock stands.
    """

    period: Period
    deadline: Deadline | None
    now: datetime
    done_on: BusinessTime | None = None
    held_by_another: bool = False


class Step(Command):
    """A step of a clock that was begun. `only_if_open`: a policy's order, which concerns it only while it is open."""

    only_if_open: bool = False


class PauseClock(Step):
    """Let no further day count."""


class ResumeClock(Step):
    """Let days count again; the end, reckoned anew, is a fact of the handler, None where nothing is to be resumed."""

    deadline: Deadline | None
    now: datetime


class ExtendClock(Step):
    """Lengthen the period by so many calendar days under another rule, once a rule; its end is the handler's fact."""

    under_rule_id: str
    more_days: int
    deadline: Deadline | None
    now: datetime


class ExtendClockByBody(Step):
    """Note that the body has set a later end; `reference` is that of its letter."""

    due_on: date
    reference: str | None = None
    now: datetime


class StopClock(Step):
    """What was due was done, in time or late."""


class EndClock(Step):
    """What was due is due no more (lapsed, withdrawn, decided otherwise): neither kept nor missed."""


class ReopenClock(Step):
    """Take back that it was stopped or ended; a policy's order concerns one that ended when its submission lapsed."""

    now: datetime


class NoteDeadline(Command):
    """Tell what is to be told of the deadline up to now. For the ticker."""

    now: datetime


ClockCommand = (
    StartClock
    | PauseClock
    | ResumeClock
    | ExtendClock
    | ExtendClockByBody
    | StopClock
    | EndClock
    | ReopenClock
    | NoteDeadline
    | ReckonObligation
)


# Events


class ClockStarted(Event):
    """The period began. Where it is `over` as history tells, nothing is told of it but its steps."""

    period: Period
    deadline: Deadline
    over: bool = False


class ClockPaused(Event):
    """No further day counts after this one."""

    since: date


class ClockResumed(Event):
    """Days count again from the next one on."""

    until: date
    deadline: Deadline


class ClockExtended(Event):
    """The period is longer."""

    under_rule_id: str
    more_days: int
    deadline: Deadline


class ClockExtendedByBody(Event):
    """The body has set a later end than `due_before`; `alerts` are those of the longer period still to be told."""

    due_before: date
    deadline: Deadline
    alerts: tuple[Alert, ...]
    reference: str | None = None


class ClockAnchorCorrected(Event):
    """What began it was on another day, so it does not end on `due_before`; `alerts` are those still to be told."""

    period: Period
    due_before: date
    deadline: Deadline
    alerts: tuple[Alert, ...]


class ClockAnchorTakenBack(Event):
    """What began it did not happen after all, so nothing is due."""


class DeadlineApproaching(Event):
    """So many percent of the period are over."""

    percent: int


class DeadlineMissed(Event):
    """The last day in time has passed, and what was due is not known to be done."""


class ClockStopped(Event):
    """What was due was done."""

    in_time: bool


class ClockEnded(Event):
    """What was due is due no more."""


class ClockReopened(Event):
    """It runs again as before it was stopped or ended."""


ClockEvent = (
    ClockStarted
    | ClockPaused
    | ClockResumed
    | ClockExtended
    | ClockExtendedByBody
    | ClockAnchorCorrected
    | ClockAnchorTakenBack
    | DeadlineApproaching
    | DeadlineMissed
    | ClockStopped
    | ClockEnded
    | ClockReopened
)
