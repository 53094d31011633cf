"""What `regulatory` publishes: submissions to competent authorities and ethics committees, and regulatory clocks."""

from contracts.events import PublicEvent
from contracts.regulatory import clocks, submissions
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
]

TOPIC = "studyline.regulatory"

EVENTS: tuple[type[PublicEvent], ...] = (*submissions.EVENTS, *clocks.EVENTS)
