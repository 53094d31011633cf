"""Events of subjects and of enrolment's limits, as the world learns of them."""

from typing import Any

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import enrolment_limits, subject
from sites.domain import subject_messages as private
from sites.domain.consent_forms import Form

PLAIN: dict[type[private.SubjectEvent], type[public.SubjectEvent]] = {
    private.SubjectScreened: public.SubjectScreened,
    private.SubjectEnrolled: public.SubjectEnrolled,
    private.SubjectRandomised: public.SubjectRandomised,
    private.SubjectTreatmentStarted: public.SubjectTreatmentStarted,
    private.SubjectTreatmentEnded: public.SubjectTreatmentEnded,
    private.SubjectFollowUpBegun: public.SubjectFollowUpBegun,
    private.SubjectCompleted: public.SubjectCompleted,
    private.SubjectLostToFollowUp: public.SubjectLostToFollowUp,
    private.SubjectDied: public.SubjectDied,
}
ABOUT = {"study_id", "site_id", "country", "subject_id", "subject_key"}


def publish_subject(state: subject.Subject, event: private.SubjectEvent) -> PublicEvent:
    """How the world learns of a subject's event."""
    about: dict[str, Any] = state.model_dump(include=ABOUT)
    match event:
        case private.SubjectConsented():
            return public.SubjectConsented(**about, form=_form(event.form))
        case private.SubjectReconsented():
            return public.SubjectReconsented.model_validate({**about, "form": _form(event.form)})
        case private.SubjectReconsentRequired():
            return public.SubjectReconsentRequired.model_validate({**about, "form": _form(event.form)})
        case private.SubjectRescreened():
            return public.SubjectRescreened(**about, attempt=event.attempt, form=_form(event.form))
        case private.SubjectScreenFailed():
            return public.SubjectScreenFailed(**about, reason_code=event.reason_code)
        case private.SubjectWithdrawn():
            return public.SubjectWithdrawn(**about, reason_code=event.reason_code)
        case private.SubjectTransferred():
            left = {"from_site_id": event.from_site_id, "from_country": event.from_country}
            return public.SubjectTransferred(**about, **left)
        case (
            private.SubjectScreened()
            | private.SubjectEnrolled()
            | private.SubjectRandomised()
            | private.SubjectTreatmentStarted()
            | private.SubjectTreatmentEnded()
            | private.SubjectFollowUpBegun()
            | private.SubjectCompleted()
            | private.SubjectLostToFollowUp()
            | private.SubjectDied()
        ):
            return PLAIN[type(event)](**about)


def publish_limits(state: enrolment_limits.EnrolmentLimits, event: enrolment_limits.EnrolmentLimited) -> PublicEvent:
    """How the world learns of a limit."""
    place = {"country": event.country, "site_id": event.site_id}
    return public.EnrolmentLimited(study_id=state.study_id, subjects=event.subjects, **place)


def _form(form: Form | None) -> public.ConsentForm | None:
    return public.ConsentForm(document_id=form.document_id, version=form.version) if form is not None else None
