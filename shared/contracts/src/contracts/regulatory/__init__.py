"""What `regulatory` publishes: submissions to competent authorities and ethics committees."""

from contracts.events import PublicEvent
from contracts.regulatory import submissions
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

EVENTS: tuple[type[PublicEvent], ...] = (*submissions.EVENTS,)
