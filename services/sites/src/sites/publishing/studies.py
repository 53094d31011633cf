"""Events of studies, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public
from contracts.events import Sponsor

from sites.domain import study


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
