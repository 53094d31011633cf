"""What is asked of a submission: the commands of `submission.py`."""

from datetime import date
from typing import Literal

from kernel import BusinessTime, Command
from pydantic import BaseModel, ConfigDict, Field

from regulatory.domain.submission_events import AnswerLimit
from regulatory.domain.submission_steps import (
    Body,
    Conclusion,
    DocumentVersion,
    Kind,
    LapseCause,
    Part,
    Phase,
)

AdoptableStep = Literal[
    "planned",
    "prepared",
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
]
"""The steps of a history; what concerns documents, conditions and sites is entered as it is known here."""


class AdoptedStep(BaseModel):
    """One step of a history that is taken over, with what its source tells of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: AdoptableStep
    on: BusinessTime
    part: Part | None = None
    conclusion: Conclusion = "acceptable"
    due_on: date | None = Field(None, ge=date(1950, 1, 1), lt=date(2200, 1, 1))
    reference: str | None = Field(None, min_length=1, max_length=200)
    covers: tuple[str, ...] = Field((), max_length=100)
    conditions: tuple[str, ...] = Field((), max_length=100)
    expires_on: BusinessTime | None = None


class PrepareSubmission(Command):
    """Begin work on a submission, or plan it. `site_country` is a fact of the site where it concerns one.

    Without a kind nothing is known of what it needs: no document is required of it, and no clock runs for it.
    """

    submission_id: str
    study_id: str
    sponsor_id: str
    body: Body
    country: str
    site_id: str | None = None
    site_country: str | None = None
    kind: Kind | None = None
    parts: tuple[Part, ...] = ()
    notifies: tuple[str, ...] = ()
    documents: tuple[DocumentVersion, ...] = ()
    planned: bool = False


class AdoptSubmission(PrepareSubmission):
    """Take over a submission from elsewhere with its dated steps and no gate; `limits` are the handler's facts."""

    steps: tuple[AdoptedStep, ...]
    limits: tuple[AnswerLimit | None, ...] = ()


class PlainStep(Command):
    """A step that needs its date and nothing more. Subclasses name it."""


class BeginPreparation(PlainStep):
    """Begin work on a planned submission."""


class NameDocuments(Command):
    """Say which document versions are submitted; what was named before is replaced."""

    documents: tuple[DocumentVersion, ...]


class CompletePreparation(Command):
    """Note that the dossier has passed its quality control. `not_approved` are facts of this service's documents."""

    not_approved: tuple[DocumentVersion, ...] = ()


class Submit(Command):
    """Hand the submission to the body. `not_approved` are facts of this service's documents."""

    not_approved: tuple[DocumentVersion, ...] = ()


class StartValidation(PlainStep):
    """Note that the body looks whether the dossier is complete (CTR: the reporting member state is named)."""


class ReceiveQuestions(Command):
    """Note that the body asks for more information; `limit`, where one is known, is the handler's fact."""

    phase: Phase = "assessment"
    part: Part | None = None
    limit: AnswerLimit | None = None


class AnswerQuestions(Command):
    """Answer the body's questions; the submission is with the body again, or has lapsed where it is too late."""

    phase: Phase = "assessment"


class ExtendAnswerLimit(Command):
    """Give more time for the answer of one round: its clock was told so by the body. A policy's order."""

    round: int
    due_on: date


class Validate(PlainStep):
    """Note that the body finds the dossier complete."""


class FindInvalid(PlainStep):
    """Note that the body finds the dossier incomplete for good."""


class StartAssessment(PlainStep):
    """Note that the body assesses the dossier."""


class ConcludePart(Command):
    """Note the body's conclusion on one part of the dossier (CTR 536/2014 art. 6 and 7)."""

    part: Part
    conclusion: Conclusion


class ApproveSubmission(Command):
    """Note the body's agreement; `occurred_at` is the date of its decision. `tacit` where it agreed by silence.

    `body_has_until` is the handler's fact: the last day of the period after which silence is an agreement.
    """

    reference: str | None = None
    covers: tuple[str, ...] = ()
    documents: tuple[DocumentVersion, ...] = ()
    conditions: tuple[str, ...] = ()
    expires_on: BusinessTime | None = None
    tacit: bool = False
    body_has_until: date | None = None


class RejectSubmission(Command):
    """Note the body's refusal."""

    reference: str | None = None


class WithdrawSubmission(PlainStep):
    """Take the submission back; after an approval this gives the approval up."""


class LapseSubmission(Command):
    """Note that the submission has lapsed; a policy's order concerns the questions of one round while they wait."""

    cause: LapseCause = "noted"
    round: int | None = None


class ExpireApproval(Command):
    """Note that the approval has run out; a policy's order concerns it only while it is in force."""

    by_policy: bool = False


class RenewApproval(Command):
    """Note that the body has renewed its approval."""

    reference: str | None = None
    expires_on: BusinessTime | None = None


class SuspendApproval(PlainStep):
    """Note that the body has suspended its approval."""


class ReinstateApproval(PlainStep):
    """Note that the body has lifted a suspension."""


class RevokeApproval(PlainStep):
    """Note that the body has taken its approval back."""


class FulfilCondition(Command):
    """Note that one condition of the approval is fulfilled, by its number from 1."""

    number: int


class ImplementModification(Command):
    """Note that a modification is carried out, at a site or everywhere. `site_country` is the handler's fact.

    `by_policy`: a site told that it works by the version; where a guard forbids to note it here, that is no news.
    """

    site_id: str | None = None
    site_country: str | None = None
    urgent_safety_measure: bool = False
    by_policy: bool = False


SubmissionCommand = (
    PrepareSubmission
    | AdoptSubmission
    | BeginPreparation
    | NameDocuments
    | CompletePreparation
    | Submit
    | StartValidation
    | ReceiveQuestions
    | AnswerQuestions
    | ExtendAnswerLimit
    | Validate
    | FindInvalid
    | StartAssessment
    | ConcludePart
    | ApproveSubmission
    | RejectSubmission
    | WithdrawSubmission
    | LapseSubmission
    | ExpireApproval
    | RenewApproval
    | SuspendApproval
    | ReinstateApproval
    | RevokeApproval
    | FulfilCondition
    | ImplementModification
)
