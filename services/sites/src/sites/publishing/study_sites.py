"""Events of study sites, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import study_site

PLAIN_SITE_EVENTS: dict[type[study_site.StudySiteEvent], type[public.SiteEvent]] = {
    study_site.SiteSelected: public.SiteSelected,
    study_site.SiteNotSelected: public.SiteNotSelected,
    study_site.SiteStartUpBegun: public.SiteStartUpBegun,
    study_site.SiteEnrolmentPaused: public.SiteEnrolmentPaused,
    study_site.SiteEnrolmentResumed: public.SiteEnrolmentResumed,
    study_site.SiteClosed: public.SiteClosed,
    study_site.SiteTerminated: public.SiteTerminated,
}


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
