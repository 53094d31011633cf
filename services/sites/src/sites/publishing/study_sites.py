"""Events of study sites, as the world learns of them."""

from contracts import PublicEvent
from contracts import sites as public

from sites.domain import study_site_messages as messages
from sites.domain.activation import Judged
from sites.domain.study_site import StudySite

SAME_NAME_EVENTS: dict[type[messages.StudySiteEvent], type[public.SiteEvent]] = {
    messages.SiteIdentified: public.SiteIdentified,
    messages.SiteCdaSigned: public.SiteCdaSigned,
    messages.SiteSelected: public.SiteSelected,
    messages.SiteNotSelected: public.SiteNotSelected,
    messages.SiteStartUpBegun: public.SiteStartUpBegun,
    messages.SiteReadyForActivation: public.SiteReadyForActivation,
    messages.SiteEnrolmentPaused: public.SiteEnrolmentPaused,
    messages.SiteEnrolmentResumed: public.SiteEnrolmentResumed,
    messages.SiteSuspended: public.SiteSuspended,
    messages.SiteSuspensionLifted: public.SiteSuspensionLifted,
    messages.SiteClosedToEnrolment: public.SiteClosedToEnrolment,
    messages.SiteClosed: public.SiteClosed,
    messages.SiteArchived: public.SiteArchived,
    messages.SiteTerminated: public.SiteTerminated,
    messages.SiteWithdrawn: public.SiteWithdrawn,
    messages.SiteStatusReported: public.SiteStatusReported,
}
"""Events whose public form has the same fields, or fewer."""


def publish_site(state: StudySite, event: messages.StudySiteEvent) -> PublicEvent:
    """How the world learns of a study site's event."""
    about = {"study_id": state.study_id, "site_id": state.site_id, "country": state.country}
    match event:
        case messages.SiteActivated():
            return _activated(about, event)
        case messages.SitePrerequisiteLost():
            told = {"item": event.code, "number": event.item, "status": event.status, "lost_by": event.lost_by}
            return public.SiteActivationPrerequisiteLost.model_validate({**about, **told})
        case messages.SitePrerequisiteRegained():
            return public.SiteActivationPrerequisiteRegained(**about, item=event.code, number=event.item)
        case (
            messages.SiteIdentified()
            | messages.SiteCdaSigned()
            | messages.SiteSelected()
            | messages.SiteNotSelected()
            | messages.SiteStartUpBegun()
            | messages.SiteReadyForActivation()
            | messages.SiteEnrolmentPaused()
            | messages.SiteEnrolmentResumed()
            | messages.SiteSuspended()
            | messages.SiteSuspensionLifted()
            | messages.SiteClosedToEnrolment()
            | messages.SiteClosed()
            | messages.SiteArchived()
            | messages.SiteTerminated()
            | messages.SiteWithdrawn()
            | messages.SiteStatusReported()
        ):
            return SAME_NAME_EVENTS[type(event)].model_validate({**dict(event), **about})


def _activated(about: dict[str, str], event: messages.SiteActivated) -> PublicEvent:
    items = tuple(_item(one) for one in event.items)
    version = event.checklist_version
    return public.SiteActivated(**about, rested_on=event.rested_on, checklist_version=version, items=items)


def _item(one: Judged) -> public.ActivationItem:
    return public.ActivationItem(item=one.code, number=one.item, status=one.status, evidence=one.evidence)
