"""Study site: a place taking part in one study, from identification to close-out.

The gate before activation stands in `activation.py`; its evidence arrives in the command, and `SiteActivated` keeps the
ids of the events it rested on, so that the decision can be replayed.
"""

from typing import Literal

from kernel import BusinessTime, Command, Event, Reason, Refused, State, changed

from sites.domain.activation import Proof, events_relied_on, unmet_requirements

Status = Literal[
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
ENDED: frozenset[Status] = frozenset({"closed", "terminated", "withdrawn", "not_selected"})


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


class SelectSite(Command):
    """Choose the site."""


class RejectSite(Command):
    """Do not choose the site; its record stays."""


class BeginStartUp(Command):
    """Begin start-up work."""


class ActivateSite(Command):
    """Open the site for enrolment, resting on the evidence in force."""

    proofs: tuple[Proof, ...] = ()


class PauseEnrolment(Command):
    """Put enrolment on hold."""


class ResumeEnrolment(Command):
    """Go on after a hold."""


class CloseSite(Command):
    """End the site's part in good order."""


class TerminateSite(Command):
    """End the site's part early."""


StudySiteCommand = (
    IdentifySite
    | AdoptSite
    | SelectSite
    | RejectSite
    | BeginStartUp
    | ActivateSite
    | PauseEnrolment
    | ResumeEnrolment
    | CloseSite
    | TerminateSite
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


class SiteSelected(Event):
    """The site was chosen."""


class SiteNotSelected(Event):
    """The site was not chosen."""


class SiteStartUpBegun(Event):
    """Start-up work began."""


class SiteActivated(Event):
    """The site is open for enrolment."""

    rested_on: tuple[str, ...]


class SiteEnrolmentPaused(Event):
    """Enrolment is on hold."""


class SiteEnrolmentResumed(Event):
    """Enrolment goes on."""


class SiteClosed(Event):
    """The site has ended in good order."""


class SiteTerminated(Event):
    """The site was ended early."""


class SiteStatusReported(Event):
    """A source of migrated history says where the site stands."""

    status: Status


StudySiteEvent = (
    SiteIdentified
    | SiteSelected
    | SiteNotSelected
    | SiteStartUpBegun
    | SiteActivated
    | SiteEnrolmentPaused
    | SiteEnrolmentResumed
    | SiteClosed
    | SiteTerminated
    | SiteStatusReported
)


# State


class StudySite(State):
    """A study site as it is."""

    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    name: str | None
    city: str | None
    number: str | None
    status: Status = "identified"
    activated_on: BusinessTime | None = None


# Decide


def decide(site: StudySite | None, command: StudySiteCommand) -> list[StudySiteEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case AdoptSite():
            return adopt(site, command)
        case IdentifySite():
            return [] if site is not None else [_identified(command)]
        case SelectSite():
            return _step(site, ("identified",), "selected", SiteSelected(occurred_at=command.occurred_at))
        case RejectSite():
            allowed = ("identified", "selected")
            return _step(site, allowed, "not_selected", SiteNotSelected(occurred_at=command.occurred_at))
        case BeginStartUp():
            return _step(site, ("selected",), "start_up", SiteStartUpBegun(occurred_at=command.occurred_at))
        case ActivateSite():
            return activate(site, command)
        case PauseEnrolment():
            return _step(site, ("active",), "on_hold", SiteEnrolmentPaused(occurred_at=command.occurred_at))
        case ResumeEnrolment():
            return _step(site, ("on_hold",), "active", SiteEnrolmentResumed(occurred_at=command.occurred_at))
        case CloseSite():
            allowed = ("active", "on_hold", "closed_to_enrolment")
            return _step(site, allowed, "closed", SiteClosed(occurred_at=command.occurred_at))
        case TerminateSite():
            return terminate(site, command)


def activate(site: StudySite | None, command: ActivateSite) -> list[StudySiteEvent]:
    """Open the site once, and never before every piece of evidence is in force; name all that is missing."""
    site = _existing(site)
    if site.status == "active":
        return []
    unmet = [*_not_in(site, ("start_up",), "active"), *unmet_requirements(command.proofs, command.occurred_at)]
    if unmet:
        raise Refused(*unmet)
    rested_on = events_relied_on(command.proofs, command.occurred_at)
    return [SiteActivated(occurred_at=command.occurred_at, rested_on=rested_on)]


def terminate(site: StudySite | None, command: TerminateSite) -> list[StudySiteEvent]:
    """End early from anywhere but an end."""
    site = _existing(site)
    if site.status == "terminated":
        return []
    if site.status in ENDED:
        raise Refused(_wrong_status(site, "terminated"))
    return [SiteTerminated(occurred_at=command.occurred_at)]


def adopt(site: StudySite | None, command: AdoptSite) -> list[StudySiteEvent]:
    """Take over what is new, without any gate: it is history. Activation keeps its real date."""
    events: list[StudySiteEvent] = []
    status: Status = "identified"
    if site is None:
        events.append(_identified(command))
    else:
        status = site.status
    known = site.activated_on if site is not None else None
    if command.activated_on is not None and command.activated_on != known:
        events.append(SiteActivated(occurred_at=command.activated_on, rested_on=()))
        status = "active"
    if command.status != status:
        events.append(SiteStatusReported(occurred_at=command.occurred_at, status=command.status))
    return events


def _identified(command: IdentifySite) -> SiteIdentified:
    return SiteIdentified(
        occurred_at=command.occurred_at,
        site_id=command.site_id,
        study_id=command.study_id,
        sponsor_id=command.sponsor_id,
        country=command.country,
        name=command.name,
        city=command.city,
        number=command.number,
    )


def _step(
    site: StudySite | None, allowed: tuple[Status, ...], target: Status, event: StudySiteEvent
) -> list[StudySiteEvent]:
    site = _existing(site)
    if site.status == target:
        return []
    unmet = _not_in(site, allowed, target)
    if unmet:
        raise Refused(*unmet)
    return [event]


def _not_in(site: StudySite, allowed: tuple[Status, ...], target: Status) -> list[Reason]:
    return [] if site.status in allowed else [_wrong_status(site, target)]


def _wrong_status(site: StudySite, target: Status) -> Reason:
    detail = f"The site is {site.status.replace('_', ' ')}: it cannot become {target.replace('_', ' ')} from there."
    return Reason(code="wrong_status", field="status", detail=detail)


def _existing(site: StudySite | None) -> StudySite:
    if site is None:
        detail = "The site is not identified."
        raise Refused(Reason(code="site_unknown", detail=detail))
    return site


# Evolve


def evolve(site: StudySite | None, event: StudySiteEvent) -> StudySite:
    """Apply one event. No rule lives here: what happened, happened."""
    if isinstance(event, SiteIdentified):
        return StudySite.model_validate(event.model_dump(exclude={"occurred_at"}))
    site = _existing(site)
    match event:
        case SiteSelected():
            return changed(site, status="selected")
        case SiteNotSelected():
            return changed(site, status="not_selected")
        case SiteStartUpBegun():
            return changed(site, status="start_up")
        case SiteActivated():
            return changed(site, status="active", activated_on=event.occurred_at)
        case SiteEnrolmentPaused():
            return changed(site, status="on_hold")
        case SiteEnrolmentResumed():
            return changed(site, status="active")
        case SiteClosed():
            return changed(site, status="closed")
        case SiteTerminated():
            return changed(site, status="terminated")
        case SiteStatusReported():
            return changed(site, status=event.status)
