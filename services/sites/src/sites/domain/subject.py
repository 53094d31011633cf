"""Subject: a participant, known by a pseudonymous key only, from consent to completion or withdrawal.

No screening before consent (ICH E6(R3) 2.8); enrolment only at a site that is open for it. Nothing here
identifies a person.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before
from pydantic import BaseModel, ConfigDict

StepName = Literal["consented", "screened", "screen_failed", "enrolled", "randomised", "completed", "withdrawn"]
Status = StepName

PRECEDED_BY: dict[StepName, frozenset[StepName]] = {
    "screened": frozenset({"consented"}),
    "screen_failed": frozenset({"consented", "screened"}),
    "enrolled": frozenset({"screened"}),
    "randomised": frozenset({"enrolled"}),
    "completed": frozenset({"enrolled", "randomised"}),
    "withdrawn": frozenset({"consented", "screened", "enrolled", "randomised"}),
}
AT_OPEN_SITE: frozenset[StepName] = frozenset({"enrolled"})


class Step(BaseModel):
    """A step the subject took, and when; None: not reported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: StepName
    on: BusinessTime | None = None


# Commands


class ConsentSubject(Command):
    """Note a subject's informed consent; the first thing that is known of a subject."""

    subject_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str


class AdvanceSubject(Command):
    """Take the next step. `site_is_active` is a fact of the subject's site, `cause` is for the journal only."""

    step: StepName
    site_is_active: bool


class AdoptSubject(ConsentSubject):
    """Take a subject over from elsewhere with the steps it took there."""

    steps: tuple[Step, ...]


SubjectCommand = ConsentSubject | AdvanceSubject | AdoptSubject


# Events


class SubjectStepTaken(Event):
    """What every event of a subject is: one step. Subclasses name it."""

    subject_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str


class SubjectConsented(SubjectStepTaken):
    """Informed consent was given."""


class SubjectScreened(SubjectStepTaken):
    """Screening began."""


class SubjectScreenFailed(SubjectStepTaken):
    """The subject does not qualify."""


class SubjectEnrolled(SubjectStepTaken):
    """The subject takes part."""


class SubjectRandomised(SubjectStepTaken):
    """The subject was assigned to an arm."""


class SubjectCompleted(SubjectStepTaken):
    """The subject completed the study."""


class SubjectWithdrawn(SubjectStepTaken):
    """The subject left before the end."""


SubjectEvent = (
    SubjectConsented
    | SubjectScreened
    | SubjectScreenFailed
    | SubjectEnrolled
    | SubjectRandomised
    | SubjectCompleted
    | SubjectWithdrawn
)

EVENT_OF: dict[StepName, type[SubjectEvent]] = {
    "consented": SubjectConsented,
    "screened": SubjectScreened,
    "screen_failed": SubjectScreenFailed,
    "enrolled": SubjectEnrolled,
    "randomised": SubjectRandomised,
    "completed": SubjectCompleted,
    "withdrawn": SubjectWithdrawn,
}
STEP_OF: dict[type[SubjectEvent], StepName] = {event: step for step, event in EVENT_OF.items()}


# State


class Subject(State):
    """A subject as it is: the steps taken, in order."""

    subject_id: str
    study_id: str
    sponsor_id: str
    site_id: str
    country: str
    subject_key: str
    steps: tuple[Step, ...]

    @property
    def status(self) -> Status:
        """The last step taken."""
        return self.steps[-1].step


# Decide


def decide(subject: Subject | None, command: SubjectCommand) -> list[SubjectEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case AdoptSubject():
            return adopt(subject, command)
        case ConsentSubject():
            return [] if subject is not None else [_event(command, "consented", command.occurred_at)]
        case AdvanceSubject():
            return advance(_existing(subject), command)


def advance(subject: Subject, command: AdvanceSubject) -> list[SubjectEvent]:
    """Take the step once, after the steps it needs; name all that is in the way."""
    if any(taken.step == command.step for taken in subject.steps):
        return []
    unmet = [*_out_of_order(subject, command), *_too_early(subject, command), *_site_closed(command)]
    if unmet:
        raise Refused(*unmet)
    return [_event(subject, command.step, command.occurred_at)]


def adopt(subject: Subject | None, command: AdoptSubject) -> list[SubjectEvent]:
    """Take over the steps that are not known yet, without any gate: it is history."""
    known = {taken.step for taken in subject.steps} if subject is not None else set[StepName]()
    return [_event(command, step.step, step.on) for step in command.steps if step.step not in known]


def _event(about: Subject | ConsentSubject, step: StepName, at: BusinessTime | None) -> SubjectEvent:
    return EVENT_OF[step](
        occurred_at=at,
        subject_id=about.subject_id,
        study_id=about.study_id,
        sponsor_id=about.sponsor_id,
        site_id=about.site_id,
        country=about.country,
        subject_key=about.subject_key,
    )


def _out_of_order(subject: Subject, command: AdvanceSubject) -> list[Reason]:
    needed = PRECEDED_BY.get(command.step, frozenset())
    if subject.status in needed:
        return []
    detail = f"The subject has {_words(subject.status)}: {_words(command.step)} cannot follow."
    return [Reason(code="wrong_order", field="step", detail=detail)]


def _too_early(subject: Subject, command: AdvanceSubject) -> list[Reason]:
    last = subject.steps[-1].on
    if last is None or command.occurred_at is None or not is_before(command.occurred_at, last):
        return []
    step, before = _words(command.step).capitalize(), _words(subject.status)
    detail = f"{step} on {command.occurred_at} lies before {before} on {last}."
    return [Reason(code="before_last_step", field="occurred_at", detail=detail)]


def _site_closed(command: AdvanceSubject) -> list[Reason]:
    if command.step not in AT_OPEN_SITE or command.site_is_active:
        return []
    return [Reason(code="site_not_active", detail="The subject's site is not open for enrolment.")]


def _words(step: StepName) -> str:
    return step.replace("_", " ")


def _existing(subject: Subject | None) -> Subject:
    if subject is None:
        raise Refused(Reason(code="subject_unknown", detail="The subject is not known."))
    return subject


# Evolve


def evolve(subject: Subject | None, event: SubjectEvent) -> Subject:
    """Apply one event. No rule lives here: what happened, happened."""
    step = Step(step=STEP_OF[type(event)], on=event.occurred_at)
    if subject is None:
        about = event.model_dump(exclude={"occurred_at"})
        return Subject.model_validate({**about, "steps": (step,)})
    return changed(subject, steps=(*subject.steps, step))
