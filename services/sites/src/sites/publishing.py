"""Private event → public event, or explicitly nothing. Pure and exhaustive."""

from contracts import PublicEvent
from contracts import sites as public
from contracts.events import Sponsor

from sites.domain import evidence, study, study_site, subject

SUBJECT_EVENTS: dict[type[subject.SubjectEvent], type[public.SubjectEvent]] = {
    subject.SubjectConsented: public.SubjectConsented,
    subject.SubjectScreened: public.SubjectScreened,
    subject.SubjectScreenFailed: public.SubjectScreenFailed,
    subject.SubjectEnrolled: public.SubjectEnrolled,
    subject.SubjectRandomised: public.SubjectRandomised,
    subject.SubjectCompleted: public.SubjectCompleted,
    subject.SubjectWithdrawn: public.SubjectWithdrawn,
}
PLAIN_SITE_EVENTS: dict[type[study_site.StudySiteEvent], type[public.SiteEvent]] = {
    study_site.SiteSelected: public.SiteSelected,
    study_site.SiteNotSelected: public.SiteNotSelected,
    study_site.SiteStartUpBegun: public.SiteStartUpBegun,
    study_site.SiteEnrolmentPaused: public.SiteEnrolmentPaused,
    study_site.SiteEnrolmentResumed: public.SiteEnrolmentResumed,
    study_site.SiteClosed: public.SiteClosed,
    study_site.SiteTerminated: public.SiteTerminated,
}


def publish_study(state: study.Study, event: study.StudyEvent) -> PublicEvent:
    """How the world learns of a study's event."""
    study_id = state.study_id
    match event:
        case study.StudyRegistered():
            sponsor = Sponsor(id=event.sponsor.id, name=event.sponsor.name)
            particulars = event.particulars.model_dump()
            return public.StudyRegistered(study_id=study_id, sponsor=sponsor, status=event.status, **particulars)
        case study.StudyDetailsCorrected():
            return public.StudyDetailsCorrected(study_id=study_id, **event.particulars.model_dump())
        case study.StudyStatusChanged():
            return public.StudyStatusChanged(study_id=study_id, status=event.status)
        case study.StudyMilestonePlanned():
            return public.StudyMilestonePlanned(study_id=study_id, milestone=event.milestone, planned=event.planned)
        case study.StudyMilestoneReached():
            return public.StudyMilestoneReached(study_id=study_id, milestone=event.milestone, actual=event.actual)


def publish_site(state: study_site.StudySite, event: study_site.StudySiteEvent) -> PublicEvent:
    """How the world learns of a study site's event."""
    about = {"study_id": state.study_id, "site_id": state.site_id, "country": state.country}
    match event:
        case study_site.SiteIdentified():
            return public.SiteIdentified(**about, name=event.name, city=event.city, number=event.number)
        case study_site.SiteActivated():
            return public.SiteActivated(**about, rested_on=event.rested_on)
        case study_site.SiteStatusReported():
            return public.SiteStatusReported(**about, status=event.status)
        case (
            study_site.SiteSelected()
            | study_site.SiteNotSelected()
            | study_site.SiteStartUpBegun()
            | study_site.SiteEnrolmentPaused()
            | study_site.SiteEnrolmentResumed()
            | study_site.SiteClosed()
            | study_site.SiteTerminated()
        ):
            return PLAIN_SITE_EVENTS[type(event)](**about)


def publish_subject(state: subject.Subject, event: subject.SubjectEvent) -> PublicEvent:
    """How the world learns of a subject's event."""
    return SUBJECT_EVENTS[type(event)](
        study_id=state.study_id,
        site_id=state.site_id,
        country=state.country,
        subject_id=state.subject_id,
        subject_key=state.subject_key,
    )


def publish_evidence(state: evidence.Evidence, event: evidence.EvidenceEvent) -> None:
    """Not at all: the world has it from the service that it comes from."""
