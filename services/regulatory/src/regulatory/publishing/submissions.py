"""Events of submissions, as the world learns of them."""

from typing import Any

from contracts import PublicEvent
from contracts import regulatory as public

from regulatory.domain import submission_events as events
from regulatory.domain.submission_state import Submission

PLAIN_EVENTS: dict[type[events.SubmissionEvent], type[public.SubmissionEvent]] = {
    events.SubmissionPlanned: public.SubmissionPlanned,
    events.SubmissionPrepared: public.SubmissionPrepared,
    events.SubmissionReady: public.SubmissionReady,
    events.SubmissionSubmitted: public.SubmissionSubmitted,
    events.SubmissionValidationStarted: public.SubmissionValidationStarted,
    events.SubmissionValidationQuestionsAnswered: public.SubmissionValidationQuestionsAnswered,
    events.SubmissionValidated: public.SubmissionValidated,
    events.SubmissionFoundInvalid: public.SubmissionFoundInvalid,
    events.SubmissionAssessmentStarted: public.SubmissionAssessmentStarted,
    events.SubmissionQuestionsAnswered: public.SubmissionQuestionsAnswered,
    events.SubmissionWithdrawn: public.SubmissionWithdrawn,
    events.ApprovalExpired: public.SubmissionExpired,
    events.ApprovalSuspended: public.SubmissionSuspended,
    events.ApprovalRevoked: public.SubmissionRevoked,
}
QUESTIONS: dict[type[events.SubmissionEvent], type[public.SubmissionEvent]] = {
    events.SubmissionQuestionsReceived: public.SubmissionQuestionsReceived,
    events.SubmissionValidationQuestionsReceived: public.SubmissionValidationQuestionsReceived,
}
ABOUT = {"study_id", "submission_id", "body", "country", "site_id", "kind", "parts", "renewals", "notifies"}


def publish_submission(state: Submission, event: events.SubmissionEvent) -> PublicEvent:
    """How the world learns of a submission's event. The conditions' texts stay here; that there are some is told."""
    about: dict[str, Any] = {**state.model_dump(include=ABOUT), "rounds": len(state.rounds)}
    match event:
        case events.SubmissionDocumentsNamed():
            return public.SubmissionDocumentsNamed(**about, documents=_documents(event))
        case events.SubmissionQuestionsReceived():
            return QUESTIONS[type(event)].model_validate({**about, **_asked(event)})
        case events.AnswerLimitExtended():
            due = {"round": event.round, "due_on": event.limit.due.due_on, "phase": event.phase}
            return public.SubmissionAnswerLimitExtended.model_validate({**about, **due, "had_lapsed": event.had_lapsed})
        case events.SubmissionPartConcluded():
            told = event.model_dump(include={"part", "conclusion", "completed_on"})
            return public.SubmissionPartConcluded.model_validate({**about, **told})
        case events.SubmissionApproved():
            return _approved(about, event)
        case events.SubmissionRejected():
            return public.SubmissionRejected(**about, reference=event.reference)
        case events.SubmissionLapsed():
            return public.SubmissionLapsed(**about, cause=event.cause, round=event.round)
        case events.ApprovalRenewed():
            held = {"reference": event.reference, "expires_on": event.expires_on, "covers": state.covers}
            return public.SubmissionRenewed.model_validate({**about, **held})
        case events.ApprovalReinstated():
            return public.SubmissionReinstated(**about, expires_on=state.expires_on, covers=state.covers)
        case events.ConditionFulfilled():
            still_open = len(state.conditions) - len(state.fulfilled)
            return public.SubmissionConditionFulfilled(**about, number=event.number, open_conditions=still_open)
        case events.ModificationImplemented():
            urgent, site_id = event.urgent_safety_measure, event.site_id
            return public.SubmissionModificationImplemented(
                **about, implemented_at_site_id=site_id, urgent_safety_measure=urgent
            )
        case events.SubmissionBegun() | events.BareStep():
            return PLAIN_EVENTS[type(event)](**about)


def _approved(about: dict[str, Any], event: events.SubmissionApproved) -> public.SubmissionApproved:
    return public.SubmissionApproved(
        **about,
        reference=event.reference,
        covers=event.covers,
        with_conditions=bool(event.conditions),
        expires_on=event.expires_on,
        tacit=isinstance(event, events.SubmissionTacitlyApproved),
        documents=_documents(event),
        conditions=len(event.conditions),
    )


def _asked(event: events.SubmissionQuestionsReceived) -> dict[str, Any]:
    limit = event.limit
    due = {"due_on": limit.due.due_on, "due_by_body": limit.by_body} if limit is not None else {}
    return {"part": event.part, **due}


def _documents(
    event: events.SubmissionDocumentsNamed | events.SubmissionApproved,
) -> tuple[public.SubmittedDocument, ...]:
    return tuple(public.SubmittedDocument.model_validate(dict(one)) for one in event.documents)
