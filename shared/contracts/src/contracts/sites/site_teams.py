"""The facility and the people of a study site: ids and roles, never names."""

from typing import ClassVar, Literal

from kernel import BusinessTime
from pydantic import Field

from contracts.events import PublicEvent
from contracts.sites.study_sites import SiteEvent

SiteRole = Literal[
    "principal_investigator",
    "sub_investigator",
    "study_coordinator",
    "study_nurse",
    "pharmacist",
    "laboratory",
    "rater",
    "other",
]

CredentialKind = Literal["licence", "curriculum_vitae", "gcp_certificate", "training"]


class SiteFacilityLinked(SiteEvent):
    """The site is at this facility, the same one in every study that takes place there."""

    TYPE: ClassVar[str] = "studyline.sites.site-team.facility-linked.v1"
    facility_id: str


class SiteStaffEvent(SiteEvent):
    """What every event of somebody's part at a site carries: an opaque person id, the same in every study."""

    assignment_id: str
    person_id: str
    role: SiteRole


class SiteStaffAssigned(SiteStaffEvent):
    """Somebody joined the site's team in a role."""

    TYPE: ClassVar[str] = "studyline.sites.site-team.staff-assigned.v1"


class SiteStaffEnded(SiteStaffEvent):
    """Somebody left a role at the site."""

    TYPE: ClassVar[str] = "studyline.sites.site-team.staff-ended.v1"


class SiteStaffVoided(SiteStaffEvent):
    """An assignment was recorded in error: it never was."""

    TYPE: ClassVar[str] = "studyline.sites.site-team.staff-voided.v1"


class PrincipalInvestigatorChanged(SiteEvent):
    """The lead of the site went from one person to another; at an active site this is a new gate."""

    TYPE: ClassVar[str] = "studyline.sites.site-team.principal-investigator-changed.v1"
    assignment_id: str
    person_id: str
    previous_assignment_id: str
    previous_person_id: str


class SiteCredentialExpired(SiteEvent):
    """A credential of somebody in the team expired, and no other takes its place; told once for each of their roles."""

    TYPE: ClassVar[str] = "studyline.sites.site-team.credential-expired.v1"
    person_id: str
    role: SiteRole
    credential: CredentialKind
    expired_on: BusinessTime = Field(description="The last date on which it held")


EVENTS: tuple[type[PublicEvent], ...] = (
    SiteFacilityLinked,
    SiteStaffAssigned,
    SiteStaffEnded,
    SiteStaffVoided,
    PrincipalInvestigatorChanged,
    SiteCredentialExpired,
)
