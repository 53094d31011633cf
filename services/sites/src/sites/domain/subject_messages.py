"""Commands and events of subjects; what follows from them stands in `subject.py`."""

from typing import Literal, Self

from kernel import BusinessTime, Command, Event
from pydantic import BaseModel, ConfigDict, model_validator

from sites.domain.consent_forms import Form, Forms
from sites.domain.enrolment_limits import Taken
from sites.domain.leaving import LeavingReason, ScreenFailureReason, WithdrawalReason, misplaced

StepName = Literal[
    "consented",
    "screened",
    "screen_failed",
    "enrolled",
    "randomised",
    "treatment_started",
    "treatment_ended",
    "follow_up",
    "completed",
    "withdrawn",
    "lost_to_follow_up",
    "died",
]


class Step(BaseModel):
    """A step the subject took, and when; None: not reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: StepName
    on: BusinessTime | None = None
    reason_code: LeavingReason | None = None

    @model_validator(mode="after")
    def _of_its_step(self) -> Self:
        if wrong := misplaced(self.step, self.reason_code):
            raise ValueError(wrong)
        return self


class TakenStep(Step):
    """A step, and in which attempt at screening."""

    attempt: int = 1


class Setting(BaseModel):
    """What this service knows of where a subject is to go on: its site, its study, its consent forms, its limits."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site_status: str
    study_status: str
    forms: Forms = Forms()
    taken: tuple[Taken, ...] = ()


# Commands


class ConsentSubject(Command):
    """Note a subject's informed consent, and to which form; the first thing that is known of a subject."""

    subject_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    form: Form | None = None
    setting: Setting | None = None


class AdvanceSubject(Command):
    """Take the next step, knowing how things stand at the subject's site."""

    step: StepName
    setting: Setting
    reason_code: LeavingReason | None = None


class AdoptSubject(ConsentSubject):
    """Take a subject over from elsewhere with the steps it took there."""

    steps: tuple[Step, ...]


class ReconsentSubject(Command):
    """Note that the subject consented anew, and to which form."""

    form: Form
    setting: Setting


class RequireReconsent(Command):
    """Mark the subject where another version of its form took effect."""

    setting: Setting


class RescreenSubject(Command):
    """Begin another attempt after a screening that failed, with a consent of its own."""

    form: Form | None
    setting: Setting


class TransferSubject(Command):
    """Go on at another site of the study; the key stays. `setting` is that of the site that takes the subject in."""

    site_id: str
    country: str
    setting: Setting


SubjectCommand = (
    ConsentSubject
    | AdvanceSubject
    | AdoptSubject
    | ReconsentSubject
    | RequireReconsent
    | RescreenSubject
    | TransferSubject
)


# Events


class SubjectStepTaken(Event):
    """What every event of a subject tells: who and where. Subclasses name what happened."""

    subject_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str


class SubjectConsented(SubjectStepTaken):
    """Informed consent was given."""

    form: Form | None = None


class SubjectScreened(SubjectStepTaken):
    """Screening began."""


class SubjectScreenFailed(SubjectStepTaken):
    """The subject does not qualify; without a reason where none was recorded then."""

    reason_code: ScreenFailureReason | None = None


class SubjectEnrolled(SubjectStepTaken):
    """The subject takes part."""


class SubjectRandomised(SubjectStepTaken):
    """The subject was assigned to an arm."""


class SubjectTreatmentStarted(SubjectStepTaken):
    """The first treatment was given."""


class SubjectTreatmentEnded(SubjectStepTaken):
    """The last treatment was given."""


class SubjectFollowUpBegun(SubjectStepTaken):
    """The subject is followed up after treatment."""


class SubjectCompleted(SubjectStepTaken):
    """The subject completed the study."""


class SubjectWithdrawn(SubjectStepTaken):
    """The subject left before the end; without a reason where none was recorded then."""

    reason_code: WithdrawalReason | None = None


class SubjectLostToFollowUp(SubjectStepTaken):
    """The subject cannot be reached any more."""


class SubjectDied(SubjectStepTaken):
    """The subject died."""


class SubjectReconsented(SubjectStepTaken):
    """Consent was given anew, to this form."""

    form: Form


class SubjectReconsentRequired(SubjectStepTaken):
    """Another version of the form is in effect: the subject must consent to it before going further."""

    form: Form


class SubjectRescreened(SubjectStepTaken):
    """Another attempt began, with this consent; the attempts before stay as they were."""

    attempt: int
    form: Form | None


class SubjectTransferred(SubjectStepTaken):
    """The subject left one site and goes on at another, which the event names as its own."""

    from_site_id: str
    from_country: str


StepEvent = (
    SubjectConsented
    | SubjectScreened
    | SubjectScreenFailed
    | SubjectEnrolled
    | SubjectRandomised
    | SubjectTreatmentStarted
    | SubjectTreatmentEnded
    | SubjectFollowUpBegun
    | SubjectCompleted
    | SubjectWithdrawn
    | SubjectLostToFollowUp
    | SubjectDied
)
SubjectEvent = StepEvent | SubjectReconsented | SubjectReconsentRequired | SubjectRescreened | SubjectTransferred
EVENT_OF: dict[StepName, type[StepEvent]] = {
    "consented": SubjectConsented,
    "screened": SubjectScreened,
    "screen_failed": SubjectScreenFailed,
    "enrolled": SubjectEnrolled,
    "randomised": SubjectRandomised,
    "treatment_started": SubjectTreatmentStarted,
    "treatment_ended": SubjectTreatmentEnded,
    "follow_up": SubjectFollowUpBegun,
    "completed": SubjectCompleted,
    "withdrawn": SubjectWithdrawn,
    "lost_to_follow_up": SubjectLostToFollowUp,
    "died": SubjectDied,
}
STEP_OF: dict[type[Event], StepName] = {event: step for step, event in EVENT_OF.items()}
