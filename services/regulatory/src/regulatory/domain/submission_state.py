"""A submission as it is, and how its events make it so."""

from typing import Any, cast

from kernel import BusinessTime, Reason, Refused, State, changed
from pydantic import model_validator

from regulatory.domain.submission_events import (
    STEP_OF,
    AnswerLimit,
    AnswerLimitExtended,
    ApprovalRenewed,
    BareStep,
    ConditionFulfilled,
    ModificationImplemented,
    SubmissionApproved,
    SubmissionBegun,
    SubmissionDocumentsNamed,
    SubmissionEvent,
    SubmissionLapsed,
    SubmissionPartConcluded,
    SubmissionQuestionsAnswered,
    SubmissionQuestionsReceived,
    SubmissionRejected,
)
from regulatory.domain.submission_steps import (
    AWAITING,
    STAGE_AFTER,
    STATUS_AT,
    Body,
    DocumentVersion,
    Kind,
    Part,
    Phase,
    Stage,
    Status,
    StepName,
    StepTaken,
)


class Round(State):
    """One request for information: its number in the submission, its limit, and when it was answered."""

    number: int
    phase: Phase
    part: Part | None
    received_on: BusinessTime | None
    limit: AnswerLimit | None
    answered_on: BusinessTime | None = None


class Fulfilled(State):
    """A condition of the approval that is fulfilled, by its number from 1."""

    number: int
    on: BusinessTime | None


class Implementation(State):
    """Where and when a modification was carried out; without a site everywhere."""

    site_id: str | None
    on: BusinessTime | None
    urgent_safety_measure: bool


STAGE_OF_OLD: dict[str, Stage] = {
    "submitted": "submitted",
    "questions": "rfi_received",
    "approved": "approved",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
}


class Submission(State):
    """A submission as it is; what the body decided stays known whatever comes after.

    Every field that came after the first release has a default, so that what was stored before can be read.
    """

    submission_id: str
    study_id: str
    sponsor_id: str
    body: Body
    country: str
    site_id: str | None
    kind: Kind | None = None
    parts: tuple[Part, ...] = ()
    notifies: tuple[str, ...] = ()
    status: Status = "prepared"
    stage: Stage = "in_preparation"
    granted_as: Stage | None = None
    last_step: StepName = "prepared"
    last_step_on: BusinessTime | None
    documents: tuple[DocumentVersion, ...] = ()
    rounds: tuple[Round, ...] = ()
    reference: str | None = None
    covers: tuple[str, ...] = ()
    covers_documents: tuple[DocumentVersion, ...] = ()
    conditions: tuple[str, ...] = ()
    fulfilled: tuple[Fulfilled, ...] = ()
    expires_on: BusinessTime | None = None
    decided_on: BusinessTime | None = None
    renewals: int = 0
    implementations: tuple[Implementation, ...] = ()
    steps: tuple[StepTaken, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _staged(cls, told: Any) -> Any:
        """What was stored before there were stages stands where its status says."""
        if not isinstance(told, dict) or "stage" in told:
            return told  # pyright: ignore[reportUnknownVariableType]
        known = cast("dict[str, Any]", told)
        stage = STAGE_OF_OLD.get(known.get("status", "prepared"), "in_preparation")
        return {**known, "stage": stage, "granted_as": "approved" if stage == "approved" else None}

    def concluded(self, part: Part) -> StepTaken | None:
        """The step by which the body concluded on a part."""
        return next((taken for taken in self.steps if (taken.step, taken.part) == ("part_concluded", part)), None)


def evolve(submission: Submission | None, event: SubmissionEvent) -> Submission:
    """Apply one event. No rule lives here: what happened, happened."""
    step = STEP_OF[type(event)]
    if submission is None:
        return _first(event, step)
    after: dict[str, Any] = {"steps": (*submission.steps, _taken(event, step))}
    if (stage := _stage_after(submission, event, step)) is not None:
        after |= {"stage": stage, "status": STATUS_AT[stage], "last_step": step, "last_step_on": event.occurred_at}
    return changed(submission, **{**after, **_told(submission, event)})


def _stage_after(submission: Submission, event: SubmissionEvent, step: StepName) -> Stage | None:
    if step == "reinstated":
        return submission.granted_as or "approved"
    if isinstance(event, AnswerLimitExtended):
        return AWAITING[event.phase] if event.had_lapsed else None
    return STAGE_AFTER.get(step)


def _first(event: SubmissionEvent, step: StepName) -> Submission:
    if not isinstance(event, SubmissionBegun):
        raise Refused(Reason(code="submission_unknown", detail="The submission is not known."))
    stage = STAGE_AFTER[step]
    begun = {name: value for name, value in event if name != "occurred_at"}
    taken = {"steps": (_taken(event, step),), "last_step": step, "last_step_on": event.occurred_at}
    return Submission.model_validate({**begun, **taken, "stage": stage, "status": STATUS_AT[stage]})


def _taken(event: SubmissionEvent, step: StepName) -> StepTaken:
    of_part = isinstance(event, SubmissionPartConcluded | SubmissionQuestionsReceived)
    completes = isinstance(event, SubmissionPartConcluded) and event.completed_on is not None
    return StepTaken(step=step, on=event.occurred_at, part=event.part if of_part else None, completes=completes)


def _told(submission: Submission, event: SubmissionEvent) -> dict[str, Any]:
    """What the event adds to the state besides the stage."""
    match event:
        case SubmissionDocumentsNamed():
            return {"documents": event.documents}
        case SubmissionQuestionsReceived():
            return {"rounds": (*submission.rounds, _round(submission, event))}
        case SubmissionQuestionsAnswered():
            answered = (changed(one, answered_on=event.occurred_at) for one in submission.rounds[-1:])
            return {"rounds": (*submission.rounds[:-1], *answered)}
        case AnswerLimitExtended():
            longer = (changed(one, limit=event.limit) for one in submission.rounds[-1:])
            return {"rounds": (*submission.rounds[:-1], *longer)}
        case SubmissionApproved():
            return _granted(event)
        case SubmissionRejected():
            return {"reference": event.reference, "decided_on": event.occurred_at}
        case ApprovalRenewed():
            renewed = {"granted_as": "renewed", "renewals": submission.renewals + 1}
            return {**renewed, "reference": event.reference, "expires_on": event.expires_on}
        case ConditionFulfilled():
            one = Fulfilled(number=event.number, on=event.occurred_at)
            return {"fulfilled": (*submission.fulfilled, one)}
        case ModificationImplemented():
            facts = {"site_id": event.site_id, "urgent_safety_measure": event.urgent_safety_measure}
            one = Implementation.model_validate({**facts, "on": event.occurred_at})
            return {"implementations": (*submission.implementations, one)}
        case SubmissionBegun() | BareStep() | SubmissionPartConcluded() | SubmissionLapsed():
            return {}


def _round(submission: Submission, event: SubmissionQuestionsReceived) -> Round:
    phase: Phase = "assessment" if STEP_OF[type(event)] == "questions_received" else "validation"
    number = len(submission.rounds) + 1
    return Round(number=number, phase=phase, part=event.part, received_on=event.occurred_at, limit=event.limit)


def _granted(event: SubmissionApproved) -> dict[str, Any]:
    stage = "approved_with_conditions" if event.conditions else STAGE_AFTER[STEP_OF[type(event)]]
    told = event.model_dump(include={"reference", "covers", "conditions", "expires_on"})
    covered = {"covers_documents": event.documents, "decided_on": event.occurred_at}
    return {**told, **covered, "stage": stage, "granted_as": stage}
