"""Rows of submissions: whose, to which body, where they stand, and the last step of each.

Stages are those of CTR 536/2014, 21 CFR 312 and 56 as `regulatory` names them. An event's action says where it leads;
one that leads nowhere leaves the stage as it is and is the last step all the same.
"""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import Received
from contracts.regulatory import SubmissionAnswerLimitExtended, SubmissionApproved, SubmissionEvent

from reporting.projections.reading import action_of, key_of, owner_of, place_of, version_of

COLLECTION: Final = "submissions"

STAGE_AFTER: Final[Mapping[str, str]] = {
    "planned": "planned",
    "prepared": "in_preparation",
    "ready": "ready",
    "submitted": "submitted",
    "validation-started": "under_validation",
    "validation-questions-received": "validation_rfi",
    "validation-questions-answered": "under_validation",
    "validated": "valid",
    "found-invalid": "invalid",
    "assessment-started": "under_assessment",
    "questions-received": "rfi_received",
    "questions-answered": "rfi_responded",
    "approved": "approved",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
    "lapsed": "lapsed",
    "expired": "expired",
    "renewed": "renewed",
    "suspended": "suspended",
    "reinstated": "approved",
    "revoked": "revoked",
}
"""By the action in an event's type."""
LEAD_NOWHERE: Final = frozenset(
    {"documents-named", "part-concluded", "condition-fulfilled", "modification-implemented", "answer-limit-extended"}
)
"""Steps after which a submission stands where it stood; with more time for an answer it may be awaited again."""
AWAITED: Final[Mapping[str, str]] = {"validation": "validation_rfi", "assessment": "rfi_received"}
DECIDED: Final = frozenset(
    {
        *("approved", "approved_with_conditions", "tacitly_approved", "renewed", "rejected", "withdrawn"),
        *("invalid", "lapsed", "expired", "revoked"),
    }
)
"""Where nobody waits for the body any more."""
QUESTIONS: Final = "questions-received"
UNKNOWN_STAGE: Final = "in_preparation"


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The submission after one more of its events."""
    event = received.event
    assert isinstance(event, SubmissionEvent)
    before = row or {"stage": UNKNOWN_STAGE, "rounds": 0}
    action = action_of(event)
    return {
        **owner_of(received),
        **place_of(received),
        "body": event.body,
        "kind": event.kind,
        "notifies": list(event.notifies),
        "stage": _stage(before["stage"], event),
        # Events from before rounds were told say 0.
        "rounds": max(event.rounds, before["rounds"] + (action == QUESTIONS)),
        "last_step": {"kind": action.replace("-", "_"), "occurred_at": received.envelope.occurred_at},
    }


def _stage(before: str, event: SubmissionEvent) -> str:
    if isinstance(event, SubmissionApproved) and event.tacit:
        return "tacitly_approved"
    if isinstance(event, SubmissionApproved) and event.with_conditions:
        return "approved_with_conditions"
    if isinstance(event, SubmissionAnswerLimitExtended) and event.had_lapsed:
        return AWAITED[event.phase]
    return STAGE_AFTER.get(action_of(event), before)


ROWS: Final = Rows(COLLECTION, key_of("submission", "submission_id"), version_of, fold)
