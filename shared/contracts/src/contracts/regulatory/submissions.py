"""Submissions to competent authorities and ethics committees."""

from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import Field

from contracts.events import PublicEvent

Body = Literal["competent_authority", "ethics_committee"]


class SubmissionEvent(PublicEvent):
    """What every event of a submission carries. Without a site it concerns the whole country."""

    submission_id: str
    body: Body
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")
    site_id: str | None = Field(description="Set where the submission concerns one site only")


class SubmissionPrepared(SubmissionEvent):
    """Work on the submission began."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.prepared.v1"


class SubmissionSubmitted(SubmissionEvent):
    """The body has the submission."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.submitted.v1"


class SubmissionQuestionsReceived(SubmissionEvent):
    """The body asked for more information (request for information, CTR 536/2014 art. 6)."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.questions-received.v1"


class SubmissionQuestionsAnswered(SubmissionEvent):
    """The body's questions were answered."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.questions-answered.v1"


class SubmissionApproved(SubmissionEvent):
    """The body agreed. `occurredtime` of the envelope is the decision date."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.approved.v1"
    reference: str = Field(description="The body's reference of its decision")
    covers: tuple[str, ...] = Field(description="Document versions the decision covers")
    with_conditions: bool
    expires_on: BusinessTime | None


class SubmissionRejected(SubmissionEvent):
    """The body refused."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.rejected.v1"
    reference: str | None


class SubmissionWithdrawn(SubmissionEvent):
    """The applicant took the submission back."""

    TYPE: ClassVar[str] = "studyline.regulatory.submission.withdrawn.v1"


EVENTS: tuple[type[PublicEvent], ...] = (
    SubmissionPrepared,
    SubmissionSubmitted,
    SubmissionQuestionsReceived,
    SubmissionQuestionsAnswered,
    SubmissionApproved,
    SubmissionRejected,
    SubmissionWithdrawn,
)
