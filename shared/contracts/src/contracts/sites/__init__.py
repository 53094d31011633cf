"""What `sites` publishes: studies, study sites, their teams, and subjects."""

from contracts.events import PublicEvent
from contracts.sites import site_teams, studies, study_sites, subjects
from contracts.sites.site_teams import (
    PrincipalInvestigatorChanged,
    SiteCredentialExpired,
    SiteFacilityLinked,
    SiteStaffAssigned,
    SiteStaffEnded,
    SiteStaffEvent,
    SiteStaffVoided,
)
from contracts.sites.studies import (
    StudyDetailsCorrected,
    StudyMilestoneKind,
    StudyMilestonePlanned,
    StudyMilestoneReached,
    StudyPhase,
    StudyRegistered,
    StudyStatus,
    StudyStatusChanged,
)
from contracts.sites.study_sites import (
    SiteActivated,
    SiteClosed,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteEvent,
    SiteIdentified,
    SiteNotSelected,
    SiteSelected,
    SiteStartUpBegun,
    SiteStatus,
    SiteStatusReported,
    SiteTerminated,
)
from contracts.sites.subjects import (
    SubjectCompleted,
    SubjectConsented,
    SubjectEnrolled,
    SubjectEvent,
    SubjectRandomised,
    SubjectScreened,
    SubjectScreenFailed,
    SubjectWithdrawn,
)

__all__ = [
    "EVENTS",
    "TOPIC",
    "PrincipalInvestigatorChanged",
    "SiteActivated",
    "SiteClosed",
    "SiteCredentialExpired",
    "SiteEnrolmentPaused",
    "SiteEnrolmentResumed",
    "SiteEvent",
    "SiteFacilityLinked",
    "SiteIdentified",
    "SiteNotSelected",
    "SiteSelected",
    "SiteStaffAssigned",
    "SiteStaffEnded",
    "SiteStaffEvent",
    "SiteStaffVoided",
    "SiteStartUpBegun",
    "SiteStatus",
    "SiteStatusReported",
    "SiteTerminated",
    "StudyDetailsCorrected",
    "StudyMilestoneKind",
    "StudyMilestonePlanned",
    "StudyMilestoneReached",
    "StudyPhase",
    "StudyRegistered",
    "StudyStatus",
    "StudyStatusChanged",
    "SubjectCompleted",
    "SubjectConsented",
    "SubjectEnrolled",
    "SubjectEvent",
    "SubjectRandomised",
    "SubjectScreenFailed",
    "SubjectScreened",
    "SubjectWithdrawn",
]

TOPIC = "studyline.sites"

EVENTS: tuple[type[PublicEvent], ...] = (
    *studies.EVENTS,
    *study_sites.EVENTS,
    *subjects.EVENTS,
    *site_teams.EVENTS,
)
