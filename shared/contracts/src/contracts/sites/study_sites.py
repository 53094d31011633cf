"""Study sites, from identification to close-out."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.events import PublicEvent

SiteStatus = Literal[
    "identified",
    "cda_signed",
    "selected",
    "not_selected",
    "start_up",
    "ready_for_activation",
    "active",
    "on_hold",
    "suspended",
    "closed_to_enrolment",
    "closed",
    "archived",
    "terminated",
    "withdrawn",
    "unknown",
]
SelectionReason = Literal[
    "patient_population",
    "competing_studies",
    "staff",
    "facilities",
    "experience",
    "no_interest",
    "timelines",
    "budget",
    "regulatory",
    "other",
]
HoldReason = Literal["prerequisite_lost", "safety", "quality", "supply", "sponsor", "site", "other"]
ItemStatus = Literal[
    "met", "waived", "not_applicable", "missing", "not_yet_in_force", "expired", "other_version", "other_person"
]


class SiteEvent(PublicEvent):
    """What every event of a study site carries."""

    site_id: str
    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")


class ActivationItem(BaseModel):
    """One item of the checklist as the decision saw it."""

    model_config = ConfigDict(frozen=True)

    item: str = Field(description="Code of the item")
    number: int = Field(description="Head of the green light, 1 to 10")
    status: ItemStatus
    evidence: tuple[str, ...] = Field(description="Ids of the events and documents by which it is met")


class SiteIdentified(SiteEvent):
    """A place may take part in the study."""

    TYPE: ClassVar[str] = "studyline.sites.site.identified.v1"
    name: str | None
    city: str | None
    number: str | None = Field(description="The sponsor's site number within the study")


class SiteCdaSigned(SiteEvent):
    """The confidentiality agreement with the site is signed (TMF Reference Model 05.01.02)."""

    TYPE: ClassVar[str] = "studyline.sites.site.cda-signed.v1"


class SiteSelected(SiteEvent):
    """The site was chosen to take part."""

    TYPE: ClassVar[str] = "studyline.sites.site.selected.v1"
    because: SelectionReason | None = None


class SiteNotSelected(SiteEvent):
    """The site was evaluated and not chosen; its record stays (TMF Reference Model 05.01.05)."""

    TYPE: ClassVar[str] = "studyline.sites.site.not-selected.v1"
    because: SelectionReason | None = None


class SiteStartUpBegun(SiteEvent):
    """Start-up work at the site began."""

    TYPE: ClassVar[str] = "studyline.sites.site.start-up-begun.v1"


class SiteReadyForActivation(SiteEvent):
    """The last item of the site's checklist is met: it waits for its green light."""

    TYPE: ClassVar[str] = "studyline.sites.site.ready-for-activation.v1"


class SiteActivated(SiteEvent):
    """The site may enrol. `rested_on` names the events that allowed it; empty for migrated history."""

    TYPE: ClassVar[str] = "studyline.sites.site.activated.v1"
    rested_on: tuple[str, ...] = Field(description="Ids of the events the decision rested on")
    checklist_version: str | None = Field(
        default=None, description="`core`, or the version of the study's own checklist"
    )
    items: tuple[ActivationItem, ...] = Field(default=(), description="The checklist as the decision saw it")


class SiteActivationPrerequisiteLost(SiteEvent):
    """The site has lost what its green light rests on. `occurredtime` says when; enrolment is paused, nothing more."""

    TYPE: ClassVar[str] = "studyline.sites.site.activation-prerequisite-lost.v1"
    item: str = Field(description="Code of the item")
    number: int = Field(description="Head of the green light, 1 to 10")
    status: ItemStatus
    lost_by: str | None = Field(description="Id of the event or document by which it was lost")


class SiteActivationPrerequisiteRegained(SiteEvent):
    """What was lost is there again. Enrolment stays on hold until a person resumes it."""

    TYPE: ClassVar[str] = "studyline.sites.site.activation-prerequisite-regained.v1"
    item: str = Field(description="Code of the item")
    number: int = Field(description="Head of the green light, 1 to 10")


class SiteEnrolmentPaused(SiteEvent):
    """Enrolment at the site is on hold."""

    TYPE: ClassVar[str] = "studyline.sites.site.enrolment-paused.v1"
    because: HoldReason | None = None


class SiteEnrolmentResumed(SiteEvent):
    """Enrolment at the site goes on after a hold."""

    TYPE: ClassVar[str] = "studyline.sites.site.enrolment-resumed.v1"


class SiteSuspended(SiteEvent):
    """The site is stopped by order."""

    TYPE: ClassVar[str] = "studyline.sites.site.suspended.v1"
    ordered_by: Literal["competent_authority", "ethics_committee", "sponsor"]


class SiteSuspensionLifted(SiteEvent):
    """The order is lifted; enrolment stays on hold until a person resumes it."""

    TYPE: ClassVar[str] = "studyline.sites.site.suspension-lifted.v1"


class SiteClosedToEnrolment(SiteEvent):
    """Enrolment at the site has ended; its subjects go on."""

    TYPE: ClassVar[str] = "studyline.sites.site.closed-to-enrolment.v1"


class SiteClosed(SiteEvent):
    """The site has ended its part in the study in good order."""

    TYPE: ClassVar[str] = "studyline.sites.site.closed.v1"


class SiteArchived(SiteEvent):
    """The site's records are archived."""

    TYPE: ClassVar[str] = "studyline.sites.site.archived.v1"


class SiteTerminated(SiteEvent):
    """The site's part in the study was ended early."""

    TYPE: ClassVar[str] = "studyline.sites.site.terminated.v1"


class SiteWithdrawn(SiteEvent):
    """The site will not take part after all; it was never open."""

    TYPE: ClassVar[str] = "studyline.sites.site.withdrawn.v1"


class SiteStatusReported(SiteEvent):
    """A source of migrated history states the site's status, without the steps that led there."""

    TYPE: ClassVar[str] = "studyline.sites.site.status-reported.v1"
    status: SiteStatus


EVENTS: tuple[type[PublicEvent], ...] = (
    SiteIdentified,
    SiteCdaSigned,
    SiteSelected,
    SiteNotSelected,
    SiteStartUpBegun,
    SiteReadyForActivation,
    SiteActivated,
    SiteActivationPrerequisiteLost,
    SiteActivationPrerequisiteRegained,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteSuspended,
    SiteSuspensionLifted,
    SiteClosedToEnrolment,
    SiteClosed,
    SiteArchived,
    SiteTerminated,
    SiteWithdrawn,
    SiteStatusReported,
)
