"""What `regulatory` publishes: submissions to authorities and ethics committees, clocks, trial master files."""

from contracts.events import PublicEvent
from contracts.regulatory import clocks, submissions, tmf
from contracts.regulatory.clocks import (
    ClockEvent,
    RegulatoryClockEnded,
    RegulatoryClockExtended,
    RegulatoryClockPaused,
    RegulatoryClockResumed,
    RegulatoryClockStarted,
    RegulatoryClockStopped,
    RegulatoryDeadlineApproaching,
    RegulatoryDeadlineMissed,
)
from contracts.regulatory.submissions import (
    Body,
    SubmissionApproved,
    SubmissionEvent,
    SubmissionPrepared,
    SubmissionQuestionsAnswered,
    SubmissionQuestionsReceived,
    SubmissionRejected,
    SubmissionSubmitted,
    SubmissionWithdrawn,
)

__all__ = [
    "EVENTS",
    "TOPIC",
    "Body",
    "ClockEvent",
    "RegulatoryClockEnded",
    "RegulatoryClockExtended",
    "RegulatoryClockPaused",
    "RegulatoryClockResumed",
    "RegulatoryClockStarted",
    "RegulatoryClockStopped",
    "RegulatoryDeadlineApproaching",
    "RegulatoryDeadlineMissed",
    "SubmissionApproved",
    "SubmissionEvent",
    "SubmissionPrepared",
    "SubmissionQuestionsAnswered",
    "SubmissionQuestionsReceived",
    "SubmissionRejected",
    "SubmissionSubmitted",
    "SubmissionWithdrawn",
    "tmf",
]

TOPIC = "studyline.regulatory"

EVENTS: tuple[type[PublicEvent], ...] = (*submissions.EVENTS, *clocks.EVENTS, *tmf.EVENTS)
