"""Submissions to competent authorities and ethics committees."""

from datetime import date
from typing import ClassVar, Final, Literal

from kernel import BusinessTime
from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent

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
TOLD_ONLY: Final[frozenset[Kind | None]] = frozenset(
    {"notification", "safety", "annual_report", "end_of_trial", "results"}
)
"""What a body is only told, as a protocol amendment under an IND (21 CFR 312.30): nobody waits for its agreement."""
Part = Literal["I", "II"]
Conclusion = Literal["acceptable", "acceptable_with_conditions", "not_acceptable"]
Phase = Literal["validation", "assessment"]
LapseCause = Literal["answer_limit_missed", "answer_late", "noted"]


class SubmittedDocument(BaseModel):
    """One version of a document, by its artefact's unique id in the TMF Reference Model 3.3.1."""

    model_config = ConfigDict(frozen=True)

    tmf_unique_id: str
    document_id: str
    version: str


class SubmissionEvent(PublicEvent):
    """What every event of a submission carries. Without a site it concerns the whole country."""

    submission_id: str
    body: Body
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    site_id: str | None = Field(description="Set where the submission concerns one site only")
    kind: Kind | None = Field(None, description="What is asked for; none where it was prepared without one")
    parts: tuple[Part, ...] = Field((), description="Parts of the dossier (CTR 536/2014); none means all of it")
    rounds: int = Field(0, description="How many requests for information there have been so far")
    renewals: int = Field(0, description="How often the approval was renewed so far")
    notifies: tuple[str, ...] = Field((), description="What a notification tells of, by the anchors of clock rules")


class SubmissionPlanned(SubmissionEvent):
    """The submission is foreseen."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.planned.v1"


class SubmissionPrepared(SubmissionEvent):
    """Work on the submission began."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.prepared.v1"


class SubmissionDocumentsNamed(SubmissionEvent):
    """These document versions are submitted."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.documents-named.v1"
    documents: tuple[SubmittedDocument, ...]


class SubmissionReady(SubmissionEvent):
    """The dossier has passed its quality control."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.ready.v1"


class SubmissionSubmitted(SubmissionEvent):
    """The body has the submission."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.submitted.v1"


class SubmissionValidationStarted(SubmissionEvent):
    """The body looks whether the dossier is complete."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.validation-started.v1"


class SubmissionQuestionsReceived(SubmissionEvent):
    """The body asked for more information (request for information, CTR 536/2014 art. 6); `rounds` is its number."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.questions-received.v1"
    part: Part | None = None
    due_on: date | None = Field(None, description="The last day for the answer, where the body is")
    due_by_body: bool = Field(default=False, description="Whether the body has set the limit, and not a rule")


class SubmissionValidationQuestionsReceived(SubmissionEvent):
    """The body asked for what makes the dossier complete (CTR 536/2014 art. 5(5)); `rounds` is its number."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.validation-questions-received.v1"
    part: Part | None = None
    due_on: date | None = Field(None, description="The last day for the answer, where the body is")
    due_by_body: bool = Field(default=False, description="Whether the body has set the limit, and not a rule")


class SubmissionValidationQuestionsAnswered(SubmissionEvent):
    """The body has what it asked for."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.validation-questions-answered.v1"


class SubmissionValidated(SubmissionEvent):
    """The dossier is complete."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.validated.v1"


class SubmissionFoundInvalid(SubmissionEvent):
    """The dossier is incomplete for good."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.found-invalid.v1"


class SubmissionAssessmentStarted(SubmissionEvent):
    """The body assesses the dossier."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.assessment-started.v1"


class SubmissionPartConcluded(SubmissionEvent):
    """The body concluded on one part of the dossier (CTR 536/2014 art. 6 and 7)."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.part-concluded.v1"
    part: Part
    conclusion: Conclusion
    completed_on: BusinessTime | None = Field(description="The latest conclusion's date, once all parts have theirs")


class SubmissionQuestionsAnswered(SubmissionEvent):
    """The body's questions were answered."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.questions-answered.v1"


class SubmissionAnswerLimitExtended(SubmissionEvent):
    """The body gave more time to answer the questions of a round; a lapse by the earlier limit is taken back."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.answer-limit-extended.v1"
    round: int = Field(ge=1, description="The request for information, counted from 1")
    phase: Phase = Field(description="Whether they concern the dossier's completeness or its assessment")
    due_on: date = Field(description="The last day for the answer, where the body is")
    had_lapsed: bool = Field(description="Whether the submission had lapsed and is under way again")


class SubmissionApproved(SubmissionEvent):
    """The body agreed. `occurredtime` of the envelope is the decision date."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.approved.v1"
    reference: str = Field(description="The body's reference of its decision")
    covers: tuple[str, ...] = Field(description="Document versions the decision covers")
    with_conditions: bool
    expires_on: BusinessTime | None
    tacit: bool = Field(default=False, description="Whether the body agreed by its silence")
    documents: tuple[SubmittedDocument, ...] = Field((), description="The covered versions, as they were submitted")
    conditions: int = Field(0, description="How many conditions there are")


class SubmissionRejected(SubmissionEvent):
    """The body refused."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.rejected.v1"
    reference: str | None


class SubmissionWithdrawn(SubmissionEvent):
    """The applicant took the submission back."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.withdrawn.v1"


class SubmissionLapsed(SubmissionEvent):
    """The submission, or its approval, has lapsed by law."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.lapsed.v1"
    cause: LapseCause
    round: int | None


class SubmissionExpired(SubmissionEvent):
    """The approval has run out."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.expired.v1"


class SubmissionRenewed(SubmissionEvent):
    """The body renewed its approval; what it covers stays."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.renewed.v1"
    reference: str
    covers: tuple[str, ...] = Field(description="Document versions the decision covers")
    expires_on: BusinessTime | None


class SubmissionSuspended(SubmissionEvent):
    """The body suspended its approval."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.suspended.v1"


class SubmissionReinstated(SubmissionEvent):
    """The body lifted the suspension; what the approval covers, and until when it holds, stands here again."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.reinstated.v1"
    covers: tuple[str, ...] = Field(description="Document versions the decision covers")
    expires_on: BusinessTime | None


class SubmissionRevoked(SubmissionEvent):
    """The body took its approval back."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.revoked.v1"


class SubmissionConditionFulfilled(SubmissionEvent):
    """One condition of the approval is fulfilled."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.condition-fulfilled.v1"
    number: int = Field(ge=1)
    open_conditions: int = Field(ge=0)


class SubmissionModificationImplemented(SubmissionEvent):
    """A modification is carried out at a site, or everywhere where none is named."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.modification-implemented.v1"
    implemented_at_site_id: str | None
    urgent_safety_measure: bool


EVENTS: tuple[type[PublicEvent], ...] = (
    SubmissionPlanned,
    SubmissionPrepared,
    SubmissionDocumentsNamed,
    SubmissionReady,
    SubmissionSubmitted,
    SubmissionValidationStarted,
    SubmissionValidationQuestionsReceived,
    SubmissionValidationQuestionsAnswered,
    SubmissionValidated,
    SubmissionFoundInvalid,
    SubmissionAssessmentStarted,
    SubmissionPartConcluded,
    SubmissionQuestionsReceived,
    SubmissionQuestionsAnswered,
    SubmissionAnswerLimitExtended,
    SubmissionApproved,
    SubmissionRejected,
    SubmissionWithdrawn,
    SubmissionLapsed,
    SubmissionExpired,
    SubmissionRenewed,
    SubmissionSuspended,
    SubmissionReinstated,
    SubmissionRevoked,
    SubmissionConditionFulfilled,
    SubmissionModificationImplemented,
)
