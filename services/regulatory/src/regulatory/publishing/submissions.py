"""Events of submissions, as the world learns of them."""

from typing import Any

from contracts import PublicEvent
from contracts import regulatory as public

from regulatory.domain import submission

PLAIN_EVENTS: dict[type[submission.SubmissionEvent], type[public.SubmissionEvent]] = {
    submission.SubmissionPrepared: public.SubmissionPrepared,
    submission.SubmissionSubmitted: public.SubmissionSubmitted,
    submission.SubmissionQuestionsReceived: public.SubmissionQuestionsReceived,
    submission.SubmissionQuestionsAnswered: public.SubmissionQuestionsAnswered,
    submission.SubmissionWithdrawn: public.SubmissionWithdrawn,
}


ABOUT = {"study_id", "submission_id", "body", "country", "site_id"}


def publish_submission(state: submission.Submission, event: submission.SubmissionEvent) -> PublicEvent:
    """How the world learns of a submission's event. The conditions' texts stay here; that there are some is told."""
    about: dict[str, Any] = state.model_dump(include=ABOUT)
    match event:
        case submission.SubmissionApproved():
            return public.SubmissionApproved(
                **about,
                reference=event.reference,
                covers=event.covers,
                with_conditions=bool(event.conditions),
                expires_on=event.expires_on,
            )
        case submission.SubmissionRejected():
            return public.SubmissionRejected(**about, reference=event.reference)
        case (
            submission.SubmissionPrepared()
            | submission.SubmissionSubmitted()
            | submission.SubmissionQuestionsReceived()
            | submission.SubmissionQuestionsAnswered()
            | submission.SubmissionWithdrawn()
        ):
            return PLAIN_EVENTS[type(event)](**about)
