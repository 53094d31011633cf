"""Submission: what a competent authority or an ethics committee is asked to agree to, for a country or for one site.

The body may ask questions before it decides (requests for information, CTR 536/2014 articles 6 and 7). An approval says
on which date and under which reference the body decided and which document versions it covers (TMF Reference Model
03.01.02 and 04.01.02); without these nobody can tell later what was allowed.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed, is_before

Body = Literal["competent_authority", "ethics_committee"]
Status = Literal["prepared", "submitted", "questions", "approved", "rejected", "withdrawn"]
StepName = Literal[
    "prepared", "submitted", "questions_received", "questions_answered", "approved", "rejected", "withdrawn"
]

STATUS_AFTER: dict[StepName, Status] = {"questions_received": "questions", "questions_answered": "submitted"}
"""Where a step does not give the status its own name."""

FOLLOWS: dict[StepName, tuple[StepName, ...]] = {
    "submitted": ("prepared",),
    "questions_received": ("submitted", "questions_answered"),
    "questions_answered": ("questions_received",),
    "approved": ("submitted", "questions_answered"),
    "rejected": ("submitted", "questions_received", "questions_answered"),
    "withdrawn": ("prepared", "submitted", "questions_received", "questions_answered", "approved"),
}
NEEDED: dict[str, str] = {
    "occurred_at": "The date of the decision is missing.",
    "reference": "The body's reference of its decision is missing.",
    "covers": "Name at least one document version that the decision covers.",
}


# Commands


class PrepareSubmission(Command):
    """Begin work on a submission. `site_country` is a fact of the site where the submission concerns one."""

    submission_id: str
    study_id: str
    sponsor_id: str
    body: Body
    country: str
    site_id: str | None = None
    site_country: str | None = None


class Submit(Command):
    """Hand the submission to the body."""


class ReceiveQuestions(Command):
    """Note that the body asks for more information."""


class AnswerQuestions(Command):
    """Answer the body's questions; the submission is with the body again."""


class ApproveSubmission(Command):
    """Note the body's agreement; `occurred_at` is the date of its decision."""

    reference: str | None = None
    covers: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    expires_on: BusinessTime | None = None


class RejectSubmission(Command):
    """Note the body's refusal."""

    reference: str | None = None


class WithdrawSubmission(Command):
    """Take the submission back; after an approval this gives the approval up."""


SubmissionCommand = (
    PrepareSubmission
    | Submit
    | ReceiveQuestions
    | AnswerQuestions
    | ApproveSubmission
    | RejectSubmission
    | WithdrawSubmission
)


# Events


class SubmissionPrepared(Event):
    """Work on the submission began."""

    submission_id: str
    study_id: str
    sponsor_id: str
    body: Body
    country: str
    site_id: str | None


class SubmissionSubmitted(Event):
    """The body has the submission."""


class SubmissionQuestionsReceived(Event):
    """The body asked for more information."""


class SubmissionQuestionsAnswered(Event):
    """The body has the answers."""


class SubmissionApproved(Event):
    """The body agreed to these document versions, perhaps on conditions and until a date."""

    reference: str
    covers: tuple[str, ...]
    conditions: tuple[str, ...]
    expires_on: BusinessTime | None


class SubmissionRejected(Event):
    """The body refused."""

    reference: str | None


class SubmissionWithdrawn(Event):
    """The applicant took the submission back."""


SubmissionEvent = (
    SubmissionPrepared
    | SubmissionSubmitted
    | SubmissionQuestionsReceived
    | SubmissionQuestionsAnswered
    | SubmissionApproved
    | SubmissionRejected
    | SubmissionWithdrawn
)

EVENT_OF: dict[StepName, type[SubmissionEvent]] = {
    "prepared": SubmissionPrepared,
    "submitted": SubmissionSubmitted,
    "questions_received": SubmissionQuestionsReceived,
    "questions_answered": SubmissionQuestionsAnswered,
    "approved": SubmissionApproved,
    "rejected": SubmissionRejected,
    "withdrawn": SubmissionWithdrawn,
}
STEP_OF: dict[type[SubmissionEvent], StepName] = {event: step for step, event in EVENT_OF.items()}


# State


class Submission(State):
    """A submission as it is; what the body decided stays known after a withdrawal."""

    submission_id: str
    study_id: str
    sponsor_id: str
    body: Body
    country: str
    site_id: str | None
    status: Status = "prepared"
    last_step: StepName = "prepared"
    last_step_on: BusinessTime | None
    reference: str | None = None
    covers: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    expires_on: BusinessTime | None = None


# Decide


def decide(submission: Submission | None, command: SubmissionCommand) -> list[SubmissionEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case PrepareSubmission():
            return prepare(submission, command)
        case Submit():
            return _step(submission, "submitted", command)
        case ReceiveQuestions():
            return _step(submission, "questions_received", command)
        case AnswerQuestions():
            return _step(submission, "questions_answered", command)
        case ApproveSubmission():
            return approve(submission, command)
        case RejectSubmission():
            return _decision(submission, "rejected", command, [])
        case WithdrawSubmission():
            return _step(submission, "withdrawn", command)


def prepare(submission: Submission | None, command: PrepareSubmission) -> list[SubmissionEvent]:
    """Begin once; a submission for one site goes to a body of that site's country."""
    if submission is not None:
        return []
    if command.site_id is not None and command.site_country != command.country:
        detail = f"The site lies in {command.site_country}: a submission for it cannot go to {command.country}."
        raise Refused(Reason(code="country_differs", field="country", detail=detail))
    return [SubmissionPrepared.model_validate(command.model_dump(exclude={"site_country"}))]


def approve(submission: Submission | None, command: ApproveSubmission) -> list[SubmissionEvent]:
    """Take the agreement with all that makes it one, and name everything that is missing."""
    return _decision(submission, "approved", command, [*_gaps(command), *_expired_at_once(command)])


def _decision(
    submission: Submission | None, step: StepName, command: ApproveSubmission | RejectSubmission, flaws: list[Reason]
) -> list[SubmissionEvent]:
    submission = _existing(submission)
    if submission == changed(submission, last_step=step, last_step_on=command.occurred_at, **_told(command)):
        return []
    unmet = [*_in_the_way(submission, step, command.occurred_at), *flaws]
    if unmet:
        raise Refused(*unmet)
    return [EVENT_OF[step].model_validate(dict(command))]


def _step(submission: Submission | None, step: StepName, command: SubmissionCommand) -> list[SubmissionEvent]:
    submission = _existing(submission)
    if submission.last_step == step:
        return []
    unmet = _in_the_way(submission, step, command.occurred_at)
    if unmet:
        raise Refused(*unmet)
    return [EVENT_OF[step].model_validate(dict(command))]


def _in_the_way(submission: Submission, step: StepName, at: BusinessTime | None) -> list[Reason]:
    return [*_out_of_order(submission, step), *_too_early(submission, step, at)]


def _out_of_order(submission: Submission, step: StepName) -> list[Reason]:
    if submission.last_step in FOLLOWS[step]:
        return []
    expected = " or ".join(_words(one) for one in FOLLOWS[step])
    name, last = _words(step).capitalize(), _words(submission.last_step)
    detail = f"{name} cannot follow {last}: it follows {expected}."
    return [Reason(code="wrong_status", field="status", detail=detail)]


def _too_early(submission: Submission, step: StepName, at: BusinessTime | None) -> list[Reason]:
    last = submission.last_step_on
    if last is None or at is None or not is_before(at, last):
        return []
    detail = f"{_words(step).capitalize()} on {at} lies before {_words(submission.last_step)} on {last}."
    return [Reason(code="before_last_step", field="occurred_at", detail=detail)]


def _gaps(command: ApproveSubmission) -> list[Reason]:
    there = {"occurred_at": command.occurred_at, "reference": command.reference, "covers": command.covers}
    return [
        Reason(code=f"{field}_missing", field=field, detail=text) for field, text in NEEDED.items() if not there[field]
    ]


def _expired_at_once(command: ApproveSubmission) -> list[Reason]:
    ends, at = command.expires_on, command.occurred_at
    if ends is None or at is None or not is_before(ends, at):
        return []
    detail = f"The approval cannot expire on {ends}, before its decision on {at}."
    return [Reason(code="expires_before_decision", field="expires_on", detail=detail)]


def _words(step: StepName) -> str:
    return step.replace("_", " ")


def _existing(submission: Submission | None) -> Submission:
    if submission is None:
        raise Refused(Reason(code="submission_unknown", detail="The submission is not known."))
    return submission


# Evolve


def evolve(submission: Submission | None, event: SubmissionEvent) -> Submission:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, SubmissionPrepared):
        about = event.model_dump(exclude={"occurred_at"})
        return Submission.model_validate({**about, "last_step_on": event.occurred_at})
    step = STEP_OF[type(event)]
    after = {"last_step": step, "status": STATUS_AFTER.get(step, step), "last_step_on": event.occurred_at}
    return changed(_existing(submission), **after, **_told(event))


def _told(about: Command | Event) -> dict[str, object]:
    return about.model_dump(exclude={"occurred_at"})
