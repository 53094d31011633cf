"""The steps of a submission, the stage each leads to, and the stages from which each may be taken.

Kinds and bodies are those of CTR 536/2014, 21 CFR 312 and 56, and ICH E6(R3). `Stage` says exactly where a submission
stands; `Status` is the coarse word that the platform's first clients know, which new stages only add to.
"""

from typing import Final, Literal

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field

Body = Literal["competent_authority", "ethics_committee", "other_committee", "registry"]
Kind = Literal[
    "initial",
    "substantial_modification",
    "non_substantial",
    "additional_member_state",
    "notification",
    "safety",
    "annual_report",
    "end_of_trial",
    "results",
]
Part = Literal["I", "II"]
Conclusion = Literal["acceptable", "acceptable_with_conditions", "not_acceptable"]
Phase = Literal["validation", "assessment"]
LapseCause = Literal["answer_limit_missed", "answer_late", "noted"]
Stage = Literal[
    "planned",
    "in_preparation",
    "ready",
    "submitted",
    "under_validation",
    "validation_rfi",
    "valid",
    "invalid",
    "under_assessment",
    "rfi_received",
    "rfi_responded",
    "approved",
    "approved_with_conditions",
    "tacitly_approved",
    "rejected",
    "withdrawn",
    "lapsed",
    "expired",
    "renewed",
    "suspended",
    "revoked",
]
Status = Literal[
    "planned",
    "prepared",
    "submitted",
    "questions",
    "approved",
    "rejected",
    "withdrawn",
    "invalid",
    "lapsed",
    "expired",
    "suspended",
    "revoked",
]
StepName = Literal[
    "planned",
    "prepared",
    "documents_named",
    "ready",
    "submitted",
    "validation_started",
    "validation_questions_received",
    "validation_questions_answered",
    "validated",
    "found_invalid",
    "assessment_started",
    "part_concluded",
    "questions_received",
    "questions_answered",
    "answer_limit_extended",
    "approved",
    "tacitly_approved",
    "rejected",
    "withdrawn",
    "lapsed",
    "expired",
    "renewed",
    "suspended",
    "reinstated",
    "revoked",
    "condition_fulfilled",
    "modification_implemented",
]

STAGE_AFTER: Final[dict[StepName, Stage]] = {
    "planned": "planned",
    "prepared": "in_preparation",
    "ready": "ready",
    "submitted": "submitted",
    "validation_started": "under_validation",
    "validation_questions_received": "validation_rfi",
    "validation_questions_answered": "under_validation",
    "validated": "valid",
    "found_invalid": "invalid",
    "assessment_started": "under_assessment",
    "questions_received": "rfi_received",
    "questions_answered": "rfi_responded",
    "approved": "approved",
    "tacitly_approved": "tacitly_approved",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
    "lapsed": "lapsed",
    "expired": "expired",
    "renewed": "renewed",
    "suspended": "suspended",
    "revoked": "revoked",
}
"""Where a step leads. What is missing here leaves the stage as it is; a reinstated approval is what it was, and an
answer that may come later than the limit by which the submission lapsed is awaited again."""
STATUS_AT: Final[dict[Stage, Status]] = {
    "planned": "planned",
    "in_preparation": "prepared",
    "ready": "prepared",
    "submitted": "submitted",
    "under_validation": "submitted",
    "validation_rfi": "questions",
    "valid": "submitted",
    "invalid": "invalid",
    "under_assessment": "submitted",
    "rfi_received": "questions",
    "rfi_responded": "submitted",
    "approved": "approved",
    "approved_with_conditions": "approved",
    "tacitly_approved": "approved",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
    "lapsed": "lapsed",
    "expired": "expired",
    "renewed": "approved",
    "suspended": "suspended",
    "revoked": "revoked",
}
GRANTED: Final[tuple[Stage, ...]] = ("approved", "approved_with_conditions", "tacitly_approved", "renewed")
ASSESSED: Final[tuple[Stage, ...]] = ("submitted", "valid", "under_assessment", "rfi_responded")
WITH_BODY: Final[tuple[Stage, ...]] = (*ASSESSED, "under_validation", "validation_rfi", "rfi_received")
FOLLOWS: Final[dict[StepName, tuple[Stage, ...]]] = {
    "prepared": ("planned",),
    "documents_named": ("planned", "in_preparation"),
    "ready": ("in_preparation",),
    "submitted": ("in_preparation", "ready"),
    "validation_started": ("submitted",),
    "validation_questions_received": ("submitted", "under_validation"),
    "validation_questions_answered": ("validation_rfi",),
    "validated": ("submitted", "under_validation"),
    "found_invalid": ("submitted", "under_validation", "validation_rfi"),
    "assessment_started": ("submitted", "valid"),
    "part_concluded": (*ASSESSED, "rfi_received"),
    "questions_received": ASSESSED,
    "questions_answered": ("rfi_received",),
    "answer_limit_extended": ("validation_rfi", "rfi_received", "lapsed"),
    "approved": ASSESSED,
    "tacitly_approved": ASSESSED,
    "rejected": (*ASSESSED, "rfi_received"),
    "withdrawn": ("planned", "in_preparation", "ready", *WITH_BODY, *GRANTED, "suspended"),
    "lapsed": ("validation_rfi", "rfi_received", *GRANTED),
    "expired": (*GRANTED, "suspended"),
    "renewed": (*GRANTED, "expired"),
    "suspended": GRANTED,
    "reinstated": ("suspended",),
    "revoked": (*GRANTED, "suspended"),
    "condition_fulfilled": (*GRANTED, "suspended"),
    "modification_implemented": GRANTED,
}
"""From which stages a step may be taken. The first clients know no validation: a decision may follow submission."""
AWAITED: Final[dict[Stage, Phase]] = {"validation_rfi": "validation", "rfi_received": "assessment"}
"""Stages at which the body awaits an answer."""
AWAITING: Final[dict[Phase, Stage]] = {phase: stage for stage, phase in AWAITED.items()}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentVersion(_Value):
    """One version of a document, by its artefact's unique id in the TMF Reference Model 3.3.1."""

    tmf_unique_id: str = Field(pattern=r"^\d{3}$")
    document_id: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9._:-]+$")
    version: str = Field(min_length=1, max_length=50, pattern=r"^[A-Za-z0-9._-]+$")


class StepTaken(_Value):
    """One step in the history of a submission; `completes` where with this part's conclusion all parts have theirs."""

    step: StepName
    on: BusinessTime | None
    part: Part | None = None
    completes: bool = False


def words(name: str) -> str:
    """A step or stage in words."""
    return name.replace("_", " ").replace("rfi", "request for information")
