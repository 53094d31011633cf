"""What happens to a submission: the events of `submission.py`, and the step that each is."""

from kernel import BusinessTime, Event
from pydantic import BaseModel, ConfigDict

from regulatory.domain.calendar import Deadline
from regulatory.domain.submission_steps import (
    Body,
    Conclusion,
    DocumentVersion,
    Kind,
    LapseCause,
    Part,
    Phase,
    StepName,
)


class AnswerLimit(BaseModel):
    """Until when the body's questions must be answered; `lapses` where the submission does when they are not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    due: Deadline
    by_body: bool = False
    lapses: bool = False


class BareStep(Event):
    """A step of which nothing is told but its date. Subclasses name it."""


class SubmissionBegun(Event):
    """What the first event of a submission tells."""

    submission_id: str
    study_id: str
    sponsor_id: str
    body: Body
    country: str
    site_id: str | None
    kind: Kind | None = None
    parts: tuple[Part, ...] = ()
    notifies: tuple[str, ...] = ()


class SubmissionPlanned(SubmissionBegun):
    """The submission is foreseen."""


class SubmissionPrepared(SubmissionBegun):
    """Work on the submission began."""


class SubmissionDocumentsNamed(Event):
    """These document versions are submitted."""

    documents: tuple[DocumentVersion, ...]


class SubmissionReady(BareStep):
    """The dossier has passed its quality control."""


class SubmissionSubmitted(BareStep):
    """The body has the submission."""


class SubmissionValidationStarted(BareStep):
    """The body looks whether the dossier is complete."""


class SubmissionQuestionsReceived(Event):
    """The body asked for more information."""

    part: Part | None = None
    limit: AnswerLimit | None = None


class SubmissionQuestionsAnswered(BareStep):
    """The body has the answers."""


class AnswerLimitExtended(Event):
    """The body gave more time for its questions of a round; `had_lapsed` where the earlier limit had been missed."""

    round: int
    phase: Phase
    limit: AnswerLimit
    had_lapsed: bool


class SubmissionValidationQuestionsReceived(SubmissionQuestionsReceived):
    """The body asked for what makes the dossier complete."""


class SubmissionValidationQuestionsAnswered(SubmissionQuestionsAnswered):
    """The body has what it asked for."""


class SubmissionValidated(BareStep):
    """The dossier is complete."""


class SubmissionFoundInvalid(BareStep):
    """The dossier is incomplete for good."""


class SubmissionAssessmentStarted(BareStep):
    """The body assesses the dossier."""


class SubmissionPartConcluded(Event):
    """The body concluded on one part; `completed_on` where all have their conclusion: the latest of their dates."""

    part: Part
    conclusion: Conclusion
    completed_on: BusinessTime | None


class SubmissionApproved(Event):
    """The body agreed to these document versions, perhaps on conditions and until a date."""

    reference: str
    covers: tuple[str, ...]
    conditions: tuple[str, ...]
    expires_on: BusinessTime | None
    documents: tuple[DocumentVersion, ...] = ()


class SubmissionTacitlyApproved(SubmissionApproved):
    """The body agreed by its silence."""


class SubmissionRejected(Event):
    """The body refused."""

    reference: str | None


class SubmissionWithdrawn(BareStep):
    """The applicant took the submission back."""


class SubmissionLapsed(Event):
    """The submission, or its approval, has lapsed by law."""

    cause: LapseCause
    round: int | None


class ApprovalExpired(BareStep):
    """The approval has run out."""


class ApprovalRenewed(Event):
    """The body renewed its approval."""

    reference: str
    expires_on: BusinessTime | None


class ApprovalSuspended(BareStep):
    """The body suspended its approval."""


class ApprovalReinstated(BareStep):
    """The body lifted the suspension."""


class ApprovalRevoked(BareStep):
    """The body took its approval back."""


class ConditionFulfilled(Event):
    """One condition of the approval is fulfilled."""

    number: int


class ModificationImplemented(Event):
    """The modification is carried out, at a site or everywhere."""

    site_id: str | None
    urgent_safety_measure: bool


SubmissionEvent = (
    SubmissionPlanned
    | SubmissionPrepared
    | SubmissionDocumentsNamed
    | SubmissionReady
    | SubmissionSubmitted
    | SubmissionValidationStarted
    | SubmissionValidationQuestionsReceived
    | SubmissionValidationQuestionsAnswered
    | SubmissionQuestionsReceived
    | SubmissionQuestionsAnswered
    | AnswerLimitExtended
    | SubmissionValidated
    | SubmissionFoundInvalid
    | SubmissionAssessmentStarted
    | SubmissionPartConcluded
    | SubmissionTacitlyApproved
    | SubmissionApproved
    | SubmissionRejected
    | SubmissionWithdrawn
    | SubmissionLapsed
    | ApprovalExpired
    | ApprovalRenewed
    | ApprovalSuspended
    | ApprovalReinstated
    | ApprovalRevoked
    | ConditionFulfilled
    | ModificationImplemented
)

EVENT_OF: dict[StepName, type[SubmissionEvent]] = {
    "planned": SubmissionPlanned,
    "prepared": SubmissionPrepared,
    "documents_named": SubmissionDocumentsNamed,
    "ready": SubmissionReady,
    "submitted": SubmissionSubmitted,
    "validation_started": SubmissionValidationStarted,
    "validation_questions_received": SubmissionValidationQuestionsReceived,
    "validation_questions_answered": SubmissionValidationQuestionsAnswered,
    "questions_received": SubmissionQuestionsReceived,
    "questions_answered": SubmissionQuestionsAnswered,
    "answer_limit_extended": AnswerLimitExtended,
    "validated": SubmissionValidated,
    "found_invalid": SubmissionFoundInvalid,
    "assessment_started": SubmissionAssessmentStarted,
    "part_concluded": SubmissionPartConcluded,
    "approved": SubmissionApproved,
    "tacitly_approved": SubmissionTacitlyApproved,
    "rejected": SubmissionRejected,
    "withdrawn": SubmissionWithdrawn,
    "lapsed": SubmissionLapsed,
    "expired": ApprovalExpired,
    "renewed": ApprovalRenewed,
    "suspended": ApprovalSuspended,
    "reinstated": ApprovalReinstated,
    "revoked": ApprovalRevoked,
    "condition_fulfilled": ConditionFulfilled,
    "modification_implemented": ModificationImplemented,
}
STEP_OF: dict[type[SubmissionEvent], StepName] = {event: step for step, event in EVENT_OF.items()}
