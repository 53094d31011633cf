"""The commands and events of a study site."""

from typing import Literal

from kernel import BusinessTime, Command, Event

from sites.domain.activation import Gate, ItemStatus, Judged

Status = Literal[
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
"""Why a site is chosen or not, in the words of the feasibility (TMF Reference Model 05.01.03 and 05.01.05)."""
PersonsReason = Literal["safety", "quality", "supply", "sponsor", "site", "other"]
HoldReason = Literal["prerequisite_lost"] | PersonsReason
Suspender = Literal["competent_authority", "ethics_committee", "sponsor"]

# Commands


class IdentifySite(Command):
    """Note a place that may take part."""

    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    name: str | None = None
    city: str | None = None
    number: str | None = None


class AdoptSite(IdentifySite):
    """Take a site over from elsewhere with the status it has there."""

    status: Status
    activated_on: BusinessTime | None = None


class SignCda(Command):
    """Note that the confidentiality agreement is signed (TMF Reference Model 05.01.02)."""


class SelectSite(Command):
    """Choose the site."""

    because: SelectionReason | None = None


class RejectSite(Command):
    """Do not choose the site; its record stays."""

    because: SelectionReason | None = None


class BeginStartUp(Command):
    """Begin start-up work."""


class ActivateSite(Command):
    """Open the site for enrolment, resting on what is known."""

    gate: Gate = Gate()


class FollowChecklist(Command):
    """Take note of how the site's checklist stands: what is ready, lost, or there again."""

    items: tuple[Judged, ...]


class PauseEnrolment(Command):
    """Put enrolment on hold."""

    because: HoldReason | None = None


class ResumeEnrolment(Command):
    """Go on after a hold."""


class SuspendSite(Command):
    """Stop the site by order of an authority, an ethics committee or the sponsor."""

    ordered_by: Suspender


class LiftSuspension(Command):
    """Note that the order is lifted; enrolment stays on hold until somebody resumes it."""


class CloseToEnrolment(Command):
    """End enrolment; the subjects go on."""


class CloseSite(Command):
    """End the site's part in good order."""


class ArchiveSite(Command):
    """Note that the site's records are archived."""


class TerminateSite(Command):
    """End the site's part early."""


class WithdrawSite(Command):
    """Note that the site will not take part after all, before it was ever open."""


StudySiteCommand = (
    IdentifySite
    | AdoptSite
    | SignCda
    | SelectSite
    | RejectSite
    | BeginStartUp
    | ActivateSite
    | FollowChecklist
    | PauseEnrolment
    | ResumeEnrolment
    | SuspendSite
    | LiftSuspension
    | CloseToEnrolment
    | CloseSite
    | ArchiveSite
    | TerminateSite
    | WithdrawSite
)


# Events


class SiteIdentified(Event):
    """The place is known."""

    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    name: str | None
    city: str | None
    number: str | None


class SiteCdaSigned(Event):
    """The confidentiality agreement is signed."""


class SiteSelected(Event):
    """The site was chosen."""

    because: SelectionReason | None = None


class SiteNotSelected(Event):
    """The site was not chosen."""

    because: SelectionReason | None = None


class SiteStartUpBegun(Event):
    """Start-up work began."""


class SiteReadyForActivation(Event):
    """The last item of the checklist is met."""


class SiteActivated(Event):
    """The site is open for enrolment. `items` is the checklist as the decision saw it; empty for migrated history."""

    rested_on: tuple[str, ...]
    checklist_version: str | None = None
    items: tuple[Judged, ...] = ()


class SitePrerequisiteLost(Event):
    """An item that the site had is lost."""

    code: str
    item: int
    status: ItemStatus
    detail: str
    lost_by: str | None


class SitePrerequisiteRegained(Event):
    """An item that was lost is there again."""

    code: str
    item: int


class SiteEnrolmentPaused(Event):
    """Enrolment is on hold."""

    because: HoldReason | None = None


class SiteEnrolmentResumed(Event):
    """Enrolment goes on."""


class SiteSuspended(Event):
    """The site is stopped by order."""

    ordered_by: Suspender


class SiteSuspensionLifted(Event):
    """The order is lifted."""


class SiteClosedToEnrolment(Event):
    """Enrolment has ended."""


class SiteClosed(Event):
    """The site has ended in good order."""


class SiteArchived(Event):
    """The site's records are archived."""


class SiteTerminated(Event):
    """The site was ended early."""


class SiteWithdrawn(Event):
    """The site will not take part."""


class SiteStatusReported(Event):
    """A source of migrated history says where the site stands."""

    status: Status


StudySiteEvent = (
    SiteIdentified
    | SiteCdaSigned
    | SiteSelected
    | SiteNotSelected
    | SiteStartUpBegun
    | SiteReadyForActivation
    | SiteActivated
    | SitePrerequisiteLost
    | SitePrerequisiteRegained
    | SiteEnrolmentPaused
    | SiteEnrolmentResumed
    | SiteSuspended
    | SiteSuspensionLifted
    | SiteClosedToEnrolment
    | SiteClosed
    | SiteArchived
    | SiteTerminated
    | SiteWithdrawn
    | SiteStatusReported
)
