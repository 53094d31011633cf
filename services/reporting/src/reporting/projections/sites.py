"""Rows of study sites: what they are, where they stand, and the steps of their own that they have taken."""

from collections.abc import Mapping
from typing import Any, Final

from chassis.mongo import Document
from chassis.stream.projecting import Rows
from contracts import PublicEvent, Received
from contracts import sites as public

from reporting.projections.reading import key_of, owner_of, place_of, version_of

COLLECTION: Final = "sites"

STATUS_AFTER: Final[Mapping[type[PublicEvent], str]] = {
    public.SiteIdentified: "identified",
    public.SiteCdaSigned: "cda_signed",
    public.SiteSelected: "selected",
    public.SiteNotSelected: "not_selected",
    public.SiteStartUpBegun: "start_up",
    public.SiteReadyForActivation: "ready_for_activation",
    public.SiteActivated: "active",
    public.SiteEnrolmentPaused: "on_hold",
    public.SiteEnrolmentResumed: "active",
    public.SiteSuspended: "suspended",
    public.SiteSuspensionLifted: "on_hold",
    public.SiteClosedToEnrolment: "closed_to_enrolment",
    public.SiteClosed: "closed",
    public.SiteArchived: "archived",
    public.SiteTerminated: "terminated",
    public.SiteWithdrawn: "withdrawn",
}
MILESTONE_OF: Final[Mapping[type[PublicEvent], str]] = {
    public.SiteIdentified: "identified",
    public.SiteSelected: "selected",
    public.SiteNotSelected: "not_selected",
    public.SiteStartUpBegun: "start_up",
    public.SiteActivated: "activated",
    public.SiteClosed: "closed",
    public.SiteTerminated: "terminated",
}


def fold(row: Mapping[str, Any] | None, received: Received) -> Document:
    """The site after one more of its events."""
    before = row or {"milestones": [], "name": None, "city": None, "number": None}
    return {
        **before,
        **owner_of(received),
        "country": place_of(received)["country"],
        **_changes(before, received.event),
        "milestones": _milestones(before["milestones"], received),
    }


def _changes(before: Mapping[str, Any], event: PublicEvent) -> Document:
    match event:
        case public.SiteStatusReported():
            return {"status": event.status}
        case public.SiteIdentified():
            named = {"name": event.name, "city": event.city, "number": event.number}
            return {**named, "status": STATUS_AFTER[type(event)]}
        case public.SiteActivationPrerequisiteLost() if before.get("status") == "ready_for_activation":
            return {"status": "start_up"}
        case _:
            # What a site loses or regains later moves it only by the hold that follows, told by an event of its own.
            status = STATUS_AFTER.get(type(event))
            return {} if status is None else {"status": status}


def _milestones(reached: list[Document], received: Received) -> list[Document]:
    kind, date = MILESTONE_OF.get(type(received.event)), received.envelope.occurred_at
    if kind is None or date is None:
        return reached
    others = [one for one in reached if one["kind"] != kind]
    return [*others, {"kind": kind, "planned": None, "actual": date}]


ROWS: Final = Rows(COLLECTION, key_of("site", "site_id"), version_of, fold)
