"""Study site: a place taking part in one study, from identification to archive.

The gate before activation stands in `activation.py`; what it rests on arrives in the command, and `SiteActivated` keeps
every item with the events and documents by which it was met, so that the decision can be replayed. What is lost later
puts enrolment on hold and never closes a site; to resume is a person's act.
"""

from collections.abc import Iterable

from kernel import BusinessTime, Command, Reason, Refused, State, changed

from sites.domain.activation import Judged, events_relied_on, judged, unmet
from sites.domain.study_site_messages import (
    ActivateSite,
    AdoptSite,
    ArchiveSite,
    BeginStartUp,
    CloseSite,
    CloseToEnrolment,
    FollowChecklist,
    IdentifySite,
    LiftSuspension,
    PauseEnrolment,
    RejectSite,
    ResumeEnrolment,
    SelectSite,
    SignCda,
    SiteActivated,
    SiteArchived,
    SiteCdaSigned,
    SiteClosed,
    SiteClosedToEnrolment,
    SiteEnrolmentPaused,
    SiteEnrolmentResumed,
    SiteIdentified,
    SiteNotSelected,
    SitePrerequisiteLost,
    SitePrerequisiteRegained,
    SiteReadyForActivation,
    SiteSelected,
    SiteStartUpBegun,
    SiteStatusReported,
    SiteSuspended,
    SiteSuspensionLifted,
    SiteTerminated,
    SiteWithdrawn,
    Status,
    StudySiteCommand,
    StudySiteEvent,
    SuspendSite,
    TerminateSite,
    WithdrawSite,
)

ENDED: frozenset[Status] = frozenset({"closed", "archived", "terminated", "withdrawn", "not_selected"})
BEFORE_ACTIVATION: tuple[Status, ...] = ("identified", "cda_signed", "selected", "start_up", "ready_for_activation")
OPENED: tuple[Status, ...] = ("active", "on_hold", "suspended")
STEPS: dict[type[Command], tuple[tuple[Status, ...], Status, type[StudySiteEvent]]] = {
    SignCda: (("identified",), "cda_signed", SiteCdaSigned),
    SelectSite: (("identified", "cda_signed"), "selected", SiteSelected),
    RejectSite: (("identified", "cda_signed", "selected"), "not_selected", SiteNotSelected),
    BeginStartUp: (("selected",), "start_up", SiteStartUpBegun),
    PauseEnrolment: (("active",), "on_hold", SiteEnrolmentPaused),
    SuspendSite: (("active", "on_hold"), "suspended", SiteSuspended),
    LiftSuspension: (("suspended",), "on_hold", SiteSuspensionLifted),
    CloseToEnrolment: (("active", "on_hold"), "closed_to_enrolment", SiteClosedToEnrolment),
    CloseSite: (("active", "on_hold", "suspended", "closed_to_enrolment"), "closed", SiteClosed),
    ArchiveSite: (("closed", "terminated"), "archived", SiteArchived),
    WithdrawSite: (BEFORE_ACTIVATION, "withdrawn", SiteWithdrawn),
}
"""Steps without further conditions: from where, to where, and what is told."""
STATUS_AFTER: dict[type[StudySiteEvent], Status] = {
    **{event: status for _, status, event in STEPS.values()},
    SiteReadyForActivation: "ready_for_activation",
    SiteActivated: "active",
    SiteEnrolmentResumed: "active",
    SiteTerminated: "terminated",
}


# State


class StudySite(State):
    """A study site as it is. `snapshot` is the checklist on which it was activated, `lost` what it has lost since."""

    site_id: str
    study_id: str
    sponsor_id: str
    country: str
    name: str | None
    city: str | None
    number: str | None
    status: Status = "identified"
    activated_on: BusinessTime | None = None
    ended_on: BusinessTime | None = None
    checklist_version: str | None = None
    snapshot: tuple[Judged, ...] = ()
    lost: tuple[str, ...] = ()


# Decide


def decide(site: StudySite | None, command: StudySiteCommand) -> list[StudySiteEvent]:
    """What follows from the command; Refused where a rule forbids it."""
    match command:
        case AdoptSite():
            return adopt(site, command)
        case IdentifySite():
            return [] if site is not None else [_identified(command)]
        case ActivateSite():
            return activate(site, command)
        case FollowChecklist():
            return follow(_existing(site), command)
        case ResumeEnrolment():
            return resume(_existing(site), command)
        case TerminateSite():
            return terminate(site, command)
        case (
            SignCda()
            | SelectSite()
            | RejectSite()
            | BeginStartUp()
            | PauseEnrolment()
            | SuspendSite()
            | LiftSuspension()
            | CloseToEnrolment()
            | CloseSite()
            | ArchiveSite()
            | WithdrawSite()
        ):
            return _step(_existing(site), command)


def activate(site: StudySite | None, command: ActivateSite) -> list[StudySiteEvent]:
    """Open the site once, and never before every item of its checklist is met; name all that is missing."""
    site = _existing(site)
    if site.status == "active":
        return []
    items = judged(command.gate, command.occurred_at)
    faults = [*_not_in(site, ("start_up", "ready_for_activation"), "active"), *unmet(items)]
    if faults:
        raise Refused(*faults)
    return [
        SiteActivated(
            occurred_at=command.occurred_at,
            rested_on=events_relied_on(items),
            checklist_version=command.gate.version,
            items=items,
        )
    ]


def follow(site: StudySite, command: FollowChecklist) -> list[StudySiteEvent]:
    """Say when the site is ready, when it has lost what it had, and when that is there again."""
    missing = {one.code: one for one in command.items if not one.satisfied}
    if site.status == "start_up":
        return [] if missing or not command.items else [SiteReadyForActivation(occurred_at=command.occurred_at)]
    if site.status == "ready_for_activation":
        return _lost(missing.values(), command)
    if site.status not in OPENED or not site.snapshot:
        return []
    # Only what the site had when it was opened can be lost: a rule that applies later asks for it elsewhere.
    had = {one.code for one in site.snapshot if one.status in {"met", "waived"}}
    lost = [one for code, one in missing.items() if code in had and code not in site.lost]
    told = _lost(lost, command)
    if lost and site.status == "active":
        told.append(SiteEnrolmentPaused(occurred_at=command.occurred_at, because="prerequisite_lost"))
    there = [one for one in command.items if one.satisfied and one.code in site.lost]
    at = command.occurred_at
    return [*told, *(SitePrerequisiteRegained(occurred_at=at, code=one.code, item=one.item) for one in there)]


def resume(site: StudySite, command: ResumeEnrolment) -> list[StudySiteEvent]:
    """Go on after a hold, where nothing is lost."""
    if site.status == "active":
        return []
    faults = _not_in(site, ("on_hold",), "active")
    for code in site.lost:
        detail = f"The site has lost {code.replace('_', ' ')}: its checklist says how to mend it."
        faults.append(Reason(code=f"{code}_lost", field=code, detail=detail))
    if faults:
        raise Refused(*faults)
    return [SiteEnrolmentResumed(occurred_at=command.occurred_at)]


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
    names = SiteIdentified.model_fields
    return SiteIdentified.model_validate({name: getattr(command, name) for name in names})


def _step(site: StudySite, command: Command) -> list[StudySiteEvent]:
    allowed, target, event = STEPS[type(command)]
    if site.status == target:
        return []
    faults = _not_in(site, allowed, target)
    if faults:
        raise Refused(*faults)
    return [event.model_validate(dict(command))]


def _lost(items: Iterable[Judged], command: FollowChecklist) -> list[StudySiteEvent]:
    return [
        SitePrerequisiteLost(
            occurred_at=one.changed_on or command.occurred_at,
            **one.model_dump(include={"code", "item", "status", "detail", "lost_by"}),
        )
        for one in items
    ]


def _not_in(site: StudySite, allowed: tuple[Status, ...], target: Status) -> list[Reason]:
    return [] if site.status in allowed else [_wrong_status(site, target)]


def _wrong_status(site: StudySite, target: str) -> Reason:
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
        case SiteActivated():
            told = {"checklist_version": event.checklist_version, "snapshot": event.items, "lost": ()}
            return changed(site, status="active", activated_on=event.occurred_at, **told)
        case SiteReadyForActivation():
            return changed(site, status="ready_for_activation", lost=())
        case SitePrerequisiteLost():
            status = "start_up" if site.status == "ready_for_activation" else site.status
            return changed(site, status=status, lost=(*(one for one in site.lost if one != event.code), event.code))
        case SitePrerequisiteRegained():
            return changed(site, lost=tuple(one for one in site.lost if one != event.code))
        case SiteStatusReported():
            ended = (site.ended_on or event.occurred_at) if event.status in ENDED else None
            return changed(site, status=event.status, ended_on=ended)
        case SiteClosed() | SiteTerminated() | SiteWithdrawn() | SiteNotSelected():
            return changed(site, status=STATUS_AFTER[type(event)], ended_on=event.occurred_at)
        case (
            SiteCdaSigned()
            | SiteSelected()
            | SiteStartUpBegun()
            | SiteEnrolmentPaused()
            | SiteEnrolmentResumed()
            | SiteSuspended()
            | SiteSuspensionLifted()
            | SiteClosedToEnrolment()
            | SiteArchived()
        ):
            return changed(site, status=STATUS_AFTER[type(event)])
