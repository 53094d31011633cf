"""Study sites, from identification to close-out."""

from typing import ClassVar, Literal

from pydantic import Field

from contracts.events import PublicEvent

SiteStatus = Literal[
    "identified",
    "selected",
    "not_selected",
    "start_up",
    "active",
    "on_hold",
    "closed_to_enrolment",
    "closed",
    "terminated",
    "withdrawn",
    "unknown",
]


class SiteEvent(PublicEvent):
    """What every event of a study site carries."""

    site_id: str
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class SiteIdentified(SiteEvent):
    """A place may take part in the study."""

    TYPE: ClassVar[str] = "studyline.sites.site.identified.v1"
    name: str | None
    city: str | None
    number: str | None = Field(description="The sponsor's site number within the study")


class SiteSelected(SiteEvent):
    """The site was chosen to take part."""

    TYPE: ClassVar[str] = "studyline.sites.site.selected.v1"


class SiteNotSelected(SiteEvent):
    """The site was evaluated and not chosen; its record stays (TMF Reference Model 05.01.05)."""

    TYPE: ClassVar[str] = "studyline.sites.site.not-selected.v1"


class SiteStartUpBegun(SiteEvent):
    """Start-up work at the site began."""

    TYPE: ClassVar[str] = "studyline.sites.site.start-up-begun.v1"


class SiteActivated(SiteEvent):
    """The site may enrol. `rested_on` names the events that allowed it; empty for migrated history."""

    TYPE: ClassVar[str] = "studyline.sites.site.activated.v1"
    rested_on: tuple[str, ...] = Field(description="Ids of the events the decision rested on")


class SiteEnrolmentPaused(SiteEvent):
    """Enrolment at the site is on hold."""

    TYPE: ClassVar[str] = "studyline.sites.site.enrolment-paused.v1"


class SiteEnrolmentResumed(SiteEvent):
    """Enrolment at the site goes on after a hold."""

    TYPE: ClassVar[str] = "studyline.sites.site.enrolment-resumed.v1"


class SiteClosed(SiteEvent):
    """The site has ended its part in the study in good order."""

    TYPE: ClassVar[str] = "studyline.sites.site.closed.v1"


class SiteTerminated(SiteEvent):
    """The site's part in the study was ended early."""

    TYPE: ClassVar[str] = "studyline.sites.site.terminated.v1"


class SiteStatusReported(SiteEvent):
    """A source of migrated history states the site's status, without the steps that led there."""

    TYPE: ClassVar[str] = "studyline.sites.site.status-reported.v1"
    status: SiteStatus


EVENTS: tuple[type[PublicEvent], ...] = (
    SiteIdentified,
    SiteSelected,
    SiteNotSelected,
    SiteStartUpBegun,
    SiteActivated,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteClosed,
    SiteTerminated,
    SiteStatusReported,
)
