"""Whom an event concerns whose amendments are judged again: a site, those of a country, or all of a study's.

Judging again changes nothing where nothing is new, so it may be asked for once too often and never once too seldom.
"""

from collections.abc import Iterator

from contracts import PublicEvent, Received, regulatory, sites
from contracts.sites.amendments import AmendmentRequirementsStated

from sites.domain.green_light import Concern
from sites.policies.green_light import DECISIONS

AT_SITE: tuple[type[PublicEvent], ...] = (
    sites.SiteActivated,
    sites.SiteClosed,
    sites.SiteTerminated,
    sites.SiteStatusReported,
    sites.DelegationEvent,
    sites.TrainingEvent,
    sites.SubjectEvent,
)
SUBMISSIONS: tuple[type[regulatory.SubmissionEvent], ...] = (
    regulatory.SubmissionDocumentsNamed,
    regulatory.SubmissionModificationImplemented,
    *DECISIONS,
)
"""What tells which versions a submission is about, and whether they may be worked by."""
DOCUMENT_KINDS = frozenset({"protocol", "protocol_amendment", "informed_consent_form"})


def when_something_is_learned_judge_the_amendments(received: Received) -> Iterator[Concern]:
    """The places at which an event may change how an amendment stands."""
    event = received.event
    match event:
        case regulatory.DocumentApproved() | regulatory.DocumentRetired() if event.kind in DOCUMENT_KINDS:
            yield Concern(event.study_id)
        case regulatory.DocumentMadeEffective() | regulatory.DocumentEffectEnded() if event.kind in DOCUMENT_KINDS:
            yield Concern(event.study_id, country=event.country, site_id=event.site_id)
        case regulatory.SubmissionEvent() if isinstance(event, SUBMISSIONS):
            yield Concern(event.study_id, country=event.country, site_id=event.site_id)
        case AmendmentRequirementsStated():
            yield Concern(event.study_id)
        case sites.SubjectTransferred():
            yield Concern(event.study_id, site_id=event.from_site_id)
            yield Concern(event.study_id, site_id=event.site_id)
        case sites.SiteEvent() if isinstance(event, AT_SITE):
            yield Concern(event.study_id, site_id=event.site_id)
        case _:
            return
