"""Submission: what a competent authority or an ethics committee is asked to agree to, for a country or for one site.

The body looks whether the dossier is complete, may ask questions in numbered rounds with a limit each (CTR 536/2014
art. 5 to 7), concludes on its parts and decides. An answer after its limit makes the submission lapse where the rule
of that limit says so. An approval says on which date and under which reference the body decided, which document
versions it covers (TMF Reference Model 03.01.02 and 04.01.02), on which conditions and until when; it may be renewed,
suspended, reinstated, revoked, or run out. A modification waits for its approval, but as an urgent safety measure.
"""

from collections.abc import Sequence
from typing import Any

from kernel import BusinessTime, Command, Reason, Refused

from regulatory.domain import submission_guards as guards
from regulatory.domain.calendar import decided
from regulatory.domain.submission_commands import (
    AdoptSubmission,
    AnswerQuestions,
    ApproveSubmission,
    BeginPreparation,
    CompletePreparation,
    ConcludePart,
    ExpireApproval,
    ExtendAnswerLimit,
    FindInvalid,
    FulfilCondition,
    ImplementModification,
    LapseSubmission,
    NameDocuments,
    PlainStep,
    PrepareSubmission,
    ReceiveQuestions,
    ReinstateApproval,
    RejectSubmission,
    RenewApproval,
    RevokeApproval,
    StartAssessment,
    StartValidation,
    SubmissionCommand,
    Submit,
    SuspendApproval,
    Validate,
    WithdrawSubmission,
)
from regulatory.domain.submission_events import (
    EVENT_OF,
    AnswerLimitExtended,
    ApprovalRenewed,
    ConditionFulfilled,
    ModificationImplemented,
    SubmissionDocumentsNamed,
    SubmissionEvent,
    SubmissionLapsed,
)
from regulatory.domain.submission_history import about, adopted, concluded
from regulatory.domain.submission_state import Round, Submission, evolve
from regulatory.domain.submission_steps import (
    FOLLOWS,
    Phase,
    StepName,
)
from regulatory.domain.trial_obligations import not_to_notify

RECEIVED: dict[Phase, StepName] = {
    "validation": "validation_questions_received",
    "assessment": "questions_received",
}
ANSWERED: dict[Phase, StepName] = {
    "validation": "validation_questions_answered",
    "assessment": "questions_answered",
}
PLAIN: dict[type[Command], StepName] = {
    BeginPreparation: "prepared",
    StartValidation: "validation_started",
    Validate: "validated",
    FindInvalid: "found_invalid",
    StartAssessment: "assessment_started",
    WithdrawSubmission: "withdrawn",
    SuspendApproval: "suspended",
    ReinstateApproval: "reinstated",
    RevokeApproval: "revoked",
}
"""Commands that are a step and nothing more."""


# Decide


def decide(submission: Submission | None, command: SubmissionCommand) -> list[SubmissionEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    if isinstance(command, AdoptSubmission):
        return adopt(submission, command)
    if isinstance(command, PrepareSubmission):
        return prepare(submission, command)
    if submission is None:
        raise Refused(Reason(code="submission_unknown", detail="The submission is not known."))
    match command:
        case NameDocuments():
            return name_documents(submission, command)
        case CompletePreparation():
            return _handed_over(submission, "ready", command)
        case Submit():
            return _handed_over(submission, "submitted", command)
        case ReceiveQuestions():
            return receive_questions(submission, command)
        case AnswerQuestions():
            return answer(submission, command)
        case ExtendAnswerLimit():
            return extend_limit(submission, command)
        case ConcludePart():
            return conclude(submission, command)
        case ApproveSubmission():
            return approve(submission, command)
        case RejectSubmission():
            return _decision(submission, "rejected", command.occurred_at, [], reference=command.reference)
        case LapseSubmission():
            return lapse(submission, command)
        case ExpireApproval():
            return expire(submission, command)
        case RenewApproval():
            return renew(submission, command)
        case FulfilCondition():
            return fulfil(submission, command)
        case ImplementModification():
            return implement(submission, command)
        case PlainStep():
            return _plain(submission, PLAIN[type(command)], command.occurred_at)


def prepare(submission: Submission | None, command: PrepareSubmission) -> list[SubmissionEvent]:
    """Begin once; a submission for one site goes to a body of that site's country."""
    if submission is not None:
        return []
    unmet = [
        *_other_country(command),
        *guards.repeated_parts(command.parts),
        *guards.repeated_documents(command.documents),
        *not_to_notify(command.kind, command.body, command.country, command.notifies),
    ]
    if unmet:
        raise Refused(*unmet)
    return _begun(command)


def name_documents(submission: Submission, command: NameDocuments) -> list[SubmissionEvent]:
    """Replace what is submitted, until it is."""
    if submission.documents == command.documents:
        return []
    unmet = [*guards.out_of_order(submission, "documents_named"), *guards.repeated_documents(command.documents)]
    if unmet:
        raise Refused(*unmet)
    return [SubmissionDocumentsNamed(occurred_at=command.occurred_at, documents=command.documents)]


def receive_questions(submission: Submission, command: ReceiveQuestions) -> list[SubmissionEvent]:
    """Begin a round; the same again changes nothing, another one waits until this one is answered."""
    same = all(one.part == command.part for one in submission.rounds[-1:])
    step, at = RECEIVED[command.phase], command.occurred_at
    return _step(submission, step, at, same=same, part=command.part, limit=command.limit)


def answer(submission: Submission, command: AnswerQuestions) -> list[SubmissionEvent]:
    """Answer in time, or lapse; what was answered in time and entered after the limit had passed counts."""
    step, at = ANSWERED[command.phase], command.occurred_at
    awaited = guards.awaited_round(submission, command.phase)
    late = guards.answered_too_late(awaited, at)
    if awaited is not None and late and awaited.limit is not None and awaited.limit.lapses:
        return [] if submission.stage == "lapsed" else [_lapsed(awaited, "answer_late")]
    if submission.stage == "lapsed" and awaited is not None and not late:
        return [EVENT_OF[step].model_validate({"occurred_at": at})]
    return _step(submission, step, at)


def extend_limit(submission: Submission, command: ExtendAnswerLimit) -> list[SubmissionEvent]:
    """Wait longer for the answer of the round that waits; where the earlier limit made it lapse, wait again."""
    awaited = guards.waiting_round(submission)
    if awaited is None or awaited.number != command.round or awaited.limit is None:
        return []
    before = awaited.limit.due
    due = decided(before.anchored_on.isoformat(), command.due_on, before.zone)
    if due.due_at <= before.due_at:
        return []
    limit = awaited.limit.model_copy(update={"due": due, "by_body": True})
    about = {"round": awaited.number, "phase": awaited.phase, "had_lapsed": submission.stage == "lapsed"}
    return [AnswerLimitExtended.model_validate({"occurred_at": command.occurred_at, "limit": limit, **about})]


def conclude(submission: Submission, command: ConcludePart) -> list[SubmissionEvent]:
    """Note the conclusion on a part once; with the last part the assessment is complete, on the latest of the dates."""
    if submission.concluded(command.part) is not None:
        return []
    unmet = guards.out_of_order(submission, "part_concluded")
    if submission.parts and command.part not in submission.parts:
        detail = f"Part {command.part} is not in the submission: it has {' and '.join(submission.parts)}."
        unmet.append(Reason(code="part_unknown", field="part", detail=detail))
    if unmet:
        raise Refused(*unmet)
    return [concluded(submission, command.part, command.conclusion, command.occurred_at)]


def approve(submission: Submission, command: ApproveSubmission) -> list[SubmissionEvent]:
    """Take the agreement with all that makes it one, and name everything that is missing."""
    flaws = [
        *guards.gaps(command),
        *guards.expired_at_once(command.expires_on, command.occurred_at),
        *guards.not_submitted(submission, command),
        *guards.not_silent_long_enough(command),
    ]
    step: StepName = "tacitly_approved" if command.tacit else "approved"
    facts = {name: value for name, value in command if name not in {"occurred_at", "tacit", "body_has_until"}}
    return _decision(submission, step, command.occurred_at, flaws, **facts)


def lapse(submission: Submission, command: LapseSubmission) -> list[SubmissionEvent]:
    """A limit that was missed concerns its round while that waits; what is noted by hand follows the stages."""
    awaited = submission.rounds[-1] if submission.rounds else None
    if command.cause == "noted":
        return _step(submission, "lapsed", command.occurred_at, cause="noted", round=None)
    waits = submission.stage in {"validation_rfi", "rfi_received"} and awaited is not None
    if not waits or awaited is None or awaited.number != command.round:
        return []
    return [SubmissionLapsed(occurred_at=command.occurred_at, cause=command.cause, round=command.round)]


def expire(submission: Submission, command: ExpireApproval) -> list[SubmissionEvent]:
    """An approval that is not in force cannot run out: to a policy that is no news."""
    if command.by_policy and submission.stage not in FOLLOWS["expired"]:
        return []
    return _step(submission, "expired", command.occurred_at)


def renew(submission: Submission, command: RenewApproval) -> list[SubmissionEvent]:
    """Renew with a reference, until a later date."""
    if _is_last(submission, "renewed", command.occurred_at) and submission.expires_on == command.expires_on:
        return []
    unmet = [*guards.in_the_way(submission, "renewed", command.occurred_at), *guards.not_renewed(command)]
    if unmet or command.reference is None:
        raise Refused(*unmet)
    renewed = {"reference": command.reference, "expires_on": command.expires_on}
    return [ApprovalRenewed.model_validate({"occurred_at": command.occurred_at, **renewed})]


def fulfil(submission: Submission, command: FulfilCondition) -> list[SubmissionEvent]:
    """Fulfil one condition, once."""
    if any(one.number == command.number for one in submission.fulfilled):
        return []
    unmet = [
        *guards.out_of_order(submission, "condition_fulfilled"),
        *guards.no_condition(submission, command.number),
    ]
    if unmet:
        raise Refused(*unmet)
    return [ConditionFulfilled(occurred_at=command.occurred_at, number=command.number)]


def implement(submission: Submission, command: ImplementModification) -> list[SubmissionEvent]:
    """Carry a modification out, at each site once."""
    if any(one.site_id == command.site_id for one in submission.implementations):
        return []
    if unmet := guards.not_to_be_implemented(submission, command):
        if command.by_policy:
            return []
        raise Refused(*unmet)
    facts = {"site_id": command.site_id, "urgent_safety_measure": command.urgent_safety_measure}
    return [ModificationImplemented.model_validate({"occurred_at": command.occurred_at, **facts})]


def adopt(submission: Submission | None, command: AdoptSubmission) -> list[SubmissionEvent]:
    """Take over the steps that are not known yet, without any gate: it is history."""
    events = list[SubmissionEvent]()
    if submission is None:
        events = _begun(command)
    state = submission
    for event in events:
        state = evolve(state, event)
    known = [(taken.step, taken.on) for taken in state.steps] if state is not None else []
    for index, step in enumerate(command.steps):
        if (step.step, step.on) not in known and state is not None:
            event = adopted(state, command, index)
            events, state = [*events, event], evolve(state, event)
    return events


def _begun(command: PrepareSubmission) -> list[SubmissionEvent]:
    kind = EVENT_OF["planned" if command.planned else "prepared"]
    begun = kind.model_validate({name: value for name, value in command if name in kind.model_fields})
    if not command.documents:
        return [begun]
    return [begun, SubmissionDocumentsNamed(occurred_at=command.occurred_at, documents=command.documents)]


def _plain(submission: Submission, step: StepName, at: BusinessTime | None) -> list[SubmissionEvent]:
    return _step(submission, step, at, **(about(submission) if step == "prepared" else {}))


def _handed_over(
    submission: Submission, step: StepName, command: CompletePreparation | Submit
) -> list[SubmissionEvent]:
    return _step(submission, step, command.occurred_at, guards.missing_documents(submission, command.not_approved))


def _decision(
    submission: Submission, step: StepName, at: BusinessTime | None, flaws: list[Reason], **facts: Any
) -> list[SubmissionEvent]:
    same = all(_has(submission, name, value) for name, value in facts.items())
    return _step(submission, step, at, flaws, same=same, **facts)


def _step(
    submission: Submission,
    step: StepName,
    at: BusinessTime | None,
    flaws: Sequence[Reason] = (),
    *,
    same: bool = True,
    **facts: Any,
) -> list[SubmissionEvent]:
    """Take a step; what was the last one on the same day and tells the `same` as then changes nothing."""
    if same and _is_last(submission, step, at):
        return []
    unmet = [*guards.in_the_way(submission, step, at), *flaws]
    if unmet:
        raise Refused(*unmet)
    return [EVENT_OF[step].model_validate({"occurred_at": at, **facts})]


def _lapsed(awaited: Round, cause: Any) -> SubmissionLapsed:
    assert awaited.limit is not None, "only what has a limit lapses by it"
    instant = awaited.limit.due.due_at.isoformat().replace("+00:00", "Z")
    return SubmissionLapsed(occurred_at=instant, cause=cause, round=awaited.number)


def _other_country(command: PrepareSubmission) -> list[Reason]:
    if command.site_id is None or command.site_country == command.country:
        return []
    detail = f"The site lies in {command.site_country}: a submission for it cannot go to {command.country}."
    return [Reason(code="country_differs", field="country", detail=detail)]


def _is_last(submission: Submission, step: StepName, at: BusinessTime | None) -> bool:
    return (submission.last_step, submission.last_step_on) == (step, at)


def _has(submission: Submission, name: str, value: object) -> bool:
    return getattr(submission, "covers_documents" if name == "documents" else name) == value
