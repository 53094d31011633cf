"""Events of subjects, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import subject

SUBJECT_EVENTS: dict[type[subject.SubjectEvent], type[public.SubjectEvent]] = {
    subject.SubjectConsented: public.SubjectConsented,
    subject.SubjectScreened: public.SubjectScreened,
    subject.SubjectScreenFailed: public.SubjectScreenFailed,
    subject.SubjectEnrolled: public.SubjectEnrolled,
    subject.SubjectRandomised: public.SubjectRandomised,
    subject.SubjectCompleted: public.SubjectCompleted,
    subject.SubjectWithdrawn: public.SubjectWithdrawn,
}


def publish_subject(state: subject.Subject, event: subject.SubjectEvent) -> PublicEvent:
    """How the world learns of a subject's event."""
    return SUBJECT_EVENTS[type(event)](
        study_id=state.study_id,
        site_id=state.site_id,
        country=state.country,
        subject_id=state.subject_id,
        subject_key=state.subject_key,
    )
